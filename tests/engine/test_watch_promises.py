"""The watch: what an epoch promises under late labels, under chances that follow the past, and for closed regions."""

import math
from dataclasses import replace

import numpy as np

from slider.engine import bounds, certificate
from slider.engine.orders import Tuning
from slider.engine.watch import Watch
from tests.engine import exact
from tests.engine.verdicts import count, verdicts

LIMIT, DELTA = 0.05, 0.05


def watch_of(streams: int) -> Watch:
    return Watch(np.full(streams, LIMIT), DELTA, Tuning())


def ever_open(*, late: float, in_order: bool) -> int:
    """Count the runs whose lane is ever opened, though every item is wrong at the limit; errors take `late` items."""
    runs, items, block = 250, 1_200, 40
    rng = np.random.default_rng(1)
    wrong, bins = rng.random((runs, items)) < LIMIT, certificate.bins(rng.random((runs, items)))
    comes = np.arange(items) + rng.exponential(np.where(wrong, late, 20.0))
    watch, used = watch_of(runs), np.zeros((runs, items), dtype=np.bool_)
    for now in range(block, items + 1, block):
        known = (comes < now) & (np.arange(items) < now)
        if in_order:
            out = (~known) & (np.arange(items) < now)
            oldest = np.where(out.any(axis=1), out.argmax(axis=1), now)
            known &= np.arange(items) < oldest[:, None]
        count(watch, verdicts(wrong, bins=bins, lane=False, present=known & ~used))
        used |= known
        watch.judge()
    # A cut that was once certified stays so: its best wealth counts for the epoch.
    return int((watch.proof.caps > 0.0).sum())


def test_late_errors_open_nothing_in_the_order_of_routing() -> None:
    assert exact.keeps(ever_open(late=400.0, in_order=True), n=250, p=DELTA)
    # The control: the same labels in the order of their arrival.
    assert not exact.keeps(ever_open(late=400.0, in_order=False), n=250, p=DELTA)


def test_chances_may_follow_the_past_when_labels_are_weighed() -> None:
    # The lane (60 %) is worse than people's items, and audited ever less the better it looks.
    runs, blocks, size = 300, 40, 60
    rng, chance = np.random.default_rng(2), np.full(300, 0.5)
    weighed, alike = watch_of(runs), watch_of(runs)
    for _ in range(blocks):
        ranks = rng.random((runs, size))
        lane = ranks <= 0.6
        wrong = rng.random((runs, size)) < np.where(lane, 0.07, 0.02)
        looked = ~lane | (rng.random((runs, size)) < chance[:, None])
        least = np.rint(-2.0 * np.log2(chance)).astype(np.int64)[:, None]
        new = verdicts(wrong, bins=certificate.bins(ranks), classes=np.where(lane, 0, least), lane=lane, present=looked)
        count(weighed, new)
        count(alike, replace(new, classes=np.zeros_like(new.classes)))
        found = (looked & lane & wrong).sum(axis=1)
        chance = np.where(found == 0, np.maximum(1 / 16, chance / math.sqrt(2.0)), 0.5)
        for one in (weighed, alike):
            one.judge()
    enough = -math.log(DELTA)
    assert exact.keeps(int((weighed.proof.best[:, -1] >= enough).sum()), n=runs, p=DELTA)
    # The control: the same labels, each counted as one.
    assert not exact.keeps(int((alike.proof.best[:, -1] >= enough).sum()), n=runs, p=DELTA)


def reopened(*, late: float, in_order: bool, error: float = LIMIT) -> int:
    """Count the runs that open a closed region again which is as bad as the limit."""
    runs, items, block = 300, 1_200, 30
    rng = np.random.default_rng(3)
    wrong = rng.random((runs, items)) < error
    comes = np.arange(items) + rng.exponential(np.where(wrong, late, 6.0))
    watch, used, ever = watch_of(runs), np.zeros((runs, items), dtype=np.bool_), np.zeros(runs, dtype=np.bool_)
    watch.quarantined[:, 2] = True
    for now in range(block, items + 1, block):
        known = (comes < now) & (np.arange(items) < now)
        if in_order:
            out = ~known & (np.arange(items) < now)
            oldest = np.where(out.any(axis=1), out.argmax(axis=1), now)
            known &= np.arange(items) < oldest[:, None]
        stream, item = np.nonzero(known & ~used & ~ever[:, None])
        used |= known
        watch.hear_quarantined(stream, np.full(len(stream), 2), wrong=wrong[stream, item])
        ever |= watch.judge().reopened[:, 2]
    return int(ever.sum())


def test_a_bad_region_is_opened_again_as_seldom_as_promised() -> None:
    assert exact.keeps(reopened(late=120.0, in_order=True), n=300, p=DELTA)
    # The control: late errors, taken in the order of arrival.
    assert not exact.keeps(reopened(late=120.0, in_order=False), n=300, p=DELTA)


def test_a_good_region_is_opened_again() -> None:
    assert reopened(late=20.0, in_order=True, error=0.2 * LIMIT) >= 290


def test_late_errors_flatter_no_cut_by_its_own_mark() -> None:
    # The 60 % cut alone, at every step of its own mark; the larger cuts wait for longer.
    runs, items, block = 250, 900, 30
    rng = np.random.default_rng(4)
    wrong, bins = rng.random((runs, items)) < LIMIT, certificate.bins(rng.random((runs, items)))
    comes = np.arange(items) + rng.exponential(np.where(wrong, 400.0, 20.0))
    watch, inside = watch_of(runs), certificate.CUTS[bins] <= 0.6
    arrived = np.zeros(runs, dtype=np.bool_)
    for now in range(block, items + 1, block):
        known = (comes < now) & (np.arange(items) < now)
        owed = np.full((runs, len(certificate.CUTS)), now, dtype=np.int64)
        run, item = np.nonzero(~known & (np.arange(items) < now))
        np.minimum.at(owed, (run, bins[run, item]), item)
        watch.settle(verdicts(wrong, bins=bins, lane=False, present=known), waiting=owed, upto=now)
        watch.judge()
        bad, good = (known & inside & wrong).sum(axis=1), (known & inside & ~wrong).sum(axis=1)
        arrived |= bounds.log_wealth(bad[:, None], good[:, None], error_limit=LIMIT) >= -math.log(DELTA)
    in_order = watch.proof.best[:, certificate.CUTS == 0.6].ravel() >= -math.log(DELTA)
    assert exact.keeps(int(in_order.sum()), n=runs, p=DELTA)
    # The control: the same cut's labels in the order of their arrival.
    assert not exact.keeps(int(arrived.sum()), n=runs, p=DELTA)
