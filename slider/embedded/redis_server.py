"""One embedded Redis: hints and rate limits only, so it keeps nothing on disk."""

import time
from pathlib import Path

import redis

from slider.embedded import folder as state
from slider.embedded import programs
from slider.embedded.children import Child, Crew, EmbeddedError

START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0


def start(crew: Crew, folder: Path) -> Child:
    """Start the folder's Redis and wait until it answers."""
    socket = state.socket_folder(folder) / state.REDIS_SOCKET
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
    }
    if not socket.parent.exists():  # where PostgreSQL is somebody else's, nobody has made it yet
        state.make_private(socket.parent)
    child = crew.start(
        [
            programs.redis_program(),
            *(part for name, value in settings.items() for part in (f"--{name}", value)),
        ],
        name="Redis",
        log=folder / "log" / "redis.log",
        stop_limit_s=STOP_LIMIT_S,
    )
    _wait_until_up(child, socket)
    return child


def _wait_until_up(child: Child, socket: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    with redis.Redis(unix_socket_path=str(socket), socket_timeout=5) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                if child.has_ended():
                    raise EmbeddedError(f"Redis did not come up. {child.obituary()}") from None
                if time.monotonic() > end:
                    raise EmbeddedError(
                        f"Redis did not answer within {START_LIMIT_S:.0f} seconds. {child.obituary()}"
                    ) from None
                time.sleep(0.02)
