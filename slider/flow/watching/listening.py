"""A look of the guard: all that is new goes through the engine's watch, and what follows is gathered, not yet done."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slider.engine import (
    alarm,
    audit,
    calibration,
    certificate,
    kept,
    labels,
    lanes,
    once,
    regions,
    reviewers,
    watermark,
)
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.orders import Orders, Tuning
from slider.engine.watch import Watch as Evidence
from slider.flow.watching import lane, lookbacks, marks, reasons, verdicts
from slider.flow.watching.people import NOT_MEASURED, Seen
from slider.models import ActKind, Gauge, Mode, Policy, Task, Watch

SLICE = 200  # verdicts between two judgements: a peak in the middle of a long backlog is seen all the same
STEP = 0.02  # so far the bound on misses moves before a policy is made for it
BATCH = 50  # routed items that the drift of the scores takes at a time
_SHAPE = (len(certificate.CUTS), audit.STEPS)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is to be done, and told."""

    kind: ActKind
    words: str
    facts: dict[str, Any]


@dataclass(slots=True)
class Look:
    """A look under way. `row` moves on as things are taken in; nothing is written until all of it is."""

    gauge: Gauge
    policy: Policy
    row: Watch
    watch: Evidence
    seen: Seen = NOT_MEASURED
    heard: list[int] = field(default_factory=list)
    orders: Orders | None = None
    is_new: bool = False
    thins: bool = False
    ended: bool = False
    fired: str = ""
    regions_moved: bool = False
    was_wary: bool = False
    suspected: bool = False
    lane_looks: int = 0
    easy_looks: int = 0
    region_looks: Ints = field(default_factory=lambda: np.zeros(regions.COUNT, dtype=np.int64))
    deeds: list[Deed] = field(default_factory=list)

    @property
    def wanted(self) -> lookbacks.Wanted:
        return lookbacks.Wanted(self.lane_looks, self.easy_looks, self.region_looks)

    @property
    def share(self) -> float:
        return 0.0 if self.orders is None or self.ended else float(self.orders.share[0])


def tested(policy: Policy, seen: Seen) -> float:
    """The limit that labels are tested at: lower by the share of errors that reviewers miss."""
    return policy.error_limit * (1.0 - missed(policy, seen))


def delta(policy: Policy, seen: Seen = NOT_MEASURED, *, anew: bool = False) -> float:
    """The chance with which an epoch's promise may fail: others have used up their parts of it.

    A look at history is one of them, unless the epoch begins `anew`, and the bound on what reviewers miss another.
    """
    history = once.SHARE if policy.certificate.get("history") and not anew else 0.0
    return policy.delta * (1.0 - history - (reviewers.PART if seen.is_measured else 0.0))


def counted(watch: Evidence) -> int:
    """The verdicts that count: inside the cut that has counted most. A hard look that is owed holds up the largest."""
    return int((watch.counters.wrong + watch.counters.right).sum(axis=-1).max())


def missed(policy: Policy, seen: Seen) -> float:
    """The share of errors that reviewers miss, at most; 0 while too few known wrong answers were judged to say so."""
    return seen.at_most(delta=policy.delta)


def measures_anew(policy: Policy, seen: Seen) -> bool:
    """Whether what is known of reviewers is another thing than the policy in force was made with."""
    stood, now = policy.certificate.get("reviewers", {}).get("at_most"), seen.to_json(delta=policy.delta)["at_most"]
    if stood is None or now is None:
        return (stood is None) != (now is None)
    return bool(abs(stood - now) >= STEP)


def tuning(task: Task) -> Tuning:
    """The engine's budgets, with the task's own floor of audits."""
    return Tuning(floor=task.audit_floor)


def read(row: Watch, policy: Policy, seen: Seen) -> Evidence:
    """Read a stored watch. Raises ValueError for whatever is not one of this epoch."""
    stored = row.state
    if not isinstance(stored, dict) or (not stored and row.judged):
        raise ValueError(f"The watch of task {row.task_id} holds {str(stored)[:60]!r}: start a new epoch of evidence.")
    for name in ("wrong", "right"):
        if stored and np.shape(stored.get(name, ())) != _SHAPE:
            raise ValueError(f"The watch of task {row.task_id} has {name} of another shape: start a new epoch.")
    if stored:
        stored = {"tested": policy.error_limit} | stored  # as it was before reviewers were measured
    limit, chance = tested(policy, seen), delta(policy, seen)
    watch = kept.from_json(stored, tested=limit, delta=chance, tuning=tuning(policy.task))
    if min(watch.counters.wrong.min(), watch.counters.right.min()) < 0 or np.isnan(watch.proof.best).any():
        raise ValueError(f"The watch of task {row.task_id} holds counts below 0 or no wealth: start a new epoch.")
    return watch


def listen(look: Look) -> None:
    """Take in all that is new, and judge."""
    look.was_wary = bool(look.watch.audits[0] < look.watch.boost_until[0])
    _route(look)
    _count(look)
    _quarantine(look)
    _settle(look)
    heard = verdicts.heard(look.row.task_id, epoch=look.policy.epoch)
    look.heard = heard.ids
    look.is_new = look.is_new or bool(heard.ids)
    if not look.is_new:
        return
    for start in range(0, max(len(heard.bins), 1), SLICE):
        _hear(look.watch, heard, slice(start, start + SLICE))
        _judge(look)
        if look.ended:
            return


def _route(look: Look) -> None:
    """Tell the watch of the items routed since the last look."""
    row = look.row
    key = calibration.Calibration.from_json(look.policy.calibration).key
    window = _window(look.gauge)
    for piece in verdicts.routed(row.task_id, since=row.routed_to, calibration=key):
        scores = np.round(piece.scores, 6)
        for start in range(0, len(scores), BATCH):
            part = slice(start, start + BATCH)
            look.watch.routed(
                items=len(scores[part]),
                unattended=np.array([piece.unattended[part].sum()]),
                audited=np.array([piece.audited[part].sum()]),
                scores=scores[part][~np.isnan(scores[part])][None],
                window=window[None],
            )
        row.routed_to, look.is_new = piece.to, True


def _window(gauge: Gauge) -> Floats:
    """The scores of the items before the next one; finite, as -inf is no mark that anything can be compared with."""
    track = lanes.Track.from_json(gauge.track) if gauge.track else lanes.Track()
    return np.maximum(np.array(track.window or (0.0,), dtype=np.float64), -verdicts.HARDEST)


def _count(look: Look) -> None:
    """Count verdicts in routing order: they are what the certificate is made of."""
    row, watch, within_h = look.row, look.watch, look.policy.task.due_within_h
    old, since = watch.marks_passed[0].copy(), row.counted_to
    waiting = marks.waiting(row.task_id, since=since, until=row.routed_to, within_h=within_h)
    new = np.maximum(old, watermark.marks(waiting[None])[0])
    where = marks.spans(old, new, since=since)
    found = marks.passed(row.task_id, epoch=look.policy.epoch, where=where, within_h=within_h)
    watch.settle(found, waiting=waiting[None], upto=row.routed_to)
    look.is_new = look.is_new or bool(where)
    row.counted_to = max(since, int(watch.floor[0]))


def _quarantine(look: Look) -> None:
    """Take verdicts on what closed regions sent to people, in routing order: they are what opens a region again."""
    row, watch, within_h = look.row, look.watch, look.policy.task.due_within_h
    since = row.closed_to
    if not watch.quarantined.any():
        row.closed_to = row.routed_to
        return
    until = marks.oldest_closed(row.task_id, since=since, until=row.routed_to, within_h=within_h)
    found = marks.closed(row.task_id, epoch=look.policy.epoch, since=since, until=until)
    if found.regions.size:
        watch.hear_quarantined(np.zeros(found.regions.size, dtype=np.int64), found.regions, wrong=found.wrong)
    look.is_new = look.is_new or until > since
    row.closed_to = until


def _settle(look: Look) -> None:
    """Carry the ledger on: it knows no epochs."""
    row = look.row
    found = lane.settled(row.task_id, since=row.settled_to, within_h=look.policy.task.due_within_h)
    if found.to == row.settled_to:
        return
    items, by_rung, least = ledger(row)
    if found.least < least:
        # A bound for one least chance says nothing under a smaller one: from here on it is another ledger.
        assert found.at is not None
        items, by_rung, least, row.ledger_since = 0, np.zeros_like(by_rung), found.least, found.at
    row.ledger = {
        "items": items + found.items,
        "found": (by_rung + np.array(found.found)).tolist(),
        "least_chance": least,
    }
    row.settled_to, look.is_new = found.to, True


def ledger(row: Watch) -> tuple[int, Ints, float]:
    """Unattended items so far, errors found by audits by rung, and the least chance that any of them may have.

    That chance is fixed when the ledger begins, as the task's floor of audits: the smallest one seen so far would be
    known only afterwards.
    """
    empty = np.zeros(audit.STEPS, dtype=np.int64)
    if not row.ledger:
        return 0, empty, floor(row.task)
    by_rung = np.array(row.ledger["found"], dtype=np.int64)
    if by_rung.shape != empty.shape:
        raise ValueError(f"The ledger of task {row.task_id} has {by_rung.shape} rungs, not {empty.shape}.")
    return int(row.ledger["items"]), by_rung, float(row.ledger["least_chance"])


def floor(task: Task) -> float:
    """The smallest chance of the ladder that an unattended item of this task may have."""
    return audit.chance(floor=task.audit_floor, error_limit=task.error_limit, lane_items=10**12)


def _hear(watch: Evidence, heard: verdicts.Heard, part: slice) -> None:
    """Let the detectors hear a slice of the verdicts."""
    away = heard.quarantined[part]  # counted by `_quarantine`, in the order of routing
    back, aimed = heard.looked_back[part], heard.aimed[part]
    for which, looked_back, was_aimed in ((~back, False, False), (back & ~aimed, True, False), (aimed, True, True)):
        mine = which & (away < 0)
        if mine.any():
            watch.hear(_only(heard, part, mine), looked_back=looked_back, aimed=was_aimed)


def _only(heard: verdicts.Heard, part: slice, which: Bools) -> labels.Labels:
    return labels.one(
        heard.bins[part][which],
        classes=heard.classes[part][which],
        wrong=heard.wrong[part][which],
        lane=heard.lane[part][which],
        places=heard.places[part][which],
        rungs=heard.rungs[part][which],
    )


def _judge(look: Look) -> None:
    """Let the watch judge, and note what it orders. What it forgets with an epoch is read before."""
    watch = look.watch
    expected, heard, freed = watch.expected[0].copy(), watch.heard[0].copy(), watch.freed[0].copy()
    orders = watch.judge()
    look.orders, look.ended = orders, bool(orders.ended[0])
    closed, reopened = orders.closed[0], orders.reopened[0]
    look.regions_moved = look.regions_moved or bool(closed.any() or reopened.any())
    if closed.any():
        words = reasons.closed(closed, heard[:, 1], heard[:, 0])
        _note(look, ActKind.QUARANTINE, words, regions=np.flatnonzero(closed).tolist())
    if reopened.any():
        _note(look, ActKind.CLEARED, reasons.reopened(reopened, freed), regions=np.flatnonzero(reopened).tolist())
    if orders.alarmed[0] or _alarms_a_trial(look):
        _pull_back(look, "Alarm", reasons.audits(look.policy))
    elif orders.shifted[0]:
        _pull_back(look, "Shift", reasons.both_lanes(look.policy, expected))
    elif look.ended and not (closed.any() or reopened.any()):
        _note(look, ActKind.ANEW, "errors have become rare again: the evidence of the bad spell is laid aside")
    if orders.suspected[0]:
        look.suspected = True
        look.lane_looks, look.easy_looks = int(orders.look_back[0]), int(orders.look_back_easy[0])
    elif look.was_wary and not look.ended and watch.audits[0] >= watch.boost_until[0]:
        look.was_wary = False
        words = f"{watch.tuning.boost_audits} more audits confirmed no suspicion: they thin out again"
        _note(look, ActKind.CLEARED, words)
    look.region_looks = np.maximum(look.region_looks, orders.look_back_regions[0])


def _alarms_a_trial(look: Look) -> bool:
    """The watch alarms where evidence has opened something; a trial runs without, and is heard by the same measure."""
    policy, watch = look.policy, look.watch
    if look.ended or policy.mode != Mode.TRIAL or policy.effective == 0:
        return False
    if alarm.reading(watch.alarm)[0] < watch.tuning.alarm:
        return False
    fresh = Evidence(watch.tested, watch.delta, watch.tuning)
    fresh.quarantined, fresh.freed = watch.quarantined, watch.freed
    look.watch, look.orders, look.ended = fresh, None, True
    return True


def _pull_back(look: Look, detector: str, stretch: reasons.Stretch) -> None:
    look.fired = detector
    trial = look.policy.mode == Mode.TRIAL
    words = reasons.alarmed(stretch, look.policy) if detector == "Alarm" else reasons.shifted(stretch)
    kind = ActKind.ANEW if trial and detector == "Shift" else ActKind.PULLED_BACK
    _note(look, kind, words, by=detector, wrong=stretch.wrong, looked=stretch.looked, expected=stretch.expected)


def _note(look: Look, kind: ActKind, words: str, **facts: Any) -> None:
    look.deeds.append(Deed(kind, words, facts))
