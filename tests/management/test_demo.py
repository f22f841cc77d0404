"""The demo as a newcomer runs it: it works through every item, stops when told, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slider.management.local import children

ROOT = Path(__file__).parents[2]
LIMIT_S = 100
STOP_LIMIT_S = 30

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT_S)]


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """One state folder for all these tests, as a person has one; its path is short, as sockets want it."""
    folder = Path(tempfile.mkdtemp(prefix="slider-demo-"))
    yield folder
    shutil.rmtree(folder)


def demo(state: Path, *arguments: str) -> subprocess.Popen[str]:
    port = children.free_port(0)
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", f"--port={port}", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(state), "SLIDER_STATE_DIR": str(state)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def started(state: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Every demo of this module; the last may run on from one test to the next."""
    demos: list[subprocess.Popen[str]] = []
    yield demos
    for process in demos:
        process.kill()
        process.communicate()
    wait_until(lambda: family(state) == {}, limit_s=STOP_LIMIT_S)


@pytest.fixture
def running(state: Path, started: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """The demo after it has said where it runs: that of the test before, unless it was ended there."""
    if not started or started[-1].poll() is not None:
        assert wait_until(lambda: family(state) == {}, limit_s=STOP_LIMIT_S), family(state)
        started.append(demo(state))
        read_until(started[-1], "Sign in as")
    return started[-1]


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"the demo ended before it said {words!r}: {''.join(seen)}")


def family(state: Path) -> dict[int, str]:
    """Every process that was started for this state folder, by its environment."""
    mark = f"SLIDER_STATE_DIR={state}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # ended meanwhile, or another user's
            continue
    return found


def wait_until(condition: Callable[[], bool], *, limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_until_idle_takes_every_item_past_the_workers(state: Path) -> None:
    with demo(state, "--until-idle") as process:
        said, _ = process.communicate(timeout=2 * LIMIT_S)
    assert process.returncode == 0, said
    assert "Every item is past the workers." in said
    counts = {name: int(count) for name, count in re.findall(r"^  (\w[a-z ]+?) +(\d+)$", said, re.MULTILINE)}
    assert counts["waiting for a worker"] == counts["with a worker"] == 0
    assert counts["routed unattended"] > 0
    assert counts["routed to people"] > 0
    assert family(state) == {}


def test_a_second_demo_in_the_same_folder_is_refused(state: Path, running: subprocess.Popen[str]) -> None:
    with demo(state) as second:
        said, _ = second.communicate(timeout=LIMIT_S)
    assert second.returncode == 1
    assert f"process {running.pid} runs its servers" in said
    assert running.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_it_within_seconds_and_with_success(
    state: Path, running: subprocess.Popen[str], number: signal.Signals
) -> None:
    running.send_signal(number)
    said, _ = running.communicate(timeout=STOP_LIMIT_S)
    assert running.returncode == 0, said
    assert "What it stored stays" in said
    assert family(state) == {}


def test_kill_9_of_the_demo_leaves_nothing_behind(state: Path, running: subprocess.Popen[str]) -> None:
    assert len(family(state)) > 8, "servers, model, fleet and web were expected"
    running.kill()
    assert wait_until(lambda: family(state) == {}, limit_s=STOP_LIMIT_S), family(state)


def test_a_fallen_child_is_named_and_everything_stops(state: Path, running: subprocess.Popen[str]) -> None:
    web = min(pid for pid, command in family(state).items() if "gunicorn" in command)
    os.kill(web, signal.SIGKILL)
    said, _ = running.communicate(timeout=STOP_LIMIT_S)
    assert running.returncode == 1
    assert re.search(r"web ended with signal SIGKILL\. The end of .*web\.log", said)
    assert family(state) == {}
