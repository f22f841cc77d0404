"""Agreement beyond chance: two people who err at known rates agree by a known kappa, and the interval holds it."""

import numpy as np
import pytest

from slider.engine import agreement
from slider.engine.arrays import Floats, Ints
from slider.engine.proportion import share
from tests.engine import exact

DELTA, RUNS = 0.05, 200
TRUTH: Floats = np.array([0.7, 0.2, 0.1])  # how often accept, fix and reject are the right word


def errs(error: float) -> Floats:
    """What somebody says, by what is right: wrong at this rate, either wrong word as often."""
    return np.full((3, 3), error / 2.0) + np.eye(3) * (1.0 - 1.5 * error)


def true_kappa(first: Floats, second: Floats) -> float:
    both = np.einsum("t,ta,tb->ab", TRUTH, first, second)
    chance = float(both.sum(axis=1) @ both.sum(axis=0))
    return (float(np.trace(both)) - chance) / (1.0 - chance)


def says(rng: np.random.Generator, right: Ints, person: Floats) -> Ints:
    found: Ints = (rng.random(right.size)[:, None] > np.cumsum(person, axis=1)[right]).sum(axis=1)
    return found


def tables(seed: int, items: int, *people: Floats) -> list[Ints]:
    """Tables of two people over items, one a run."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(RUNS):
        right = rng.choice(3, size=items, p=TRUTH)
        table = np.zeros((3, 3), dtype=np.int64)
        np.add.at(table, tuple(says(rng, right, person) for person in people), 1)
        found.append(table)
    return found


@pytest.mark.parametrize(("one", "other", "items"), [(0.05, 0.15, 200), (0.1, 0.1, 80), (0.3, 0.2, 150)])
def test_kappa_of_simulated_reviewers_lies_inside(one: float, other: float, items: int) -> None:
    true = true_kappa(errs(one), errs(other))
    found = [agreement.kappa(table, delta=DELTA, seed=1) for table in tables(3, items, errs(one), errs(other))]
    assert all(each.lower is not None and each.upper is not None for each in found)
    missed = sum(not (each.lower or 0.0) <= true <= (each.upper or 0.0) for each in found)
    assert exact.keeps(missed, n=RUNS, p=DELTA)


def test_the_interval_of_bare_agreement_does_not() -> None:
    true, missed = true_kappa(errs(0.1), errs(0.1)), 0
    for table in tables(3, 80, errs(0.1), errs(0.1)):
        # As wide as that of the share of items on which they agree: chance is left out of it.
        bare = share(int(np.trace(table)), int(table.sum()), delta=DELTA)
        value = agreement.kappa(table, delta=DELTA, seed=1).value or 0.0
        missed += abs(value - true) > (bare.upper - bare.lower) / 2.0
    assert not exact.keeps(missed, n=RUNS, p=DELTA)


# Both accept nearly everything: they reject 6 and 5 of 100, and both of them in fewer than one.
ACCEPTS: Floats = np.array([[0.006, 0.054], [0.044, 0.896]])


def of_stamps(items: int) -> tuple[float, list[Ints]]:
    chance = float(ACCEPTS.sum(axis=1) @ ACCEPTS.sum(axis=0))
    drawn = np.random.default_rng(8).multinomial(items, ACCEPTS.ravel(), size=RUNS).reshape(RUNS, 2, 2)
    return (float(np.trace(ACCEPTS)) - chance) / (1.0 - chance), [table for table in drawn if table[1, 1] < items]


def test_kappa_of_people_who_accept_nearly_all_lies_inside() -> None:
    true, found = of_stamps(80)
    each = [agreement.kappa(table, delta=DELTA, seed=1) for table in found]
    missed = sum(one.value is not None and not (one.lower or 0.0) <= true <= (one.upper or 0.0) for one in each)
    assert exact.keeps(missed, n=RUNS, p=DELTA)


def test_a_bootstrap_alone_does_not_hold_it() -> None:
    (true, found), missed = of_stamps(80), 0
    for table in found:
        drawn = np.random.default_rng(1).multinomial(80, table.ravel() / 80, size=500).reshape(-1, 2, 2)
        chance = (drawn.sum(axis=1) * drawn.sum(axis=2)).sum(axis=1) / 80**2
        same = np.trace(drawn, axis1=1, axis2=2) / 80
        each = (same - chance)[chance < 1] / (1.0 - chance[chance < 1])
        missed += not np.quantile(each, DELTA / 2) <= true <= np.quantile(each, 1 - DELTA / 2)
    assert not exact.keeps(missed, n=RUNS, p=DELTA)


def panels(seed: int, items: int, people: int, seen: float) -> list[Ints]:
    """What several people said of each item, of which each has looked at a part, by chance."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(RUNS):
        right = rng.choice(3, size=items, p=TRUTH)
        said = np.zeros((items, 3), dtype=np.int64)
        for _ in range(people):
            looked = np.flatnonzero(rng.random(items) < seen)
            np.add.at(said, (looked, says(rng, right[looked], errs(0.15))), 1)
        found.append(said)
    return found


@pytest.mark.parametrize(("items", "people", "seen"), [(150, 2, 1.0), (120, 5, 0.6), (200, 3, 0.5)])
def test_alpha_of_simulated_reviewers_lies_inside(items: int, people: int, seen: float) -> None:
    true = true_kappa(errs(0.15), errs(0.15))  # the same people: the same frequencies
    found = [agreement.alpha(said, delta=DELTA, seed=1) for said in panels(4, items, people, seen)]
    missed = sum(not (each.lower or 0.0) <= true <= (each.upper or 0.0) for each in found)
    assert exact.keeps(missed, n=RUNS, p=DELTA)


def test_resampling_looks_as_if_they_were_items_does_not() -> None:
    true, missed = true_kappa(errs(0.15), errs(0.15)), 0
    for said in panels(4, 120, 5, 1.0):
        pairs = np.repeat(said, 10, axis=0)  # the ten pairs of five looks, each taken for an item of its own
        each = agreement.alpha(pairs, delta=DELTA, seed=1)
        missed += not (each.lower or 0.0) <= true <= (each.upper or 0.0)
    assert not exact.keeps(missed, n=RUNS, p=DELTA)


def test_alpha_is_krippendorffs_own_example() -> None:
    # His reliability data for four observers with missing values, nominal: 0.743.
    rows = [
        "1 1 . 1", "2 2 3 2", "3 3 3 3", "3 3 3 3", "2 2 2 2", "1 2 3 4", "4 4 4 4", "1 1 2 1", "2 2 2 2",
        ". 5 5 5", ". . 1 1", ". . 3 .",
    ]  # fmt: skip
    said = np.zeros((len(rows), 5), dtype=np.int64)
    for n, row in enumerate(rows):
        for word in row.split():
            if word != ".":
                said[n, int(word) - 1] += 1
    assert agreement.alpha(said, delta=DELTA, seed=1).value == pytest.approx(0.743, abs=0.0005)


def test_kappa_by_hand() -> None:
    found = agreement.kappa(np.array([[20, 5], [10, 15]]), delta=DELTA, seed=1)
    assert found.value == pytest.approx(0.4)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 0.4 < found.upper


def test_people_who_never_disagreed_may_still_do_so() -> None:
    for found in (
        agreement.kappa(np.diag([15, 15]), delta=DELTA, seed=1),
        agreement.alpha(np.repeat(2 * np.eye(2, dtype=np.int64), 15, axis=0), delta=DELTA, seed=1),
    ):
        assert (found.value, found.upper) == (1.0, 1.0)
        assert found.lower is not None
        assert 0.7 < found.lower < 0.8


@pytest.mark.parametrize("table", [np.diag([5, 4]), np.diag([50, 0]), np.zeros((2, 2), dtype=np.int64)])
def test_of_few_items_or_one_word_nothing_is_known(table: Ints) -> None:
    said = np.array([2 * np.eye(2, dtype=np.int64)[row] for row in range(2) for _ in range(int(table[row, row]))])
    said = said.reshape(-1, 2)
    for found in (agreement.kappa(table, delta=DELTA, seed=1), agreement.alpha(said, delta=DELTA, seed=1)):
        assert (found.value, found.lower, found.upper) == (None, None, None)


def test_the_same_seed_draws_the_same_interval() -> None:
    table = np.array([[20, 5], [10, 15]])
    assert agreement.kappa(table, delta=DELTA, seed=7) == agreement.kappa(table, delta=DELTA, seed=7)


def test_it_refuses_what_is_no_table() -> None:
    with pytest.raises(ValueError, match="shape"):
        agreement.kappa(np.zeros((2, 3), dtype=np.int64), delta=DELTA, seed=1)
    with pytest.raises(ValueError, match="negative"):
        agreement.alpha(np.full((12, 2), -1), delta=DELTA, seed=1)
    with pytest.raises(ValueError, match="delta"):
        agreement.kappa(np.zeros((2, 2), dtype=np.int64), delta=1.0, seed=1)
