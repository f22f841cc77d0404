"""The watch over a slider: all evidence of an epoch, what it allows now, and what has to be done about it."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from slider.engine import alarm, audit, bounds, brake, certificate, reference, regions, shift, watermark
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.fresh import FreshStarts
from slider.engine.labels import Labels
from slider.engine.orders import Orders, Tuning

_DEEP = 4.0

SETTLED = 1500
"""Items of an epoch after which the scores' usual distribution is written down."""

_DETECTORS = ("alarm", "nudge", "shift", "relief", "drift", "marks", "regions", "surprise", "quarantined", "freed")
_EXPECTED = ("heard", "recent", "expected", "hoped", "expected_at")
_EPOCH = ("lowest", "marks_passed", "next_place", "items", "lane_items", "audits")
_ORDERED = ("rung", "boost_until", "all_until", "patience")
STATES = (*_DETECTORS, *_EXPECTED, *_EPOCH, *_ORDERED)
"""The attributes that are one array each, with one entry a stream."""


@dataclass(slots=True, eq=False)
class Watch:
    """The evidence of one epoch for each of several streams (a task is one stream), changed in place.

    What comes in: `routed` says which items were routed; `settle` takes labels in the order of routing, up to the
    oldest one outstanding, and is the only way into the certificate; `hear` takes them in the order of arrival, for
    the detectors. Then `judge` draws the conclusions. Everything in between is a function of these calls.

    The promise, for each epoch: with probability 1 - delta no cut is ever opened that is bad all through the epoch
    (`certificate.certify`). The detectors notice an epoch whose items change; each has its false-alarm budget in
    `Tuning`. What leaves between a change and its discovery is not covered: `ledger.at_most` counts it.

    Closed regions: one that is closed or opened again before the lane opens ends the epoch, and the promise stays
    as it is. While the lane is open the evidence goes on, and speaks of the cut without the region: still a
    supermartingale for every cut that is bad without it, as long as the region itself is no better than the limit.
    So the promise holds for each set of closed regions; over the sets that can come up the chances add.

    Attributes:
        tested: shape (streams,), the limit times the share of errors that reviewers catch, strictly inside (0, 1).
        delta: the chance with which the promise may fail.
        tuning: the budgets.
    """

    tested: Floats
    delta: float
    tuning: Tuning = field(default_factory=Tuning)
    counters: certificate.Counters = field(init=False)
    proof: certificate.Certificate = field(init=False)
    fresh: FreshStarts = field(init=False)
    lowest: Floats = field(init=False)
    marks_passed: Ints = field(init=False)
    next_place: Ints = field(init=False)
    rung: Ints = field(init=False)
    alarm: Floats = field(init=False)
    nudge: Floats = field(init=False)
    shift: Floats = field(init=False)
    relief: Floats = field(init=False)
    drift: Floats = field(init=False)
    marks: Floats = field(init=False)
    regions: Floats = field(init=False)
    surprise: Floats = field(init=False)
    quarantined: Bools = field(init=False)
    freed: Ints = field(init=False)
    heard: Ints = field(init=False)
    recent: Floats = field(init=False)
    expected: Floats = field(init=False)
    hoped: Floats = field(init=False)
    expected_at: Ints = field(init=False)
    items: Ints = field(init=False)
    lane_items: Ints = field(init=False)
    audits: Ints = field(init=False)
    boost_until: Ints = field(init=False)
    all_until: Ints = field(init=False)
    patience: Floats = field(init=False)

    def __post_init__(self) -> None:
        n, k = len(self.tested), len(certificate.CUTS)
        self.counters, self.marks_passed = certificate.Counters.zero(n), np.zeros((n, k), dtype=np.int64)
        self.next_place, self.rung = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.fresh = FreshStarts.none(n)
        nothing = np.zeros((n, k))
        self.proof = certificate.Certificate(nothing.astype(np.bool_), nothing, nothing.copy(), nothing.copy())
        self.lowest = nothing.copy()
        self.alarm, self.nudge = alarm.start(n), alarm.start(n)
        self.shift, self.drift = shift.start(n), shift.start_drift(n)
        self.marks = np.full((n, 6), np.nan)
        self.regions, self.surprise = regions.start(n), regions.start_surprise(n)
        self.quarantined = np.zeros((n, regions.COUNT), dtype=np.bool_)
        self.freed = np.zeros((n, regions.COUNT, 2), dtype=np.int64)
        self.heard, self.recent = np.zeros((n, k, 2), dtype=np.int64), np.zeros((n, k, 2))
        self.expected, self.hoped = np.full((n, k), np.nan), np.full((n, k), np.nan)
        self.expected_at, self.relief = np.zeros(n, dtype=np.int64), shift.start_relief(n)
        self.items, self.lane_items, self.audits = (np.zeros(n, dtype=np.int64) for _ in range(3))
        self.boost_until, self.all_until = (np.full(n, -1, dtype=np.int64) for _ in range(2))
        self.patience = np.ones(n)

    # -- what comes in --------------------------------------------------------------------------------------------

    def routed(self, *, items: int, unattended: Ints, audited: Ints, scores: Floats, window: Floats) -> None:
        """Take note of the items routed since the last call.

        Args:
            items: how many, in each stream.
            unattended, audited: shape (streams,), how many of them ran unattended, and were drawn for an audit.
            scores: shape (streams, items), their ranking scores; -inf without an answer.
            window: shape (streams, w), the scores of the items before the next one, under the same calibration.
        """
        self.items += items
        self.lane_items += unattended
        self.audits += audited
        self.recent = brake.forget(self.recent, items=items)
        self.patience = np.maximum(1.0, self.patience * 0.5 ** (items / 4000.0))
        self.drift = shift.drift(self.drift, scores, marks=self.marks)
        settled = np.isnan(self.marks[:, 0]) & (self.items >= SETTLED)
        if settled.any():
            self.marks[settled] = shift.thresholds(window[settled])

    def ranked_anew(self, which: Bools, heard: Ints) -> None:
        """Take note that a new calibration ranks from here on.

        Scores of two calibrations can't be compared, so the watch over their drift begins again; and what is
        expected of each bin is worked out again from the epoch's labels in their new places.

        Args:
            which: shape (streams,), the streams that are ranked anew.
            heard: shape (streams, bins, 2), the labels of the epoch under the new ranking (`reference.ranked_anew`).
        """
        self.marks[which] = np.nan
        self.drift[which] = 0.0
        self.heard[which] = heard[which]
        had = which & (self.expected_at > 0)
        self.expected_at[had] = 0
        self.expected[had], self.hoped[had] = np.nan, np.nan

    def settle(self, labels: Labels | None, *, waiting: Ints, upto: Ints | int) -> None:
        """Take labels of this epoch in the order of routing: the only way into the certificate.

        Args:
            labels: all that are known with a place from `floor` on, None where there are none; what a mark has
                passed counts once.
            waiting: shape (streams, bins), the place of the oldest look of each bin that is outstanding, in this
                epoch; where there is none, the place of the next item (`watermark.marks`).
            upto: the place of the next item, one for all streams or shape (streams,).
        """
        self.next_place = np.maximum(self.next_place, upto)
        passed = np.maximum(self.marks_passed, watermark.marks(waiting))
        if labels is not None:
            self.counters = self.counters.plus(watermark.between(self.marks_passed, passed, labels=labels))
            self.fresh.lay_aside(labels, old=self.marks_passed, new=passed)
        self.marks_passed = passed

    @property
    def floor(self) -> Ints:
        """The place from which on labels may still have to be counted, shape (streams,)."""
        floor: Ints = self.marks_passed[:, -1]
        return floor

    def hear(self, labels: Labels, *, looked_back: bool = False, aimed: bool = False) -> None:
        """Take labels of this epoch in the order of arrival: what the detectors listen to.

        Args:
            labels: new ones, each heard once.
            looked_back: they are of shipped items that were looked at again (`Orders.look_back`).
            aimed: they were asked for where something looked wrong, and so are no sample of the lane.
        """
        self.next_place = np.maximum(self.next_place, np.where(labels.present, labels.places + 1, 0).max(axis=1))
        audits = labels.only(labels.lane).packed()
        if not aimed:
            rung = np.zeros_like(self.rung) if looked_back else self.rung
            self.alarm = alarm.observe(self.alarm, audits, tested=self.tested, rung=rung)
            self.nudge = alarm.stir(self.nudge, audits, tested=self.tested, rung=rung)
            self.shift = shift.observe(self.shift, labels, expected=self.expected)
            self.relief = shift.relief(self.relief, labels, hoped=self.hoped)
        self.regions = regions.observe(self.regions, labels, tested=self.tested)
        self.surprise = regions.surprise(self.surprise, audits, expected=self.expected)
        stream = np.broadcast_to(np.arange(len(self.tested))[:, None], labels.bins.shape)[labels.present]
        bins, wrong = labels.bins[labels.present], labels.wrong[labels.present].astype(np.int64)
        np.add.at(self.recent, (stream, bins, wrong), 1.0)
        if not looked_back:
            np.add.at(self.heard, (stream, bins, wrong), 1)

    def hear_quarantined(self, stream: Ints, region: Ints, *, wrong: Bools) -> None:
        """Take labels of items that a closed region sent to people; one entry each, of any streams.

        In the order of routing, up to the oldest one outstanding: they are what opens a region again, and late
        errors would open a bad one. Only items that were routed since the region was closed.
        """
        np.add.at(self.freed, (stream, region, wrong.astype(np.int64)), 1)

    # -- what follows ---------------------------------------------------------------------------------------------

    def judge(self) -> Orders:
        """Draw the conclusions: certify, close or reopen a region, suspect, or end the epoch."""
        self.proof = certificate.certify(
            self.counters, error_limit=self.tested, delta=self.delta, best=self.proof.best, fresh=self.fresh.laid_aside
        )
        self._expect()
        is_open = self.proof.caps > 0.0
        closed = self._close_regions()
        reopened = self._reopen_regions()
        shifted = is_open & (shift.reading(self.shift) >= np.log(self.tuning.shift))
        alarmed = is_open & (alarm.reading(self.alarm) >= self.tuning.alarm)
        enough = np.where(is_open, self.tuning.relief, self.tuning.relief_closed)
        relieved = shift.reading(self.relief) >= np.log(enough)
        made = self._begin_anew((relieved & is_open) | (self._has_risen() & ~is_open))
        ended = alarmed | shifted | (relieved & ~is_open) | ((closed | reopened).any(axis=1) & ~is_open)
        suspected = self._suspect(is_open & ~ended)
        surprised = (is_open & ~ended)[:, None] & ~self.quarantined
        surprised &= self.surprise.max(axis=-1) >= np.log(self.tuning.surprise)
        self.surprise[surprised] = 0.0
        if ended.any():
            self._end_epoch(ended)
            # The items have changed: what closed regions have shown since was of the old ones.
            self.freed[alarmed | shifted] = 0
        self.rung = self._rung()
        return Orders(
            share=self._share(),
            rung=self.rung,
            look_back=np.where(suspected, self.tuning.look_back, 0),
            look_back_easy=np.where(suspected, self.tuning.look_back_easy, 0),
            look_back_regions=np.where(surprised, self.tuning.look_back_region, 0),
            alarmed=alarmed,
            shifted=shifted & ~alarmed,
            relieved=made | (relieved & ended),
            suspected=suspected,
            closed=closed,
            reopened=reopened,
            ended=ended,
        )

    def _share(self) -> Floats:
        if not self.tuning.brake:
            return self.proof.caps
        return brake.position(
            self.recent,
            self.proof.certified,
            usual=reference.usual(self.heard[..., 1], self.heard[..., 0], tested=self.tested),
            remaining=regions.without(self.quarantined),
            most=np.where(self._is_wary(), self.tuning.brake_wary, self.tuning.brake) * self.tested,
        )

    @property
    def asks_more(self) -> Bools:
        """Where more audits are asked for than usual: suspicion stands, or the evidence is being bet anew."""
        more: Bools = self._is_wary() | (self.audits < self.all_until)
        return more

    def _is_wary(self) -> Bools:
        """Whether suspicion stands: more audits are drawn, and the brake takes hold earlier."""
        wary: Bools = self.audits < self.boost_until
        return wary

    def _rung(self) -> Ints:
        dense = np.minimum(self.tuning.ramp / self.tested, self.tuning.ramp_most)
        wanted = dense / np.maximum(self.lane_items, 1e-9)
        wanted = np.maximum(self.tuning.floor, np.minimum(0.5, wanted))
        boosted = np.maximum(wanted, np.minimum(0.5, wanted * self.tuning.boost))
        wanted = np.where(self._is_wary(), boosted, wanted)
        wanted = np.where(self.audits < self.all_until, 1.0, wanted)
        rungs: Ints = np.floor(-2.0 * np.log2(wanted) + 1e-9).astype(np.int64)
        return np.clip(rungs, 0, audit.STEPS - 1)

    def _expect(self) -> None:
        """Write down what is expected of each bin: first after enough labels, then whenever half as many came."""
        labels = self.heard.sum(axis=(1, 2))
        grown = (self.expected_at > 0) & (labels >= 1.5 * self.expected_at) & ~self._is_wary()
        due = grown | reference.is_due(labels, has=self.expected_at > 0)
        if due.any():
            wrong, right = self.heard[due, :, 1], self.heard[due, :, 0]
            self.expected[due] = reference.expected(wrong, right, tested=self.tested[due])
            self.hoped[due] = reference.hoped(wrong, right, tested=self.tested[due])
            self.expected_at[due] = labels[due]

    def _suspect(self, may: Bools) -> Bools:
        """Raise suspicion, and back off: the same suspicion, unconfirmed, must not be raised every day."""
        wary = np.log(self.patience)
        suspected: Bools = shift.reading(self.shift) >= np.log(self.tuning.suspicion) + 2.0 * wary
        suspected |= alarm.stirred(self.nudge) >= np.log(self.tuning.nudge) + wary
        suspected |= shift.reading(self.drift) >= np.log(self.tuning.drift)
        suspected &= may & ~self._is_wary()
        self.boost_until[suspected] = self.audits[suspected] + self.tuning.boost_audits
        self.patience[suspected] = np.minimum(self.patience[suspected] * 3.0, 50.0)
        self.nudge[suspected] = 0.0
        self.drift[suspected] = 0.0
        self.marks[suspected] = np.nan
        return suspected

    def _has_risen(self) -> Bools:
        """Whether the evidence of a staked cut lies in a hole that a bad spell has dug, and is on its way out of it.

        A fresh start costs what `certificate.ACCOUNTS` says; it pays once the hole is deeper than that.
        """
        self.lowest = np.minimum(self.lowest, self.proof.running)
        risen = self.proof.running - self.lowest >= np.log(self.tuning.risen)
        deep = risen & (self.proof.running <= -_DEEP)
        found: Bools = np.asarray(deep[:, certificate.LEVELS > 0].any(axis=1))
        return found

    def _begin_anew(self, which: Bools) -> Bools:
        """After a bad spell has passed, bet anew from here on, and look more closely for a while.

        Returns where a start was left to be made.
        """
        self.relief[which] = 0.0
        begun = self.fresh.make(which, counters=self.counters, place=self.next_place)
        self.all_until[begun] = self.audits[begun] + self.tuning.relief_audits
        self.lane_items[begun], self.lowest[begun] = 0, 0.0
        # What is expected was learnt in the bad spell.
        self.expected_at[begun], self.heard[begun], self.recent[begun] = 0, 0, 0.0
        self.expected[begun], self.hoped[begun], self.shift[begun] = np.nan, np.nan, 0.0
        return begun

    def _close_regions(self) -> Bools:
        """Close regions well inside the lane that break twice the limit: the lane without them is better."""
        inside = np.maximum(0.3, 0.6 * self.proof.caps)[:, None] + 1e-9 >= regions.EDGES
        closed = inside & ~self.quarantined & (regions.reading(self.regions) >= self.tuning.region)
        self.quarantined |= closed
        self.freed[closed] = 0
        # What stirred the lane's detectors is found and out of the lane.
        some = closed.any(axis=1)
        self.alarm[some], self.nudge[some], self.shift[some] = 0.0, 0.0, 0.0
        return closed

    def _reopen_regions(self) -> Bools:
        """Open a closed region again when its labels since then show that it keeps the limit.

        P(a region that is bad since it was closed is ever opened again) <= delta (`bounds.log_wealth`).
        """
        if not self.quarantined.any():
            return np.zeros_like(self.quarantined)
        wealth = bounds.log_wealth(
            self.freed[..., 1:],
            self.freed[..., :1],
            error_limit=np.broadcast_to(self.tested[:, None], self.quarantined.shape),
        )
        reopened: Bools = self.quarantined & (wealth >= -np.log(self.delta))
        self.quarantined &= ~reopened
        self.regions[reopened] = 0.0
        return reopened

    def _end_epoch(self, which: Bools) -> None:
        """Forget all evidence of these streams: it was evidence of something else. Closed regions stay closed."""
        fresh = Watch(self.tested[which], self.delta, self.tuning)
        fresh.quarantined, fresh.freed = self.quarantined[which], self.freed[which]
        fresh.marks_passed, fresh.next_place = self.marks_passed[which], self.next_place[which]
        for name in STATES:
            getattr(self, name)[which] = getattr(fresh, name)
        pairs: tuple[tuple[Any, Any], ...] = ((self.counters, fresh.counters), (self.proof, fresh.proof))
        for kept, new in pairs:
            for one in fields(kept):
                getattr(kept, one.name)[which] = getattr(new, one.name)
        self.fresh.replace(which, fresh.fresh)
