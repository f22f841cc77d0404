"""The alarm: how seldom it is false, how soon it is right, and what it must not listen to."""

import numpy as np
import pytest

from slider.engine import alarm, audit
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.labels import Labels
from tests.engine import exact
from tests.engine.verdicts import two_sigmas, until, verdicts

RUNS, LABELS, LINE = 500, 500, 2_000.0
STEADY = np.zeros(1, dtype=np.int64)  # the audit chance stays as it is


def alarms(labels: Labels, *, limit: float, line: float = LINE, now: Ints | None = None) -> Floats:
    """Return after how many labels each run's alarm is raised. `now`: the rung in force as each label comes in."""
    tested, rungs = np.full(len(labels.wrong), limit), np.zeros_like(labels.rungs) if now is None else now
    return until(
        labels,
        alarm.start(len(tested)),
        carry=lambda level, one: alarm.observe(level, one, tested=tested, rung=rungs[:, one.places[0, 0]]),
        reached=lambda level: np.asarray(alarm.reading(level) >= line),
    )


def nudges(labels: Labels, *, limit: float, line: float) -> Floats:
    tested = np.full(len(labels.wrong), limit)
    return until(
        labels,
        alarm.start(len(tested)),
        carry=lambda level, one: alarm.stir(level, one, tested=tested, rung=STEADY),
        reached=lambda level: np.asarray(alarm.stirred(level) >= np.log(line)),
    )


def fired(found: Floats) -> int:
    return int(np.isfinite(found).sum())


@pytest.mark.parametrize("limit", [0.03, 0.1])
def test_a_lane_at_its_limit_is_left_alone_as_long_as_budgeted(limit: float) -> None:
    # A mean run length of A or more: within n labels a chance of n / A at the most, for every n.
    wrong = np.random.default_rng(1).random((RUNS, LABELS)) < limit
    assert exact.keeps(fired(alarms(verdicts(wrong), limit=limit)), n=RUNS, p=LABELS / LINE)
    # The control: the last forty labels, two standard errors above the limit.
    assert not exact.keeps(fired(two_sigmas(wrong, limit=limit, last=40)), n=RUNS, p=LABELS / LINE)


def test_a_nudge_comes_as_seldom_as_budgeted() -> None:
    wrong = np.random.default_rng(2).random((RUNS, 200)) < 0.1
    assert exact.keeps(fired(nudges(verdicts(wrong), limit=0.1, line=1_000.0)), n=RUNS, p=201 / 1_000)
    # The control: every label heard twice.
    again = np.repeat(wrong, 2, axis=1)
    assert not exact.keeps(fired(nudges(verdicts(again), limit=0.1, line=1_000.0)), n=RUNS, p=401 / 1_000)


def test_a_better_lane_runs_far_longer() -> None:
    wrong = np.random.default_rng(3).random((RUNS, 1_500)) < 0.6 * 0.05
    assert exact.keeps(fired(alarms(verdicts(wrong), limit=0.05)), n=RUNS, p=0.03)


@pytest.mark.parametrize(("times", "labels"), [(4.0, 110), (10.0, 40)])
def test_a_worse_lane_is_noticed(times: float, labels: int) -> None:
    wrong = np.random.default_rng(4).random((RUNS, 1_000)) < times * 0.03
    assert np.median(alarms(verdicts(wrong), limit=0.03)) <= labels


def arriving(*, limit: float, falls: bool) -> tuple[Labels, Ints]:
    """Audits of a still lane at its limit, as they come in: errors take 900 items, right answers 60.

    `falls`: the first 900 items are audited at 1/2 and the others at 1/16, instead of all at 1/16. Also returns the
    rung in force as each of them comes in.
    """
    rng, items, before = np.random.default_rng(5), 12_000, 900 if falls else 0
    rungs = np.where(np.arange(items) < before, 2, 8)
    wrong, drawn, now = np.zeros((RUNS, LABELS), dtype=np.bool_), *np.zeros((2, RUNS, LABELS), dtype=np.int64)
    for run in range(RUNS):
        routed = np.flatnonzero(rng.random(items) < audit.LADDER[rungs])
        bad = rng.random(len(routed)) < limit
        comes = routed + rng.exponential(np.where(bad, 900.0, 60.0))
        order = np.argsort(comes, kind="stable")[:LABELS]
        wrong[run], drawn[run] = bad[order], rungs[routed[order]]
        now[run] = np.where(comes[order] < before, 2, 8)
    return verdicts(wrong, rungs=drawn), now


@pytest.mark.parametrize("limit", [0.03, 0.1])
@pytest.mark.parametrize("falls", [False, True])
def test_late_errors_of_a_still_lane_raise_no_more_alarms(limit: float, falls: bool) -> None:
    labels, now = arriving(limit=limit, falls=falls)
    assert exact.keeps(fired(alarms(labels, limit=limit, now=now)), n=RUNS, p=LABELS / LINE)


def test_late_errors_crowd_when_audits_become_rarer_and_their_weight_does_not_fall() -> None:
    labels, _ = arriving(limit=0.1, falls=True)
    assert not exact.keeps(fired(alarms(labels, limit=0.1)), n=RUNS, p=LABELS / LINE)


def looked_back(*, aimed: bool) -> Bools:
    """A lane at a limit of 5 % whose easiest tenth holds most errors; after each nudge 60 shipped items follow."""
    rng, limit = np.random.default_rng(6), 0.05
    wrong = np.zeros((RUNS, LABELS), dtype=np.bool_)
    rates = np.where(rng.random((RUNS, LABELS)) < 0.1, 0.3, (limit - 0.03) / 0.9)
    wrong[:] = rng.random((RUNS, LABELS)) < rates
    level, left = alarm.start(RUNS), np.zeros(RUNS, dtype=np.int64)
    tested = np.full(RUNS, limit)
    for place in range(LABELS):
        if aimed:
            wrong[left > 0, place] = rng.random((left > 0).sum()) < 0.3
        level = alarm.stir(level, verdicts(wrong[:, place : place + 1]), tested=tested, rung=STEADY)
        left = np.maximum(0, left - 1)
        stirred = (alarm.stirred(level) >= np.log(30.0)) & (left == 0)
        level[stirred], left[stirred] = 0.0, 60
    return wrong


def test_looking_back_at_the_whole_lane_raises_no_more_alarms_whatever_the_reason() -> None:
    found = alarms(verdicts(looked_back(aimed=False)), limit=0.05)
    assert exact.keeps(fired(found), n=RUNS, p=LABELS / LINE)
    # The control: looks that go where errors are. They are no sample of the lane, and the watch keeps them out.
    aimed = alarms(verdicts(looked_back(aimed=True)), limit=0.05)
    assert not exact.keeps(fired(aimed), n=RUNS, p=LABELS / LINE)


def test_only_the_unattended_lane_is_heard() -> None:
    wrong = np.ones((1, 40), dtype=np.bool_)
    nobody = alarm.observe(alarm.start(1), verdicts(wrong, lane=False), tested=np.array([0.03]), rung=STEADY)
    assert nobody.tolist() == alarm.start(1).tolist()
    absent = verdicts(wrong, present=~wrong)
    assert alarm.stir(alarm.start(1), absent, tested=np.array([0.03]), rung=STEADY).tolist() == alarm.start(1).tolist()


@pytest.mark.parametrize("limit", [0.5, 0.89, 0.95, 0.999])
def test_it_never_bets_that_the_lane_is_better(limit: float) -> None:
    # Above a limit of 90 % there is nothing left to bet on; right answers must not raise an alarm.
    right = verdicts(np.zeros((1, 1_000), dtype=np.bool_))
    assert alarm.reading(alarm.observe(alarm.start(1), right, tested=np.array([limit]), rung=STEADY))[0] <= 1_000.0
    wrong = np.random.default_rng(7).random((RUNS, LABELS)) < limit
    assert exact.keeps(fired(alarms(verdicts(wrong), limit=limit)), n=RUNS, p=LABELS / LINE)
