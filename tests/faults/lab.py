"""The cluster under test: servers, web, workers, each of which can be killed, frozen and started again."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from slider.embedded import Child, Crew, postgres, redis_server
from slider.embedded.folder import addresses, held
from slider.management.local.children import free_port

HERE = Path(__file__).resolve().parent.parent.parent
UP_LIMIT_S = 60.0
# As short as the settings allow, so that a minute holds many of them.
SETTINGS = {
    "SLIDER_LEASE_S": "5",
    "SLIDER_LINGER_S": "0.5",
    "SLIDER_SHIFT_S": "5",
    "SLIDER_REVIEW_LEASE_S": "30",
    "SLIDER_PAGE_LEASE_S": "20",
    "SLIDER_GUARD_TTL_S": "10",
    "SLIDER_DB_IDLE_MS": "2000",
    "SLIDER_WEBHOOK_HOSTS": "127.0.0.1",
    "SLIDER_HTTPS": "false",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "OPENAI_API_KEY": "any",
}
_WORKER = ("celery", "-A", "slider.celery", "worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle")
# Two of a kind wherever production may have several; the guard apart, so that it can fall silent by itself.
PIECES: dict[str, tuple[str, ...]] = {
    "pump-1": (*_WORKER, "--concurrency=2", "--queues=work", "--hostname=pump-1@%h"),
    "pump-2": (*_WORKER, "--concurrency=2", "--queues=work", "--hostname=pump-2@%h"),
    "hands": (*_WORKER, "--concurrency=1", "--queues=sweep", "--hostname=hands@%h", "--beat", "--schedule={beat}-1"),
    "guard": (*_WORKER, "--concurrency=1", "--queues=guard", "--hostname=guard@%h", "--beat", "--schedule={beat}-2"),
    "doors": (*_WORKER, "--concurrency=2", "--queues=intake,publish", "--hostname=doors@%h"),
    "web": (
        "gunicorn",
        "slider.wsgi:application",
        "--bind=127.0.0.1:{port}",
        "--worker-class=slider.serving.Worker",
        "--workers=2",
        "--threads=4",
        "--graceful-timeout=3",
        "--no-control-socket",
    ),
}


@dataclass(slots=True)
class Lab:
    """`bug` names the seeded bug that the pieces run with; empty: the product as it is."""

    folder: Path
    base_url: str
    bug: str = ""
    crew: Crew = field(default_factory=Crew)
    children: dict[str, Child] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    port: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    # A child ends with the thread that has started it: this one lives as long as the place.
    _parent: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "parent"))

    def start(self) -> None:
        """Start the servers and set this process's own environment; Django is set up by whoever asked."""
        self.port = free_port(0)
        here = addresses(self.folder)
        os.environ.update(
            SETTINGS,
            DJANGO_SETTINGS_MODULE="slider.settings",
            SLIDER_STATE_DIR=str(self.folder),
            DATABASE_URL=here.database_url,
            REDIS_URL=here.redis_url,
            SECRET_KEY=secrets.token_urlsafe(64),
            OPENAI_BASE_URL=self.base_url,
        )
        (self.folder / "static").mkdir(exist_ok=True)
        self._start_server("postgres")
        self._start_server("redis")

    def start_pieces(self) -> None:
        for name in PIECES:
            self._start(name)

    def _start_server(self, name: str) -> None:
        if name == "postgres":
            begun = self._parent.submit(postgres.start, self.crew, self.folder, durable=True)
        else:
            begun = self._parent.submit(redis_server.start, self.crew, self.folder)
        self.children[name] = begun.result()

    def _start(self, name: str) -> None:
        values = {"beat": str(self.folder / "beat"), "port": str(self.port)}
        command = [part.format(**values) for part in PIECES[name]]
        self.children[name] = self._parent.submit(
            self.crew.start,
            [sys.executable, "-m", "tests.faults.build", self.bug or "none", *command],
            name=name,
            log=self.folder / "log" / f"{name}.log",
            env=os.environ,
            folder=HERE,
        ).result()

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of our own to the database, apart from the product's."""
        return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=5)

    def broker(self) -> "redis.Redis":
        return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)

    # ---- what can be done to a piece
    def kill(self, name: str) -> None:
        """kill -9 of a piece with all its children, and a new one in its place."""
        with self._lock:
            child = self.children[name]
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.process.wait()
            self.crew.dismiss(child)
            self._start(name)

    def kill_one_of(self, name: str, chance: float) -> None:
        """kill -9 of one process that the piece has forked; the piece itself goes on."""
        asked = subprocess.run(["pgrep", "-P", str(self.children[name].pid)], capture_output=True, check=False)
        if forked := asked.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(forked[int(chance * len(forked))]), signal.SIGKILL)

    def freeze(self, name: str, seconds: float) -> None:
        """Stop a piece in whatever it is doing, and let it go on as if nothing had been."""
        with self._lock:
            group = self.children[name].pid
            os.killpg(group, signal.SIGSTOP)
            self.frozen.add(name)
        time.sleep(seconds)
        self.thaw(name)

    def thaw(self, name: str) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            os.killpg(self.children[name].pid, signal.SIGCONT)
            self.frozen.discard(name)

    def restart_postgres(self) -> None:
        """An immediate shutdown, as of a machine that lost its power, and a recovery."""
        with self._lock:
            child = self.children["postgres"]
            child.process.send_signal(signal.SIGQUIT)
            child.process.wait()
            self.crew.dismiss(child)
            self._start_server("postgres")

    def kill_redis(self, gone_s: float) -> None:
        """kill -9 of Redis, which keeps nothing, and an empty one some time later."""
        with self._lock:
            child = self.children["redis"]
            child.process.kill()
            child.process.wait()
            self.crew.dismiss(child)
            time.sleep(gone_s)
            self._start_server("redis")

    def cut_connections(self) -> None:
        """End half of all connections to the database, whatever they are at."""
        with self.connect() as connection:
            connection.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5
                """
            )

    # ---- the end
    def heal(self) -> None:
        """Everything runs and nothing is frozen."""
        for name in tuple(self.frozen):
            self.thaw(name)
        self.mend()

    def mend(self) -> None:
        """Start what has ended, as a supervisor would."""
        with self._lock:
            for name in PIECES:
                if self.children[name].has_ended():
                    self.crew.dismiss(self.children[name])
                    self._start(name)

    def stop(self) -> None:
        for name in PIECES:
            if name in self.children and not self.children[name].has_ended():
                os.killpg(self.children[name].pid, signal.SIGKILL)
        self.crew.stop()
        self._parent.shutdown()


@contextlib.contextmanager
def lab(folder: Path, base_url: str, *, bug: str = "") -> Iterator[Lab]:
    """A lab in this folder until the block ends."""
    folder = folder.resolve()
    with held(folder):
        made = Lab(folder, base_url, bug)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def up(place: Lab) -> None:
    """Wait until the pages answer and every piece has said that it is there."""
    import http.client

    ends_at = time.monotonic() + UP_LIMIT_S
    while True:
        line = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
        try:
            line.request("GET", "/readyz")
            if line.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            line.close()
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the place did not come up: {place.children['web'].obituary()}")
        time.sleep(0.2)
