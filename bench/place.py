"""A throwaway place to measure in: servers, a database, the endpoint and the workers, all gone afterwards."""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from slider import embedded

HERE = Path(__file__).resolve().parent.parent
START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """What runs: `postgres` and the workers are processes whose use is measured."""

    crew: embedded.Crew
    folder: Path
    postgres: int
    endpoint: str
    endpoint_pid: int

    def start(self, name: str, *command: str, env: Mapping[str, str] = MappingProxyType({})) -> embedded.Child:
        """Start a module of this Python in the bench's environment."""
        return self.crew.start(
            [sys.executable, "-m", *command],
            name=name,
            log=self.folder / "log" / f"{name}.log",
            env=os.environ | env,
            folder=HERE,
        )

    @contextmanager
    def worker(
        self,
        name: str,
        *,
        app: str,
        queue: str,
        processes: int,
        options: Sequence[str] = (),
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[embedded.Child]:
        """A real Celery worker on one queue, stopped at the end."""
        given = ("worker", "-Q", queue, "-c", str(processes), "-n", f"{name}@%h", "--loglevel=WARNING", *options)
        child = self.start(name, "celery", "-A", app, *given, env=env)
        try:
            yield child
        finally:
            self.crew.dismiss(child)

    def check(self) -> None:
        """Raise with the end of its log when a child has fallen."""
        if fallen := self.crew.fallen():
            raise embedded.EmbeddedError(fallen.obituary())


@contextmanager
def place(*, connections: int = 100) -> Iterator[Place]:
    """Servers with their safety against crashes on, named in the environment before Django reads its settings."""
    with tempfile.TemporaryDirectory(prefix="slider-bench-") as name:
        folder = Path(name)
        with embedded.servers(folder, connections=connections) as servers, embedded.Crew() as crew:
            assert servers.postgres is not None
            os.environ.update(
                DJANGO_SETTINGS_MODULE="slider.settings",
                SLIDER_STATE_DIR=name,
                DATABASE_URL=servers.database_url,
                REDIS_URL=servers.redis_url,
                SECRET_KEY=secrets.token_urlsafe(64),
                SLIDER_MODEL_HOSTS="127.0.0.1",
                SLIDER_LINGER_S="0",  # a pump that waits for more would hold up the next run
                SLIDER_SHIFT_S="600",  # no beat runs here that would call it back
            )
            yield Place(crew, folder, servers.postgres.pid, *_endpoint(crew, folder))


def set_up() -> None:
    """Make Django ready and its tables; those that a test run has put aside of the same migrations are taken up."""
    import django
    from django.core.management import call_command

    django.setup()
    from django.db import connection

    from tests import tables

    tables.fill(str(connection.settings_dict["NAME"]))
    call_command("migrate", verbosity=0)


def _endpoint(crew: embedded.Crew, folder: Path) -> tuple[str, int]:
    log = folder / "log" / "endpoint.log"
    child = crew.start([sys.executable, "-m", "bench.endpoint"], name="endpoint", log=log, folder=HERE)
    wait_until(lambda: log.read_text().endswith("\n"), child=child)
    return log.read_text().strip(), child.pid


def wait_until(holds: Callable[[], bool], *, child: embedded.Child, limit_s: float = START_LIMIT_S) -> None:
    """Look every 20 ms until it holds; raise when the child that should bring it about has ended, or never does."""
    end = time.monotonic() + limit_s
    while not holds():
        if child.has_ended():
            raise embedded.EmbeddedError(child.obituary())
        if time.monotonic() > end:
            raise embedded.EmbeddedError(f"Not done within {limit_s:.0f} s. {child.obituary()}")
        time.sleep(0.02)
