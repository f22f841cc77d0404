"""Child processes that never outlive their launcher, stopped in order and named when they fall."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

HERE = Path(__file__).parent
TAIL_LINES = 15

Way = Literal["same", "namespace", "nobody"]


class EmbeddedError(Exception):
    """A sentence for the person at the terminal: what was wrong, where, what to do."""


@dataclass(frozen=True, slots=True)
class Child:
    """One started program: how it is called, where it writes, how it is asked to stop."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    stop_limit_s: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def obituary(self) -> str:
        """How it ended, with the tail of its log."""
        code = self.process.poll()
        how = "is still running" if code is None else f"ended with {_ending(code)}"
        return f"{self.name} {how}. The end of {self.log}:\n{tail(self.log)}"


class Crew:
    """Starts children and stops them in reverse order; a watchdog stops them if the launcher is killed.

    Start children from a thread that outlives them: the kernel takes its end for the parent's death.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        # A session of its own: Ctrl-C in a terminal goes to the whole foreground group.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(HERE / "watchdog.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # else a pipe behind the launcher would stay open with it
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._watchdog.stdin is not None
        self._pipe = self._watchdog.stdin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def children(self) -> tuple[Child, ...]:
        return tuple(self._children)

    def start(
        self,
        program: Sequence[str | Path],
        *,
        name: str,
        log: Path,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        way: Way = "same",
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_limit_s: float = 10.0,
        orphan_signal: signal.Signals = signal.SIGKILL,
    ) -> Child:
        """Start a program in its own process group; it gets `orphan_signal` when the launcher dies."""
        if self._pipe.closed:
            raise EmbeddedError("This crew has been stopped; make a new one to start more programs.")
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(
                leashed(program, way=way, orphan_signal=orphan_signal),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=folder,
                start_new_session=True,
            )
        self._tell(f"+{process.pid} {int(orphan_signal)}")
        child = Child(name=name, process=process, log=log, stop_signal=stop_signal, stop_limit_s=stop_limit_s)
        self._children.append(child)
        return child

    def fallen(self) -> Child | None:
        """The first child that ended although nobody asked it to."""
        return next((child for child in self._children if child.has_ended()), None)

    def stop(self) -> None:
        """Stop every child, the latest first, and then the watchdog."""
        while self._children:
            self.dismiss(self._children[-1])
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        self._watchdog.wait()

    def dismiss(self, *children: Child) -> None:
        """Ask children to stop together, insist after their limits, leave nothing of their groups behind."""
        asked_at = time.monotonic()
        for child in children:
            if not child.has_ended():
                child.process.send_signal(child.stop_signal)
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, asked_at + child.stop_limit_s - time.monotonic()))
            _kill_group(child.pid)
            child.process.wait()
            self._children.remove(child)
            self._tell(f"-{child.pid}")

    def _tell(self, line: str) -> None:
        # Somebody may kill the watchdog. The parent-death signal still holds for the children themselves.
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(f"{line}\n".encode())
            self._pipe.flush()


def leashed(program: Sequence[str | Path], *, way: Way, orphan_signal: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command that becomes `program` after tying itself to this process."""
    tie = [str(HERE / "leash.py"), str(os.getpid()), str(int(orphan_signal)), way]
    return [sys.executable, "-I", "-S", *tie, *map(str, program)]


def tail(log: Path) -> str:
    """The last lines of a log, indented."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return "  (it wrote nothing)"
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (it wrote nothing)"


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
