"""The certificate: up to which difficulty rank a task's answers are shown to keep their error limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slider.engine import audit, bounds
from slider.engine.arrays import Bools, Floats, Ints, check_counts, check_fraction, check_inside, check_length

CUTS: Floats = np.round(
    np.concatenate(
        [
            np.arange(5, 50, 5) / 100,
            np.arange(50, 70, 2) / 100,
            np.arange(70, 100) / 100,
            [0.995, 0.999, 1.0],
        ]
    ),
    3,
)
"""Ranks at which the lane can be certified to end, shape (52,), rising: every point above 70 %, finer for the nines."""
CUTS.setflags(write=False)

WIDTHS: Floats = np.diff(CUTS, prepend=0.0)
"""The share of all items that each bin holds, shape (52,): ranks are uniform."""
WIDTHS.setflags(write=False)

LEVELS: Floats = 0.6 * (CUTS == 0.3) + 0.4 * (CUTS == 0.6)
"""Where the chance of failing, delta, is staked: 60 % at the 30 % cut, 40 % at the 60 % cut."""
LEVELS.setflags(write=False)

FIRST_CUT = float(CUTS[LEVELS > 0.0][0])
"""The first cut that can be certified on its own, 0.3."""

ACCOUNTS: Floats = np.array([0.92, 0.06, 0.02])
"""How the starting wealth of an epoch is kept: for the whole of it, and for two fresh starts after a bad spell."""
ACCOUNTS.setflags(write=False)

_MOST_LABELS = 1e9
_HALVINGS = 50
_UPPER_HALVINGS = 40
_EDGE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Counters:
    """All the evidence of one epoch: labels inside each cut, by weight class.

    Attributes:
        wrong: shape (..., len(CUTS), audit.STEPS), counts of labels "a correct reviewer would call this wrong" of
            items with a rank up to the cut. Leading axes hold separate streams. (Each cut has counts of its own,
            since each has its own watermark.)
        right: the same for right answers.
    """

    wrong: Ints
    right: Ints

    @classmethod
    def zero(cls, *streams: int) -> "Counters":
        """Return empty counters for one stream, or for as many as the leading axes say."""
        shape = (*streams, len(CUTS), audit.STEPS)
        return cls(wrong=np.zeros(shape, dtype=np.int64), right=np.zeros(shape, dtype=np.int64))

    @property
    def labels(self) -> Ints:
        """The number of labels inside the last cut, which holds every item, shape (...)."""
        total: Ints = (self.wrong[..., -1, :] + self.right[..., -1, :]).sum(axis=-1)
        return total

    def plus(self, other: "Counters") -> "Counters":
        """Return the sum: evidence of the same epoch adds up in any order."""
        return Counters(wrong=self.wrong + other.wrong, right=self.right + other.right)

    def to_json(self) -> dict[str, object]:
        """Return a value for a JSON column."""
        return {"wrong": self.wrong.tolist(), "right": self.right.tolist()}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Counters":
        """Read back exactly what `to_json` wrote; ValueError when it does not fit this grid of cuts."""
        tables = [np.asarray(stored.get(name, []), dtype=np.int64) for name in ("wrong", "right")]
        return _checked(cls(wrong=tables[0], right=tables[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """What the evidence allows; arrays have one entry per cut, shape (..., len(CUTS)).

    Attributes:
        certified: which cuts are certified. A cut below the cap need not be.
        wealth: log evidence now, that the cut's error is below the limit.
        best: the largest `wealth` of the epoch so far: hand it to the next `certify`.
        running: log wealth of the newest account alone, which may be far below 0 after a bad spell.
    """

    certified: Bools
    wealth: Floats
    best: Floats
    running: Floats

    @property
    def caps(self) -> Floats:
        """The largest certified cut of each stream, shape (...); 0 where there is none."""
        caps: Floats = np.where(self.certified, CUTS, 0.0).max(axis=-1)
        return caps

    @property
    def cap(self) -> float:
        """The largest certified cut of one stream; 0 when there is none."""
        return float(self.caps)

    def allow(self, share: float) -> float:
        """Return the largest certified cut not above `share`, 0 when there is none: what may be in effect.

        The slider snaps down to a certified cut because a lane that ends between two of them is not the lane
        that was tested. For one stream.
        """
        check_fraction(share, "share")
        allowed = CUTS[self.certified & (share >= CUTS)]
        return float(allowed[-1]) if allowed.size else 0.0


def bins(ranks: Floats) -> Ints:
    """Return the bin of each rank in [0, 1]: the index of the smallest cut that is not below it."""
    if not np.all((ranks >= 0.0) & (ranks <= 1.0)):
        raise ValueError("ranks holds a value outside 0 ... 1: give the ranks that lanes.choose returned.")
    result: Ints = np.searchsorted(CUTS, ranks, side="left").astype(np.int64)
    return result


def count(ranks: Floats, *, classes: Ints, wrong: Bools) -> Counters:
    """Count the labels of one stream, all of them at once.

    Args:
        ranks: shape (n,), the rank that each labelled item was routed with.
        classes: shape (n,), weight classes (`audit.weight_class`).
        wrong: shape (n,), True where the answer was wrong. A label that is overdue counts as wrong.

    Raises:
        ValueError: shapes differ, a rank is outside [0, 1], or a class is not 0 ... 12.
    """
    check_length(classes, ranks.size, "classes")
    check_length(wrong, ranks.size, "wrong")
    if not np.all((classes >= 0) & (classes < audit.STEPS)):
        raise ValueError(f"classes holds a value outside 0 ... {audit.STEPS - 1}: use audit.weight_class.")
    table = np.zeros((2, len(CUTS), audit.STEPS), dtype=np.int64)
    np.add.at(table, (wrong.astype(np.int64), bins(ranks), classes), 1)
    return Counters(wrong=np.cumsum(table[1], axis=0), right=np.cumsum(table[0], axis=0))


def certify(
    counters: Counters,
    *,
    error_limit: npt.ArrayLike,
    delta: float,
    best: Floats | None = None,
    fresh: Sequence[Counters | None] | None = None,
) -> Certificate:
    """Certify cuts: find up to which rank the error is shown to be below the limit.

    Cut k holds every item with rank <= CUTS[k]; its evidence is `bounds.log_wealth` of its counts. It is certified
    once its best wealth reaches 1 / (delta * level). Levels follow a fallback chain (fixed sequence with fallback:
    Wiens, Pharmaceutical Statistics 2003): a certified cut hands its level on to the next, a cut that is not
    certified lets it lapse, and `LEVELS` are added at the 30 % and 60 % cuts.

    The promise: call a cut bad when, all through the epoch and given all that came before, each of its items
    is wrong with probability `error_limit` or more. P(any bad cut is ever certified in the epoch) <= delta,
    looked at after every label or at any other times. It needs what `bounds.log_wealth` needs; labels that enter
    in the order in which items were routed, up to the cut's oldest one still out (`watermark`); and reviewers who
    catch every error. When they miss a share m, pass error_limit * (1 - m). A cut that turns bad later is not
    covered: drift has to be noticed and has to end the epoch.

    Args:
        counters: the epoch's evidence, of one stream or of many (leading axes).
        error_limit: share of wrong answers tolerated, in [0, 1), a number or one per stream. At 0 nothing is
            ever certified.
        delta: chance of ever certifying a cut that breaks the limit, strictly between 0 and 1.
        best: `Certificate.best` of the call before, in the same epoch and at the same limit; None at the
            start of an epoch and after the limit was changed. Without it the promise holds too, with less
            power: a wealth that has once been high enough counts for the whole epoch, but only who keeps the
            maximum knows of it.
        fresh: for a wealth that is kept in `ACCOUNTS`: for each of the two fresh starts, the counters when it was
            made, or None. Each account bets on what came after its start; until then its wealth lies still, so the
            sum keeps the promise whenever a start is made. A stream whose counters are all -1 has not made it.

    Raises:
        ValueError: a shape, a count or a number is out of range.
    """
    _checked(counters)
    check_inside(delta, "delta")
    limit = np.asarray(error_limit, dtype=np.float64)
    if not np.all((limit >= 0.0) & (limit < 1.0)):
        raise ValueError(f"error_limit is {error_limit!r}: give the share of wrong answers tolerated, between 0 and 1.")
    if np.all(limit == 0.0):
        nothing = np.zeros(counters.wrong.shape[:-1])
        return Certificate(nothing.astype(np.bool_), nothing, nothing, nothing)
    per_cut = limit[..., None] if limit.ndim else limit
    wealth = bounds.log_wealth(counters.wrong, counters.right, error_limit=per_cut)
    running = wealth
    if fresh is not None:
        wealth, running = _all_accounts(wealth, counters, fresh, per_cut)
    most: Floats = wealth if best is None else np.maximum(wealth, _one_per_cut(best, wealth.shape))
    return Certificate(certified=_chain(most, delta=delta), wealth=wealth, best=most, running=running)


def _all_accounts(
    wealth: Floats, counters: Counters, fresh: Sequence[Counters | None], error_limit: Floats
) -> tuple[Floats, Floats]:
    """Add the wealth of the fresh starts, those not made yet with what they began with; and give the newest one's."""
    running = wealth
    total = wealth + np.log(ACCOUNTS[0])
    for share, start in zip(ACCOUNTS[1:].tolist(), fresh, strict=True):
        own = np.zeros_like(wealth)
        made = np.zeros(wealth.shape[:-1], dtype=np.bool_) if start is None else start.wrong[..., 0, 0] >= 0
        if start is not None and made.any():
            since = Counters(
                wrong=np.where(made[..., None, None], counters.wrong - start.wrong, 0),
                right=np.where(made[..., None, None], counters.right - start.right, 0),
            )
            own = bounds.log_wealth(since.wrong, since.right, error_limit=error_limit)
            running = np.where(made[..., None], own, running)
        total = np.logaddexp(total, own + np.log(share))
    return total, running


def upper(
    counters: Counters,
    *,
    delta: float,
    fresh: Sequence[Counters | None] | None = None,
    error_limit: float | None = None,
    best: Floats | None = None,
) -> Floats:
    """Return an upper bound on each cut's error, shape (..., len(CUTS)): what the wealth that certifies says of it.

    The smallest limit at which the wealth of `certify` reaches 1/delta now, by bisection (the wealth grows with the
    limit); and no more than `error_limit` where that limit's wealth has reached 1/delta at any look before.

    The promise: for one cut by itself, when each of its labels is wrong with probability at least e given all that
    came before, P(the bound is ever below e) <= delta. Remembering the best costs nothing: the wealth against e,
    below the limit, is then below that against the limit, so the bound has been that low when the best was reached.
    A certified cut's bound is never above the limit, as long as `delta`, `fresh` and `best` are those of `certify`.

    Args:
        counters, delta, fresh: as for `certify`.
        error_limit: the limit that `best` is of; give both or neither.
        best: `Certificate.best`.

    Returns:
        In (0, 1]; exactly 1 where nothing right was seen. The bisection (2**-40) rounds up.

    Raises:
        ValueError: a shape, a count or a number is out of range.
    """
    _checked(counters)
    enough = -np.log(check_inside(delta, "delta"))
    low, high = np.zeros(counters.wrong.shape[:-1]), np.ones(counters.wrong.shape[:-1])
    for _ in range(_UPPER_HALVINGS):
        middle = np.clip(0.5 * (low + high), _EDGE, 1.0 - _EDGE)
        wealth = bounds.log_wealth(counters.wrong, counters.right, error_limit=middle)
        if fresh is not None:
            wealth, _ = _all_accounts(wealth, counters, fresh, middle)
        low, high = np.where(wealth >= enough, low, middle), np.where(wealth >= enough, middle, high)
    high[counters.right.sum(axis=-1) == 0] = 1.0
    if error_limit is not None and best is not None:
        reached = _one_per_cut(best, high.shape) >= enough
        high = np.where(reached, np.minimum(high, error_limit), high)
    return high


def lower(counters: Counters, *, delta: float) -> Floats:
    """Return a lower bound on each cut's error, shape (..., len(CUTS)): `bounds.lower_error` of its labels.

    For one cut by itself, with a delta of its own.
    """
    _checked(counters)
    return bounds.lower_error(counters.wrong, counters.right, delta=delta)


def labels_needed(counters: Counters, certificate: Certificate, *, error_limit: float, delta: float) -> Floats:
    """Estimate how many more labels inside each cut would certify it, every cut below it being certified by then.

    As if the error stays as it looks now, with half an error in 1/limit labels added: on the safe side, most
    need fewer. Of one stream.

    Returns:
        Shape (len(CUTS),): whole numbers; 0 when certified, inf when never at this error.
    """
    wrong, right, level = counters.wrong, counters.right, np.cumsum(LEVELS)
    if error_limit == 0.0:
        return np.full(len(CUTS), np.inf)
    weights = audit.LADDER
    bad, good = wrong @ weights, right @ weights
    error = (bad + 0.5) / (bad + good + 1.0 / error_limit)
    odds = error_limit / (1.0 - error_limit)
    growth = np.outer(error, np.log1p(-bounds.THETA)) + np.outer(1.0 - error, np.log1p(odds * bounds.THETA))
    stakes = np.outer(weights, bounds.THETA)
    logs = wrong @ np.log1p(-stakes) + right @ np.log1p(odds * stakes) + np.log(bounds.OMEGA)
    target = -np.log(delta * np.where(level > 0.0, level, 1.0))
    low, high = np.zeros(len(CUTS)), np.full(len(CUTS), _MOST_LABELS)
    # The expected log wealth is convex in the number of labels: from below, it passes the target once.
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = np.logaddexp.reduce(logs + middle[:, None] * growth, axis=1) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    needed = np.where((level > 0.0) & (high < _MOST_LABELS), np.ceil(high), np.inf)
    return np.where(certificate.certified, 0.0, needed)


def _checked(counters: Counters) -> Counters:
    """Return the counters, or raise ValueError when they do not fit this grid."""
    for name, table in (("wrong", counters.wrong), ("right", counters.right)):
        if check_counts(table, name).shape[-2:] != (len(CUTS), audit.STEPS):
            raise ValueError(f"Counters.{name} has shape {table.shape}, not (..., {len(CUTS)}, {audit.STEPS}).")
    return counters


def _one_per_cut(best: Floats, shape: tuple[int, ...]) -> Floats:
    """Return `best`, or raise ValueError when it cannot be the maxima of this grid."""
    if best.shape != shape:
        raise ValueError(f"best has shape {best.shape}: give one value per cut, shape {shape}.")
    if np.any(np.isnan(best)):
        raise ValueError("best holds NaN: pass Certificate.best of the call before, or None.")
    return best


def _chain(best: Floats, *, delta: float) -> Bools:
    """Walk up the cuts with the fallback chain; a level that meets an uncertified cut is spent."""
    certified = np.zeros(best.shape, dtype=np.bool_)
    carried = np.zeros(best.shape[:-1])
    wealth = np.exp(np.minimum(best, 700.0))
    for k, own in enumerate(LEVELS.tolist()):
        level = carried + own
        certified[..., k] = level * delta * wealth[..., k] >= 1.0
        carried = np.where(certified[..., k], level, 0.0)
    return certified
