"""A whole site as it is deployed: web servers on one socket and a fleet, each process started and stopped by itself.

with Site(folder, env, logs) as site:
    web = site.web()
    site.stop(web)
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 90.0
# What deploy/ grants before it kills, at least: see test_files.py.
STOP_LIMIT_S = 45.0
CELERY = ("-m", "celery", "-A", "slider.celery", "worker", "--loglevel=WARNING")
FLEET = {
    "pumps": ("--queues=work", "--concurrency=2"),
    "hands": ("--queues=sweep,guard", "--concurrency=1", "--beat"),
    "doors": ("--queues=intake,publish", "--concurrency=1"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """One started process with its log and, for a worker, its sign of life."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    alive: Path | None = None

    def is_up(self) -> bool:
        """Whether it does its work now: a worker's loop turns, a web server has read the app and forked."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
        return self.alive.exists() if self.alive else "Booting worker" in self.log.read_text()


@dataclass(slots=True)
class Site:
    """Processes of the code in `folder`, on one listening socket that outlives each of them, as systemd holds it."""

    folder: Path
    env: Mapping[str, str]
    logs: Path
    running: list[Running] = field(default_factory=list)
    _socket: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=2048))
    _started: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lose()
        self.close()

    def close(self) -> None:
        """Nobody listens any more: who calls is refused."""
        self._socket.close()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return host, port

    def web(self, folder: Path | None = None) -> Running:
        """Start one more web server on the common socket."""
        code = folder or self.folder
        command = ["-m", "gunicorn", "--config", str(code / "deploy" / "gunicorn.py"), "slider.wsgi:application"]
        return self._start("web", [*command, f"--bind=fd://{self._socket.fileno()}"], folder=folder)

    def worker(self, kind: str, folder: Path | None = None) -> Running:
        """Start one more Celery worker: pumps, hands or doors."""
        number = self._started
        beat = [f"--schedule={self.logs / f'beat-{number}'}"] if kind == "hands" else []
        command = [*CELERY, *FLEET[kind], f"--hostname={kind}-{number}@%h", *beat]
        return self._start(kind, command, folder=folder, alive=self.logs / f"alive-{number}")

    def wait_until_up(self, *started: Running) -> None:
        ends_at = time.monotonic() + START_LIMIT_S
        for one in started:
            while not one.is_up():
                assert time.monotonic() < ends_at, f"{one.name} is not up:\n{one.log.read_text()[-3000:]}"
                time.sleep(0.05)

    def stop(self, one: Running) -> float:
        """SIGTERM, as every way of deploying sends it; returns for how long it took. It must end by itself and well."""
        began = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        code = one.process.wait(STOP_LIMIT_S)
        assert code == 0, f"{one.name} ended with {code}:\n{one.log.read_text()[-3000:]}"
        self.running.remove(one)
        return time.monotonic() - began

    def lose(self) -> None:
        """kill -9 of everything."""
        for one in self.running:
            _kill(one)
        self.running.clear()

    def _start(self, name: str, arguments: list[str], *, folder: Path | None, alive: Path | None = None) -> Running:
        log = self.logs / f"{name}-{self._started}.log"
        self._started += 1
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env={**self.env, "SLIDER_ALIVE_FILE": str(alive or "")},
                cwd=folder or self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=[self._socket.fileno()] if name == "web" else [],
                start_new_session=True,
            )
        started = Running(name, process, log, alive)
        self.running.append(started)
        return started


def _kill(one: Running) -> None:
    if one.process.poll() is None:
        os.killpg(one.process.pid, signal.SIGKILL)
    one.process.wait()
