"""The last one out: when the launcher's end of a pipe closes, stop every process group it had started.

Runs as `python -I -S watchdog.py` with the pipe as standard input, in a session of its own so that a
terminal's Ctrl-C does not reach it. Lines say `+GROUP SIGNAL` (started) and `-GROUP` (ended and waited for).
The kernel's parent-death signal reaches children only; this reaches their children as well.
"""

import os
import signal
import sys
import time

GRACE_S = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        first, *rest = line[1:].split()
        if line[0] == "+":
            groups[int(first)] = int(rest[0])
        else:
            groups.pop(int(first), None)
    stop(groups)


def stop(groups: dict[int, int]) -> None:
    """Send each group its own signal, and SIGKILL to what is left after the grace time."""
    left = {group for group, number in groups.items() if send(group, number)}
    end = time.monotonic() + GRACE_S
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Whether the group is still there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


if __name__ == "__main__":
    main()
