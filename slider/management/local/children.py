"""The programs that the demo runs beside the servers: a stand-in model, the fleet and the web."""

import http.client
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from slider.embedded import Child, Crew, EmbeddedError

HOST = "127.0.0.1"
START_LIMIT_S = 60.0
# Short: what a worker had begun comes back when its lease ends, and a person at a terminal waits.
STOP_LIMIT_S = 6.0
STANDIN = "standin-1"
STANDIN_ADDRESS = re.compile(r"http://\S+/v1")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Local:
    """Where the demo runs and with which environment its programs start."""

    crew: Crew
    home: Path
    state: Path
    env: Mapping[str, str] = field(repr=False)

    def start(self, name: str, *command: str) -> Child:
        """Start a module with this Python; its output goes to a log named after it."""
        return self.crew.start(
            [sys.executable, "-m", *command],
            name=name,
            log=self.log(name),
            env=self.env,
            folder=self.home,
            stop_limit_s=STOP_LIMIT_S,
        )

    def log(self, name: str) -> Path:
        return self.state / "log" / f"{name}.log"

    def run(self, name: str, *command: str) -> None:
        """Run a program to its end; raise with the end of its log when it fails."""
        child = self.start(name, *command)
        if child.process.wait() != 0:
            raise EmbeddedError(child.obituary())
        self.crew.dismiss(child)


# What workers would tell each other by Redis nobody reads, and others could forge.
ALONE = ("--without-gossip", "--without-mingle")
# A page costs a core, hardly any waiting: more threads than these would only take turns at it. An idle connection costs
# nothing, and one that is closed under a request costs that request.
WEB = ("--worker-class=slider.serving.Worker", "--workers=2", "--threads=4", "--keep-alive=75", "--no-control-socket")


def environment(*, state: Path, secret_key: str, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of every program of the demo: this machine only, and no debug pages."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "slider.settings",
        "SLIDER_STATE_DIR": str(state),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secret_key,
        "DEBUG": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SLIDER_HTTPS": "false",
        "PYTHONUNBUFFERED": "1",
        # Each of a dozen processes would start a thread of numpy's for every core.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def start_standin(local: Local) -> Local:
    """Start the stand-in model, and name it to all that starts later."""
    before = _size(local.log("model"))
    child = local.start("model", "slider.llm.standin", "--port", "0")

    def address() -> str | None:
        with child.log.open("rb") as file:
            file.seek(before)
            found = STANDIN_ADDRESS.search(file.read().decode(errors="replace"))
        return found[0] if found else None

    model = {
        "OPENAI_BASE_URL": _wait_for(address, child, local.crew),
        "OPENAI_API_KEY": STANDIN,
        "SLIDER_MODEL": STANDIN,
    }
    return replace(local, env={**local.env, **model})


def start_fleet(local: Local) -> tuple[Child, Child, Child]:
    """Start the pumps, the hands with the beat, and the doors, whose long work must not hold up the hands."""
    worker = ("celery", "-A", "slider.celery", "worker", "--concurrency=2", "--loglevel=INFO", *ALONE)
    beat = local.state / "beat"  # a folder: what the schedule's file is called differs between Pythons
    beat.mkdir(exist_ok=True)
    pumps = local.start("work", *worker, "--queues=work", "--hostname=work@%h")
    hands = local.start(
        "hands",
        *worker,
        "--queues=sweep,guard",
        "--hostname=hands@%h",
        "--beat",
        f"--schedule={beat / 'schedule'}",
    )
    doors = local.start("doors", *worker, "--queues=intake,publish", "--hostname=doors@%h")
    return pumps, hands, doors


def start_web(local: Local, *, port: int) -> Child:
    """Start the web server and wait until it answers."""
    child = local.start(
        "web",
        "gunicorn",
        "slider.wsgi:application",
        f"--bind={HOST}:{port}",
        *WEB,
        "--graceful-timeout=3",
    )
    _wait_for(lambda: _answers(port) or None, child, local.crew)
    return child


def free_port(wanted: int) -> int:
    """The wanted port, or another free one where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError(f"This machine has no free port on {HOST}. Close some programs and try again.")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_for(ask: Callable[[], T | None], child: Child, crew: Crew) -> T:
    """Ask again until there is an answer; give up on a limit, or when any child has fallen."""
    end = time.monotonic() + START_LIMIT_S
    while (found := ask()) is None:
        if fallen := crew.fallen():
            raise EmbeddedError(fallen.obituary())
        if time.monotonic() > end:
            raise EmbeddedError(f"No sign of life within {START_LIMIT_S:.0f} seconds. {child.obituary()}")
        time.sleep(0.05)
    return found


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
