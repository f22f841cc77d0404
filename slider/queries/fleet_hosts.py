"""The machines of the fleet: the processes that live there, what each holds, and whether somebody has halted them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slider.models import Halt, Presence
from slider.queries import clock

SILENT_S = 15  # so long after its last sign of life a process counts as lost; it gives one every two seconds


@dataclass(frozen=True, slots=True)
class Process:
    presence: Presence
    is_silent: bool
    stance: str = ""

    @property
    def is_pump(self) -> bool:
        return "work" in self.presence.queues.split(",")

    @property
    def state(self) -> str:
        """One word: lost, paused, draining, working or idle. Hands and doors are halted by nobody."""
        if self.is_silent:
            return "lost"
        if self.stance == "draining" and self.is_pump:
            return "draining" if self.presence.held else "drained"
        if self.stance and self.is_pump:
            return "paused"
        return "working" if self.presence.task_id else "idle"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine. One that is halted is shown even when nothing lives there."""

    name: str
    halt: Halt | None
    processes: Sequence[Process]

    @property
    def alive(self) -> int:
        return sum(not process.is_silent for process in self.processes)

    @property
    def lost(self) -> int:
        return len(self.processes) - self.alive

    @property
    def pumps(self) -> int:
        return sum(process.is_pump and not process.is_silent for process in self.processes)

    @property
    def held(self) -> int:
        return sum(process.presence.held for process in self.processes if not process.is_silent)


def processes(now: datetime | None = None) -> list[Process]:
    """Every process that said something of late, by machine."""
    since = (now or clock.now()) - timedelta(seconds=SILENT_S)
    stances = {halt.host: halt.stance for halt in Halt.objects.exclude(host="")}
    rows = Presence.objects.select_related("task__project").order_by("host", "node", "pid")
    return [Process(row, row.seen_at < since, stances.get(row.host, "")) for row in rows]


def hosts(living: Sequence[Process]) -> list[Host]:
    """The machines by name."""
    halts = {halt.host: halt for halt in Halt.objects.exclude(host="").select_related("by")}
    names = sorted({process.presence.host for process in living} | set(halts))
    return [
        Host(name, halts.get(name), [process for process in living if process.presence.host == name]) for name in names
    ]
