"""A child's first breath: tie it to its launcher's life, leave root behind where asked, become the program.

Runs as `python -I -S leash.py LAUNCHER SIGNAL WAY PROGRAM [ARGUMENT...]` and replaces itself by PROGRAM, so
the process id stays the same. It is a program of its own because code between fork and exec of a threaded
parent may deadlock.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
INSIDE_ID = 1000  # any id but 0: PostgreSQL refuses to run as root, and in here we are not


def main(arguments: list[str]) -> None:
    launcher, signal_number, way, *program = arguments
    if way == "namespace":
        enter_user_namespace()
    elif way == "nobody":
        become_nobody()
    # Last, because a change of identity clears it.
    die_with(int(launcher), int(signal_number))
    os.execv(program[0], program)


def die_with(launcher: int, signal_number: int) -> None:
    """Ask the kernel for a signal when the launcher dies, even by kill -9 (elsewhere: the watchdog)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != launcher:  # it died before we asked
        os._exit(1)


def enter_user_namespace() -> None:
    """Be user 1000 in a namespace of our own; on disk everything stays the launcher's."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "this system refuses user namespaces")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE_ID} {user} 1"),
        ("gid_map", f"{INSIDE_ID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def become_nobody() -> None:
    account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1:])
