"""The state folder: who holds it, where its sockets are, and the two addresses that follow from its path."""

import fcntl
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from slider.embedded.children import EmbeddedError

DATABASE = "slider"
ROLE = "slider"
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"
# The kernel's limit is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 100


class Addresses(NamedTuple):
    """Where the two servers of a state folder listen, whether or not they run."""

    database_url: str
    redis_url: str


def addresses(folder: Path) -> Addresses:
    """The addresses that the servers of this folder have; nothing is created or started."""
    sockets = socket_folder(folder)
    return Addresses(
        database_url=f"postgres://{ROLE}@{quote(str(sockets), safe='')}/{DATABASE}",
        redis_url=f"unix://{quote(str(sockets / REDIS_SOCKET))}?db=0",
    )


def socket_folder(folder: Path) -> Path:
    """`sockets` in the folder, or a short folder in the temporary one where that path would be too long."""
    inside = folder.resolve() / "sockets"
    if len(os.fsencode(inside / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()).resolve() / f"slider-{os.geteuid()}-{digest}"


def make_private(folder: Path, *, owner: int | None = None) -> None:
    """Make a folder that only `owner` (by default we) may enter; refuse one laid by a stranger."""
    us = os.geteuid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    ours = {us, pwd.getpwnam("nobody").pw_uid} if us == 0 else {us}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise EmbeddedError(
            f"{folder} is not a folder of ours (its owner is user {found.st_uid}, we are user {us}). "
            "Remove it, or choose another place with SLIDER_STATE_DIR."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    if us == 0 and found.st_uid != (owner or us):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner or us, -1, follow_symlinks=False)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder for one launcher; a second one is refused with the first one's process id."""
    make_private(folder)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise EmbeddedError(
                f"{folder} is already in use: process {holder} runs its servers. Stop that one first "
                "(Ctrl-C in its terminal), or give this one a folder of its own with SLIDER_STATE_DIR."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def living_in(folder: Path) -> list[int]:
    """The processes whose working folder this is, as is so for PostgreSQL's own; Linux only, else none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found
