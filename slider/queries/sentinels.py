"""What the sentinels of a task see: each meter and sentinel with its state in words, and how canaries fared."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from slider.engine import percents
from slider.engine.sanity import meter, watch
from slider.engine.sanity.canaries import KINDS, Kind
from slider.engine.sanity.familiar import LEAST_SEEN
from slider.engine.sanity.habits import USUAL_COPIES
from slider.engine.sanity.look import OF_ITEM, OF_PROMPT
from slider.engine.sanity.meter import Meter
from slider.engine.sanity.names import SENTENCES, TITLES, Sentinel
from slider.engine.sanity.watch import State
from slider.models import Pulse, Task


class Standing(StrEnum):
    """How a meter or a sentinel stands."""

    QUIET = "quiet"
    RAISED = "raised"
    LEARNING = "learning"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Monitor:
    """A meter over time; `since` is when its alarm was raised."""

    name: str
    title: str
    standing: Standing
    words: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """A sentinel that keeps single items with people; `found` counts its findings of all time."""

    name: str
    title: str
    sentence: str
    standing: Standing
    words: str
    found: int


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """How one kind of planted nonsense fared; rates are shares of those planted, 0-1, `high` a 95 % limit."""

    title: str
    shown: int
    alone: float
    guarded: float
    high: float


@dataclass(frozen=True, slots=True)
class Canaries:
    """The last run of planted canaries; `at` is None while there was none."""

    at: datetime | None
    words: str
    rows: tuple[CanaryRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentinels:
    """All of it, for the quality page."""

    monitors: tuple[Monitor, ...]
    watchers: tuple[Watcher, ...]
    canaries: Canaries
    looked: int

    @property
    def raised(self) -> tuple[Monitor, ...]:
        return tuple(monitor for monitor in self.monitors if monitor.standing == Standing.RAISED)


_TITLES = {
    watch.ANSWERS: "Variety of answers",
    watch.NEAR: "Answers that nearly repeat",
    watch.DISTRUST: "Answers that sentinels distrust",
}


def of(task: Task) -> Sentinels:
    """What the sentinels of a task see now; a task that nothing was routed for yet is still being learned."""
    pulse = Pulse.objects.filter(pk=task.pk).first()
    try:
        state = State.from_json(pulse.state if pulse is not None else {})
    except ValueError:
        state = State()
    off = frozenset(task.sentinels_off)
    return Sentinels(
        tuple(_monitor(name, one, off=Sentinel.COLLAPSE in off) for name, one in state.meters.items()),
        tuple(_watcher(one, state, off=one in off) for one in Sentinel if one != Sentinel.COLLAPSE),
        _canaries(pulse),
        state.looked,
    )


def _monitor(name: str, one: Meter, *, off: bool) -> Monitor:
    if off:
        return Monitor(name, _TITLES[name], Standing.OFF, "Switched off in the settings.")
    if one.alarm is not None:
        since = datetime.fromtimestamp(one.alarm.at, UTC)
        return Monitor(name, _TITLES[name], Standing.RAISED, _raised(name, one), since)
    if one.total < meter.FIRST:
        words = f"Not known yet: it learns what is usual from the first {meter.FIRST}, and has seen {one.total:.0f}."
        return Monitor(name, _TITLES[name], Standing.LEARNING, words)
    return Monitor(name, _TITLES[name], Standing.QUIET, _quiet(name, one))


def _raised(name: str, one: Meter) -> str:
    alarm = one.alarm
    assert alarm is not None
    now, usual = percent(one.share(alarm.key)), percent(alarm.usual)
    last = f"of the last {len(one.recent)}"
    if name == watch.ANSWERS:
        what = f"“{alarm.label}”" if alarm.label != alarm.key else "one and the same"
        return f"{now} {last} answers are {what}, usually at most {usual}. The worker may have stopped to look."
    if name == watch.NEAR:
        return f"{now} {last} texts nearly repeat another answer's, usually at most {usual}."
    return f"Sentinels distrust {now} {last} answers, usually at most {usual}."


def _quiet(name: str, one: Meter) -> str:
    last = f"the last {len(one.recent)}"
    if name == watch.ANSWERS:
        return f"{one.bits:.1f} bits of variety in {last} answers; usually {one.usual_bits:.1f}."
    if name == watch.NEAR:
        return f"{percent(one.share(watch.YES))} of {last} texts nearly repeat another answer's."
    return f"Sentinels distrust {percent(one.share(watch.YES))} of {last} answers."


def percent(share: float) -> str:
    """A share as the pages write it, to a tenth of a per cent below ten: «35 %», «2.4 %», «0 %»."""
    return percents.said(share, digits=1 if share < 0.1 else 0)


def _watcher(one: Sentinel, state: State, *, off: bool) -> Watcher:
    found = state.found.get(one, 0)
    counted = f"{found:,} of {state.looked:,} items" if state.looked else "no items yet"
    standing, words = Standing.QUIET, f"Sent to people: {counted}."
    if off:
        standing, words = Standing.OFF, "Switched off in the settings."
    elif one == Sentinel.UNFAMILIAR and state.profile.seen < LEAST_SEEN:
        standing = Standing.LEARNING
        words = f"Learns what items look like: {state.profile.seen} of {LEAST_SEEN} seen."
    elif one == Sentinel.ECHO and (usual := _usual_copies(state)):
        words = f"{usual} {words}"
    return Watcher(one.value, TITLES[one], SENTENCES[one], standing, words, found)


def _usual_copies(state: State) -> str:
    """What this task's answers copy by nature, so that copying it means nothing here."""
    named = {OF_ITEM: "its item", OF_PROMPT: "the instructions"}
    usual = [named[kind] for kind in named if (state.habits.copies(kind) or 0.0) >= USUAL_COPIES]
    return f"Answers here usually copy {' and '.join(usual)}: that is no finding." if usual else ""


def _canaries(pulse: Pulse | None) -> Canaries:
    if pulse is None or not pulse.canaries:
        return Canaries(None, "No canaries were planted yet: the command “manage.py canaries” plants some.")
    stored: dict[str, Any] = pulse.canaries
    rows = tuple(
        _row(KINDS[kind], stored["alone"][kind], stored["guarded"][kind]) for kind in Kind if kind in stored["alone"]
    )
    every = _row("all", stored["alone"]["all"], stored["guarded"]["all"])
    words = (
        f"Of {every.shown} planted wrong answers, a score that believes them would have let {percent(every.alone)} run "
        f"unattended at a share of {percent(stored['share'])}; with the sentinels {percent(every.guarded)} (at most "
        f"{percent(every.high)}, 95 % sure)."
    )
    worst = max(rows, key=lambda row: row.guarded, default=None)
    if worst is not None and worst.guarded > 0:
        words += f" Least is seen of: {worst.title} ({percent(worst.guarded)} pass). Audits have to find those."
    return Canaries(pulse.canaries_at, words, rows)


def _row(title: str, alone: dict[str, Any], guarded: dict[str, Any]) -> CanaryRow:
    shown = int(alone["shown"])
    part = max(shown, 1)
    return CanaryRow(title, shown, alone["missed"] / part, guarded["missed"] / part, guarded["high"])
