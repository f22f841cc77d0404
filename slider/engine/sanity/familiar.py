"""What a task's items look like, learned item by item in a profile of bounded size, and how far one is from it."""

import base64
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Ints
from slider.engine.sanity import words

BUCKETS = 2_048
WINDOW = 400
LEAST_SEEN = 150
"""Items that a profile has seen before it says anything."""

FAR = 2.5
"""So many times the usual spread above the usual, and an item is unfamiliar."""

LEAST_FAR = 3.0

_LEAST_GRAMS = 20
_MOST_GRAMS = 1_500
_PROFILE_MOST = 300_000
_SMOOTH = 0.5
_OUTLIERS_KEPT = 10
_LOOKED_EVERY = 16
_FULL_LENGTH = 48
_FACTORS = np.array([2_654_435_761, 40_503 * 65_537, 2_246_822_519], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a task has seen: kept as JSON, replaced by every batch.

    Attributes:
        counts: shape (2048,), how often each bucket of letter triples came; halved when they sum to 300,000, so that
            what was long ago counts less.
        usual: the mean surprise of the items, weighted towards the newest.
        window: how far the last 400 familiar items were from the usual, oldest first; of unfamiliar items one in ten
            is learned, so that a burst of them stays strange for long and a new kind is known in the end.
        seen: items learned.
        strange: unfamiliar items so far.
    """

    counts: Ints
    usual: float = 0.0
    window: tuple[float, ...] = ()
    seen: int = 0
    strange: int = 0

    def to_json(self) -> dict[str, object]:
        """Return a value for a JSON column, at most about 9 kB."""
        packed = np.minimum(self.counts, 65_535).astype("<u2").tobytes()
        return {
            "counts": base64.b64encode(packed).decode(),
            "usual": round(self.usual, 6),
            "window": [round(value, 3) for value in self.window],
            "seen": self.seen,
            "strange": self.strange,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Profile":
        """Read back what `to_json` wrote; raises ValueError when it is something else."""
        try:
            packed = base64.b64decode(str(stored["counts"]), validate=True)
            counts = np.frombuffer(packed, dtype="<u2").astype(np.int64)
            window = tuple(np.asarray(stored["window"], dtype=np.float64).tolist())
            numbers = np.asarray([stored["usual"], stored["seen"], stored["strange"]], dtype=np.float64).tolist()
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"A stored profile can't be read: {error}; it has {sorted(stored)}.") from error
        if counts.shape != (BUCKETS,) or len(window) > WINDOW or not np.all(np.isfinite([*window, *numbers])):
            raise ValueError(f"A stored profile has {len(counts)} counts and {len(window)} values: that is no profile.")
        return cls(counts, numbers[0], window, int(numbers[1]), int(numbers[2]))


@dataclass(frozen=True, slots=True)
class Distance:
    """How far an item is from what its task has seen.

    Attributes:
        far: in spreads (95th percentile minus median) above the median of the last items; None while fewer than 150
            were seen, and for a text of fewer than 20 letter triples.
        rarer: share of the last items that were at least as far, in (0, 1); None with `far`.
    """

    far: float | None = None
    rarer: float | None = None

    @property
    def is_unfamiliar(self) -> bool:
        return self.far is not None and self.far > FAR


def empty() -> Profile:
    """Return the profile of a task that has seen nothing."""
    return Profile(np.zeros(BUCKETS, dtype=np.int64))


def grams(text: str) -> Ints:
    """Return the buckets of a text's letter triples, in order: shape (n,), n at most 1,500. Digits are all alike."""
    return grams_of([text])[0]


def grams_of(texts: Sequence[str]) -> list[Ints]:
    """Return the `grams` of many texts, reckoned at once."""
    lines = [words.plain(text)[: _MOST_GRAMS + 2] for text in texts]
    points = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    points[(points >= 48) & (points <= 57)] = 48
    mixed = points[:-2] * _FACTORS[0] + points[1:-1] * _FACTORS[1] + points[2:] * _FACTORS[2]
    mixed ^= mixed >> np.uint64(29)
    buckets = (mixed * _FACTORS[0] >> np.uint64(20)).astype(np.int64) & (BUCKETS - 1)
    ends = np.cumsum([len(line) for line in lines]).tolist()
    # Triples that reach over from one text into the next are left out.
    return [buckets[end - len(line) : max(end - 2, 0)] for line, end in zip(lines, ends, strict=True)]


def learn(profile: Profile, texts: Sequence[Ints]) -> tuple[list[Distance], Profile]:
    """Say of items in order how far each is from what was seen before it, and learn it then.

    The distance is an item's mean surprise (-log2 of the smoothed share of each of its triples) less the usual one,
    times the root of its length (48 triples and more count alike, as longer texts stay as different as their topics
    are), set in relation to the same of the last 400 items. One outlier hardly moves their median and percentile.

    What it does not give: a chance of being wrong. An item may be familiar and hard, or strange and easy.

    Args:
        profile: what was seen so far.
        texts: each item's buckets (`grams`).

    Returns:
        The distances, and the profile with the items in it. Texts too short to judge are not learned. The
        last 400 are put in order every 16 items, and at the start of a call.
    """
    learner = _Learner(profile)
    return [learner.learn(text) for text in texts], learner.profile()


class _Learner:
    """A profile while it learns."""

    def __init__(self, start: Profile) -> None:
        self._counts, self._total = start.counts.copy(), int(start.counts.sum())
        self._usual, self._window = start.usual, list(start.window)
        self._seen, self._strange = start.seen, start.strange
        self._ordered = sorted(self._window)

    def learn(self, text: Ints) -> Distance:
        if len(text) < _LEAST_GRAMS:
            return Distance()
        if self._seen % _LOOKED_EVERY == 0:
            self._window = self._window[-WINDOW:]
            self._ordered = sorted(self._window)
        shares = (self._counts.take(text) + _SMOOTH) / (self._total + _SMOOTH * BUCKETS)
        surprise = -float(np.add.reduce(np.log2(shares))) / len(text)
        away = (surprise - self._usual) * min(len(text), _FULL_LENGTH) ** 0.5 if self._seen else 0.0
        distance = self._distance(away)
        self._strange += distance.is_unfamiliar
        if not distance.is_unfamiliar or self._strange % _OUTLIERS_KEPT == 0:
            self._keep(text, surprise, away)
        self._seen += 1
        return distance

    def profile(self) -> Profile:
        return Profile(self._counts, self._usual, tuple(self._window[-WINDOW:]), self._seen, self._strange)

    def _distance(self, away: float) -> Distance:
        count = len(self._ordered)
        if self._seen < LEAST_SEEN or count < LEAST_SEEN // 2:
            return Distance()
        middle, high = self._ordered[count // 2], self._ordered[int(0.95 * (count - 1))]
        as_far = count - bisect_left(self._ordered, away)
        return Distance((away - middle) / max(high - middle, LEAST_FAR), (as_far + 0.5) / (count + 1.0))

    def _keep(self, text: Ints, surprise: float, away: float) -> None:
        self._counts += np.bincount(text, minlength=BUCKETS)
        self._total += len(text)
        if self._total > _PROFILE_MOST:
            self._counts //= 2
            self._total = int(self._counts.sum())
        self._usual += max(0.005, 1.0 / (self._seen + 1)) * (surprise - self._usual)
        self._window.append(away)
