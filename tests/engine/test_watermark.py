"""The watermark: each cut waits for its own items alone, and counts every label inside of it exactly once."""

from itertools import pairwise

import numpy as np
import pytest

from slider.engine import audit, certificate, labels, watermark
from slider.engine.arrays import Ints
from slider.engine.labels import Labels

BINS = len(certificate.CUTS)
ITEMS = 120


def waiting(at: dict[int, int], *, until: int) -> Ints:
    """One stream whose oldest look owed stands in these bins at these places."""
    found = np.full((1, BINS), until)
    for bin_, place in at.items():
        found[0, bin_] = place
    return found


def some(rng: np.random.Generator, *, streams: int = 1, count: int = ITEMS) -> Labels:
    """Labels of every kind, at the places 0, 1, 2, ... but in no order; some are no labels at all."""
    shape = (streams, count)
    return Labels(
        bins=rng.integers(0, BINS, shape),
        classes=rng.integers(0, audit.STEPS, shape),
        wrong=rng.random(shape) < 0.3,
        lane=rng.random(shape) < 0.5,
        present=rng.random(shape) < 0.9,
        places=np.stack([rng.permutation(count) for _ in range(streams)]),
        rungs=np.zeros(shape, dtype=np.int64),
    )


def one_by_one(old: Ints, new: Ints, known: Labels) -> tuple[Ints, Ints]:
    """The same counts by a loop that knows only what they are meant to be: wrong and right."""
    tables = np.zeros((2, *old.shape, audit.STEPS), dtype=np.int64)
    for stream, cut in np.ndindex(*old.shape):
        for n in np.flatnonzero(known.present[stream]):
            inside = known.bins[stream, n] <= cut
            if inside and old[stream, cut] <= known.places[stream, n] < new[stream, cut]:
                tables[0 if known.wrong[stream, n] else 1, stream, cut, known.classes[stream, n]] += 1
    return tables[0], tables[1]


def rising(rng: np.random.Generator, *, streams: int, rounds: int) -> list[Ints]:
    """Marks of so many rounds, each fallen along the cuts and none below the one before; the last one passes all."""
    found = [np.zeros((streams, BINS), dtype=np.int64)]
    for until in np.sort(rng.integers(0, ITEMS, rounds)).tolist():
        owed = np.where(rng.random((streams, BINS)) < 0.1, rng.integers(0, until + 1, (streams, BINS)), until)
        found.append(np.maximum(found[-1], watermark.marks(owed)))
    return [*found, np.full((streams, BINS), ITEMS)]


def test_an_easy_item_that_waits_holds_up_every_larger_cut() -> None:
    marks = watermark.marks(waiting({3: 17}, until=50))[0]
    assert set(marks[:3].tolist()) == {50}
    assert set(marks[3:].tolist()) == {17}


def test_a_hard_item_that_waits_holds_up_only_the_cuts_that_hold_it() -> None:
    marks = watermark.marks(waiting({BINS - 1: 0, 30: 17, 3: 40}, until=50))[0]
    assert (marks[2], marks[3], marks[29], marks[30], marks[-2], marks[-1]) == (50, 40, 40, 17, 17, 0)


def test_marks_fall_along_the_cuts_and_nothing_waits_where_nothing_is_owed() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        owed = rng.integers(0, 1000, (4, BINS))
        marks = watermark.marks(owed)
        assert np.all(np.diff(marks, axis=1) <= 0)
        assert all(marks[s, k] == owed[s, : k + 1].min() for s, k in np.ndindex(4, BINS))
    assert np.all(watermark.marks(waiting({}, until=50)) == 50)


@pytest.mark.parametrize("seed", range(12))
def test_between_two_marks_it_counts_what_a_loop_counts(seed: int) -> None:
    rng = np.random.default_rng([2, seed])
    streams = int(rng.integers(1, 4))
    marks = rising(rng, streams=streams, rounds=3)
    known = some(rng, streams=streams)
    for old, new in pairwise(marks):
        wrong, right = one_by_one(old, new, known)
        found = watermark.between(old, new, labels=known)
        np.testing.assert_array_equal(found.wrong, wrong)
        np.testing.assert_array_equal(found.right, right)


@pytest.mark.parametrize("seed", range(12))
def test_over_many_rounds_each_label_counts_once_in_each_cut_that_holds_it(seed: int) -> None:
    rng = np.random.default_rng([3, seed])
    marks = rising(rng, streams=2, rounds=20)
    known = some(rng, streams=2)
    total = certificate.Counters.zero(2)
    for old, new in pairwise(marks):
        total = total.plus(watermark.between(old, new, labels=known))
    for stream in range(2):
        mine = known.present[stream]
        ranks, wrong = certificate.CUTS[known.bins[stream, mine]], known.wrong[stream, mine]
        once = certificate.count(ranks, classes=known.classes[stream, mine], wrong=wrong)
        np.testing.assert_array_equal(total.wrong[stream], once.wrong)
        np.testing.assert_array_equal(total.right[stream], once.right)


def test_a_mark_that_has_not_moved_counts_nothing() -> None:
    known = some(np.random.default_rng(4))
    marks = watermark.marks(waiting({5: 20, 40: 3}, until=ITEMS))
    found = watermark.between(marks, marks, labels=known)
    assert (found.wrong.sum(), found.right.sum()) == (0, 0)


def test_the_label_at_the_mark_itself_waits() -> None:
    places = np.array([6, 7, 8])
    known = labels.one(
        np.zeros(3, dtype=np.int64),
        classes=np.zeros(3, dtype=np.int64),
        wrong=np.array([False, True, True]),
        lane=np.zeros(3, dtype=np.bool_),
        places=places,
        rungs=np.zeros(3, dtype=np.int64),
    )
    nothing = np.zeros((1, BINS), dtype=np.int64)
    before = watermark.between(nothing, np.full((1, BINS), 7), labels=known)
    after = watermark.between(np.full((1, BINS), 7), np.full((1, BINS), 8), labels=known)
    assert (before.wrong[0, -1].sum(), before.right[0, -1].sum()) == (0, 1)
    assert (after.wrong[0, -1].sum(), after.right[0, -1].sum()) == (1, 0)
