"""Lanes: which items run unattended, so that their share is what the slider says, from the first item on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats, Ints, check_fraction, check_length

WINDOW = 500
"""An item is ranked among this many items before it."""

MOST_DEBT = 3.0
"""From this debt on, in items, every item, or none, goes unattended; so it stays within a range of 7."""

_DIGITS = 6
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Track:
    """What routing remembers of a task: kept in its gauge row, replaced by every batch.

    Attributes:
        window: ranking scores of the last `WINDOW` items or fewer, oldest first, rounded to 1e-6; -inf for an
            item without an answer.
        debt: items that the slider promised and that did not run unattended, minus those beyond it; within
            +-4.
        seen: items routed so far.
    """

    window: tuple[float, ...] = ()
    debt: float = 0.0
    seen: int = 0

    def ranked_anew(self, scores: Sequence[float]) -> "Track":
        """Return this track under a new ranking: `scores` are what it gives to the items seen last, oldest first.

        Scores of two rankings have nothing to do with each other: compared with the old ones, every new item would be
        easy, or every one hard. The debt stays, so the share goes on as promised.
        """
        window = tuple(round(float(score), _DIGITS) for score in scores)[-WINDOW:]
        return Track(window=window, debt=self.debt, seen=self.seen)

    def to_json(self) -> dict[str, object]:
        """Return a value for a JSON column: strict JSON (-inf becomes null), at most about 5 kB."""
        window = [None if score == -math.inf else score for score in self.window]
        return {"window": window, "debt": self.debt, "seen": self.seen}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Track":
        """Read back exactly what `to_json` wrote.

        Raises:
            ValueError: a field is missing or of the wrong kind.
        """
        window, debt, seen = stored.get("window"), stored.get("debt"), stored.get("seen")
        if not isinstance(window, list) or not isinstance(debt, int | float) or not isinstance(seen, int):
            raise ValueError(f"A stored track needs window, debt and seen; it has {sorted(stored)}.")
        if len(window) > WINDOW:
            raise ValueError(f"A stored track has {len(window)} scores: at most {WINDOW} are kept.")
        scores = tuple(-math.inf if score is None else float(score) for score in window)
        return cls(window=scores, debt=float(debt), seen=seen)


@dataclass(frozen=True, slots=True, eq=False)
class Routed:
    """The answer of `choose`.

    Attributes:
        lanes: shape (n,), True where the item runs unattended.
        ranks: shape (n,), in [0, 1], 0 easiest: the share of comparable items that are easier.
        track: what the next call needs.
    """

    lanes: Bools
    ranks: Floats
    track: Track


def choose(track: Track, *, scores: Floats, ties: Floats, share: float, cap: float = 1.0) -> Routed:
    """Route items in the order given; routing them one at a time gives exactly the same.

    An item is ranked among the `WINDOW` before it: rank = (easier + tie * (equal + 1)) / (others + 1). On an
    exchangeable stream that is exactly uniform on (0, 1), at the first item (a plain coin) as at the
    millionth, and whatever is tied (the smoothed conformal p-value: Vovk, Gammerman, Shafer, "Algorithmic
    Learning in a Random World", 2005, ch. 2). The item runs unattended when rank <= share + correction(debt)
    and rank <= cap.

    The promises:
    1. With 0 < share < 1 and cap 1, over any stretch of n items that all have an answer, at one setting of
       the share, the realised share differs from `share` by at most 7/n, for every sequence of scores:
       drift, jumps and ties included. From the first item on it is at most 4/n. (The debt stays between
       -3 - (1 - share) and 3 + share: beyond +-3, `MOST_DEBT`, everybody or nobody goes.)
    2. No item with a rank above `cap`, no item without an answer, and at share 0 no item at all, runs
       unattended.
    3. With share 1 and cap 1 every item with an answer does.

    When the cap binds (cap <= share) nothing is corrected: the lane is exactly the cut that was tested, and its
    share is the cap but for chance. A guarded task passes the largest cut that evidence allows as the cap.

    Args:
        track: what the call before returned; Track() for a new task, and after the ranking itself has
            changed.
        scores: shape (n,), log-odds that rank items, larger is easier; -inf for an item without a usable
            answer. Differences below 1e-6 are ties. Items that a hard rule sends to people are left out by
            the caller.
        ties: shape (n,), coins in [0, 1], one per item (`coins.coins(secret, ids, "tie")`).
        share: the slider, in [0, 1].
        cap: the largest rank that may run unattended, in [0, 1].

    Returns:
        Routed, in the order of `scores`. About 1 ms for 500 items.

    Raises:
        ValueError: a score is NaN or +inf, a tie, share or cap is outside [0, 1], or shapes differ.
    """
    check_fraction(share, "share")
    check_fraction(cap, "cap")
    _check_items(scores, ties)
    rounded: Floats = np.round(scores, _DIGITS)
    ranks = _ranks(track.window, rounded, ties)
    answered = np.isfinite(rounded)
    lanes = np.zeros(len(scores), dtype=np.bool_)
    target = min(share, cap)
    debt = _held(track.debt, target)
    for i in range(len(scores)):
        correction = _correction(debt, target) if share < cap else 0.0
        threshold = 1.0 if target == 1.0 else min(target + correction, cap)
        goes = target > 0.0 and bool(answered[i]) and bool(ranks[i] <= threshold)
        lanes[i] = goes
        debt = _held(debt + target - goes, target)
    window = (*track.window, *rounded.tolist())[-WINDOW:]
    return Routed(lanes=lanes, ranks=ranks, track=Track(window, debt, track.seen + len(scores)))


def rank(track: Track, score: float, tie: float) -> float:
    """Return the rank that an item would get if it came next; see `choose`. Nothing is remembered."""
    scores, ties = np.array([score], dtype=np.float64), np.array([tie], dtype=np.float64)
    _check_items(scores, ties)
    return float(_ranks(track.window, np.round(scores, _DIGITS), ties)[0])


def _check_items(scores: Floats, ties: Floats) -> None:
    """Refuse what cannot be ranked."""
    check_length(scores, scores.size, "scores")
    check_length(ties, scores.size, "ties")
    bad = np.flatnonzero(np.isnan(scores) | (scores == np.inf))
    if bad.size:
        where = int(bad[0])
        raise ValueError(f"scores[{where}] is {scores[where]}: give a finite score, or -inf when there is no answer.")
    bad = np.flatnonzero(~((ties >= 0.0) & (ties <= 1.0)))
    if bad.size:
        raise ValueError(f"ties[{int(bad[0])}] is {ties[bad[0]]}: give a coin between 0 and 1.")


def _ranks(window: tuple[float, ...], scores: Floats, ties: Floats) -> Floats:
    """Rank each score among the `WINDOW` before it, the window's and those earlier in `scores`."""
    # NaN is neither larger nor equal: the places before the first item count as nobody.
    before: Floats = np.concatenate([np.full(WINDOW - len(window), np.nan), np.array(window, dtype=np.float64)])
    ranks = [
        ranks_of(before[None], scores=part[None], ties=tie[None])[0]
        for before, part, tie in _parts(before, scores, ties)
    ]
    return np.concatenate(ranks) if ranks else np.zeros(0)


def _parts(before: Floats, scores: Floats, ties: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Cut the items into parts of at most `WINDOW`, each with the scores before it."""
    for start in range(0, len(scores), WINDOW):
        part = slice(start, start + WINDOW)
        yield before, scores[part], ties[part]
        before = np.concatenate([before, scores[part]])[-WINDOW:]


def ranks_of(before: Floats, *, scores: Floats, ties: Floats) -> Floats:
    """Rank items of several streams, each among as many before it as `before` holds; see `choose`.

    Args:
        before: shape (streams, w), the scores of the items before, oldest first, NaN for nobody.
        scores, ties: shape (streams, n); scores that differ by less than 1e-6 should be rounded to be equal.

    Returns:
        Shape (streams, n), in [0, 1], 0 easiest.
    """
    size, ranks = before.shape[1], np.empty(scores.shape)
    line = np.concatenate([before, scores], axis=1)
    step = min(_CHUNK, size)
    for start in range(0, scores.shape[1], step):
        part = slice(start, start + step)
        ranks[:, part] = _ranks_of_few(line[:, start : start + size], scores[:, part], ties[:, part])
    return ranks


def _ranks_of_few(before: Floats, scores: Floats, ties: Floats) -> Floats:
    """Rank few items: by the sorted scores before the first one, plus those come since, less those fallen out."""
    n = scores.shape[1]
    people = (~np.isnan(before)).sum(axis=1)[:, None]
    above, upto = np.empty(scores.shape, dtype=np.int64), np.empty(scores.shape, dtype=np.int64)
    for stream, line in enumerate(np.sort(before, axis=1)):
        above[stream] = line.searchsorted(scores[stream], side="right")
        upto[stream] = line.searchsorted(scores[stream], side="left")
    gone = before[:, :n]
    earlier = np.tri(n, k=-1, dtype=np.bool_).T[:, None, :]
    # Who came or left first stands on the first axis: there numpy adds whole rows.
    came_then, gone_then = scores.T[:, :, None], gone.T[:, :, None]
    easier = people - above + _ones((came_then > scores) & earlier) - _ones((gone_then > scores) & earlier)
    equal = above - upto + _ones((came_then == scores) & earlier) - _ones((gone_then == scores) & earlier)
    left = np.cumsum(~np.isnan(gone), axis=1) - ~np.isnan(gone)
    others = people + np.arange(n) - left
    ranks: Floats = (easier + ties * (equal + 1)) / (others + 1)
    return ranks


def _ones(found: Bools) -> Ints:
    """Count along the first axis, which holds fewer than 256."""
    counts: Ints = np.add.reduce(found.view(np.uint8), axis=0, dtype=np.uint8).astype(np.int64)
    return counts


def _correction(debt: float, share: float) -> float:
    """Return how far the threshold moves: gently for a small debt, so far that everybody goes at `MOST_DEBT`.

    A debt under even ranks is a random walk with variance share * (1 - share) an item. Of all corrections that keep
    such a walk between two walls, the tangent is the one whose mean square is least (it is the walk that happens never
    to touch them), so hardly an easy item is passed over for a harder one.
    """
    if abs(debt) >= MOST_DEBT:
        return math.copysign(1.0, debt)
    quarter = math.pi / 2.0 / MOST_DEBT
    return share * (1.0 - share) * quarter * math.tan(quarter * debt)


def _held(debt: float, target: float) -> float:
    """Return the debt within its range, which it leaves only under a cap, without answers or at a new share.

    What was missed then is forgotten: an old shortfall must not flood the lane later.
    """
    return min(max(debt, target - 1.0 - MOST_DEBT), target + MOST_DEBT)
