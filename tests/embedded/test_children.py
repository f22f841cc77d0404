"""A crew stops what it started, all of it, in order, and within its limits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slider.embedded import Child, Crew, EmbeddedError

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)"
)


def python(crew: Crew, script: str, log: Path, *, stop_limit_s: float = 5.0) -> Child:
    """Start a script and wait until it has written to its log."""
    child = crew.start([sys.executable, "-c", script], name=log.stem, log=log, stop_limit_s=stop_limit_s)
    end = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < end:
        time.sleep(0.02)
    return child


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_dead(pid: int) -> bool:
    end = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(pid)


def test_a_child_that_ignores_sigterm_is_killed_after_its_limit(tmp_path: Path) -> None:
    with Crew() as crew:
        child = python(crew, STUBBORN, tmp_path / "stubborn.log", stop_limit_s=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_children_are_asked_together_so_that_their_limits_do_not_add_up(tmp_path: Path) -> None:
    with Crew() as crew:
        stubborn = [python(crew, STUBBORN, tmp_path / f"{n}.log", stop_limit_s=1.0) for n in range(3)]
        began = time.monotonic()
        crew.dismiss(*stubborn)
        assert time.monotonic() - began < 2.5
        assert crew.children == ()


def test_the_children_of_a_child_go_with_it(tmp_path: Path) -> None:
    log = tmp_path / "parent.log"
    with Crew() as crew:
        python(crew, PARENT, log)
        grandchild = int(log.read_text())
        assert is_alive(grandchild)
    assert wait_until_dead(grandchild)


def test_the_latest_started_is_stopped_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = f"""
import signal, sys, time
def leave(*_):
    open({str(order)!r}, "a").write(NAME)
    sys.exit()
signal.signal(signal.SIGTERM, leave); print("up", flush=True); time.sleep(60)
"""
    with Crew() as crew:
        for name in "abc":
            python(crew, script.replace("NAME", repr(name)), tmp_path / f"{name}.log")
    assert order.read_text() == "cba"


def test_after_kill_9_of_the_launcher_even_grandchildren_are_gone(tmp_path: Path) -> None:
    log = tmp_path / "parent.log"
    launcher = f"""
import sys, time
from pathlib import Path
from slider.embedded import Crew
crew = Crew()
crew.start([sys.executable, "-c", {PARENT!r}], name="parent", log=Path({str(log)!r}))
print("up", flush=True); time.sleep(60)
"""
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE, cwd=root) as process:
        end = time.monotonic() + 20
        while not (log.exists() and log.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        process.kill()
    assert wait_until_dead(int(log.read_text()))


def test_a_fallen_child_is_named_with_its_last_words(tmp_path: Path) -> None:
    with Crew() as crew:
        child = crew.start(
            [sys.executable, "-c", "import sys; sys.exit('my last words')"], name="web", log=tmp_path / "web.log"
        )
        child.process.wait()
        assert crew.fallen() is child
        assert child.obituary() == f"web ended with exit code 1. The end of {child.log}:\n  my last words"


def test_a_child_starts_in_a_group_of_its_own_so_that_ctrl_c_passes_it_by(tmp_path: Path) -> None:
    with Crew() as crew:
        child = python(crew, "import time; print('up', flush=True); time.sleep(60)", tmp_path / "child.log")
        assert os.getpgid(child.pid) == child.pid != os.getpgid(0)


def test_a_stopped_crew_starts_nobody(tmp_path: Path) -> None:
    crew = Crew()
    crew.stop()
    with pytest.raises(EmbeddedError, match="has been stopped"):
        crew.start(["/bin/true"], name="late", log=tmp_path / "late.log")
