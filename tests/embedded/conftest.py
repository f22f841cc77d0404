"""A launcher in a process of its own, so that a test may kill it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

LAUNCHER = """
import sys
from pathlib import Path
from slider import embedded
with embedded.servers(Path(sys.argv[1]), durable=False) as running:
    print(running.postgres.pid, running.redis.pid, flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Launcher:
    """A running launcher and the servers it started."""

    process: subprocess.Popen[str]
    postgres_pid: int
    redis_pid: int


@pytest.fixture
def launch() -> Iterator[Callable[[Path], Launcher]]:
    """Start servers from another process; what still runs at the end of the test is stopped."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> Launcher:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        assert process.stdout is not None
        postgres, redis = process.stdout.readline().split()
        return Launcher(process=process, postgres_pid=int(postgres), redis_pid=int(redis))

    yield start
    for process in started:
        process.communicate()
