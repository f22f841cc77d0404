"""Both embedded servers as one context: held, started, and stopped in the right order."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slider.embedded import folder as state
from slider.embedded import postgres, redis_server
from slider.embedded.children import Child, Crew, EmbeddedError

# What the servers, the settings and the demo keep in a state folder.
OURS = frozenset({"lock", "pg", "sockets", "log", "secret-key", "demo-logins", "beat", "static"})


@dataclass(frozen=True, slots=True)
class Running:
    """The servers while they run; unpacks into their addresses. A server that was replaced has no child."""

    database_url: str
    redis_url: str
    postgres: Child | None
    redis: Child | None

    def __iter__(self) -> Iterator[str]:
        return iter((self.database_url, self.redis_url))

    def fallen(self) -> Child | None:
        """The server that ended although nobody asked it to."""
        return next((child for child in (self.postgres, self.redis) if child and child.has_ended()), None)


@contextmanager
def servers(
    folder: Path,
    *,
    durable: bool = True,
    connections: int = postgres.CONNECTIONS,
    database_url: str = "",
    redis_url: str = "",
) -> Iterator[Running]:
    """Run PostgreSQL and Redis in this state folder until the block ends.

    A `database_url` or `redis_url` that is given replaces that server: it is handed through and nothing is
    started. `durable=False` is for throwaway folders of tests: speed instead of safety against a crash of the
    machine; `connections` is how many PostgreSQL takes at once. A second launcher on the same folder is refused.
    Raises EmbeddedError with words for the person at the terminal.
    """
    folder = folder.resolve()
    here = state.addresses(folder)
    with state.held(folder), Crew() as crew:
        database = None if database_url else postgres.start(crew, folder, durable=durable, connections=connections)
        hints = None if redis_url else redis_server.start(crew, folder)
        yield Running(
            database_url=database_url or here.database_url,
            redis_url=redis_url or here.redis_url,
            postgres=database,
            redis=hints,
        )


def forget(folder: Path) -> None:
    """Remove all that was kept in this state folder; refused while its servers run."""
    folder = folder.resolve()
    strangers = [path.name for path in folder.glob("*") if path.name not in OURS]
    if strangers:
        raise EmbeddedError(
            f"{folder} holds {strangers[0]!r}, which Slider has not put there. Nothing was removed: move "
            "that away first, or remove the folder by hand."
        )
    with state.held(folder):
        shutil.rmtree(state.socket_folder(folder), ignore_errors=True)
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
