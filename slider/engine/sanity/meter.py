"""A meter of one kind of answer over time: an alarm when one of them takes over, with a false-alarm budget."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

BUDGET = 100_000
"""Observations between two false alarms, on average at least, on a steady stream."""

FIRST = 200
"""Observations that only teach what is usual."""

RECENT = 200
GIVEN_IN = 1_000
"""Observations after which an alarm that still stands is taken for the new usual, and learned anew."""

_KEYS = 24
_BETS = (0.3, 0.9)
_KEPT = (1.0 - _BETS[0], 1.0 - _BETS[1])
_MOST_COUNTED = 60
_FORGET_AT = 4_000.0
_LARGEST = 1e15
_RELIEF = 0.1


@dataclass(frozen=True, slots=True)
class Alarm:
    """What took over: its key, its label, its usual share, when the alarm was raised, and how many came since."""

    key: str
    label: str
    usual: float
    at: float
    since: int = 0


@dataclass(frozen=True, slots=True)
class Meter:
    """The state of a meter, kept as JSON.

    Attributes:
        counts, total: how often each key came, for what is usual; halved at 4,000. At most 60 keys are counted.
        wealth: of each key that is being watched, one Shiryaev-Roberts sum a bet; at most 24 keys.
        recent: the last 200 keys.
        alarm: the one that stands, or None.
        raised: alarms so far.
    """

    counts: Mapping[str, float] = field(default_factory=dict)
    total: float = 0.0
    wealth: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    alarm: Alarm | None = None
    raised: int = 0

    @property
    def bits(self) -> float:
        """The entropy of the last keys, in bits: 0 when all are the same."""
        return _entropy([self.recent.count(key) for key in set(self.recent)])

    @property
    def usual_bits(self) -> float:
        """The entropy of what is usual, over the keys that are counted."""
        return _entropy(list(self.counts.values()))

    def share(self, key: str) -> float:
        """The share of a key among the last 200."""
        return self.recent.count(key) / len(self.recent) if self.recent else 0.0

    def to_json(self) -> dict[str, object]:
        alarm = self.alarm
        told = None if alarm is None else [alarm.key, alarm.label, alarm.usual, alarm.at, alarm.since]
        return {
            "counts": dict(self.counts),
            "total": self.total,
            "wealth": {key: [float(f"{value:.6g}") for value in values] for key, values in self.wealth.items()},
            "recent": list(self.recent),
            "alarm": told,
            "raised": self.raised,
        }

    @classmethod
    def from_json(cls, stored: object) -> "Meter":
        """Read back what `to_json` wrote; raises ValueError when it is something else."""
        try:
            told = stored["alarm"]  # type: ignore[index]
            return cls(
                {str(key): float(count) for key, count in stored["counts"].items()},  # type: ignore[index]
                float(stored["total"]),  # type: ignore[index]
                {str(key): (float(a), float(b)) for key, (a, b) in stored["wealth"].items()},  # type: ignore[index]
                tuple(str(key) for key in stored["recent"]),  # type: ignore[index]
                None
                if told is None
                else Alarm(str(told[0]), str(told[1]), float(told[2]), float(told[3]), int(told[4])),
                int(stored["raised"]),  # type: ignore[index]
            )
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ValueError(f"A stored meter can't be read: {error!r}.") from error


def observe(meter: Meter, keys: Sequence[str], *, labels: Mapping[str, str], at: float, only: str = "") -> Meter:
    """Add observations in order.

    For each key and each bet e a Shiryaev-Roberts sum is kept: M <- (M + 1) * (1 - e + e * [this key came] / q),
    where q is an upper limit of the key's usual share (its count, plus twice its root, plus 3, over all). The alarm is
    raised when the mean of the sums over 24 keys and two bets reaches 100,000.

    The promise: on a stream of independent observations whose shares stay at or below those limits, there are on
    average at least 100,000 observations until a false alarm, since sum minus observations is a supermartingale
    (Pollak, "Optimal detection of a change in distribution", Annals of Statistics, 1985). Not promised for streams
    that come sorted or in bursts: there an alarm says just that.

    While an alarm stands nothing is learned. It is lowered when the last 200 hold at most the usual share and a tenth
    more, and given in to after 1,000.

    Args:
        meter: the state before.
        keys: what came, in order.
        labels: what to call a key on a page; a key without one is called by itself.
        at: when these came, in seconds since 1970: an alarm raised now names it.
        only: the only key to watch; all of them when empty.

    Returns:
        The state after. To observe one at a time gives the same, but for the times.
    """
    running = _Running(meter, only)
    for key in keys:
        running.add(key, labels.get(key, key), at)
    return running.meter()


class _Running:
    """A meter while it runs."""

    def __init__(self, start: Meter, only: str) -> None:
        self._counts, self._total, self._only = dict(start.counts), start.total, only
        self._names = list(start.wealth)
        self._most = 1 if only else _KEYS
        self._wealth = list(start.wealth.values())
        self._recent, self._alarm, self._raised = list(start.recent), start.alarm, start.raised

    def add(self, key: str, label: str, at: float) -> None:
        self._recent.append(key)
        if self._alarm is not None:
            self._stand(self._alarm)
            return
        if self._total >= FIRST:
            self._bet(key, label, at)
        self._learn(key)

    def meter(self) -> Meter:
        wealth = dict(zip(self._names, self._wealth, strict=True))
        return Meter(self._counts, self._total, wealth, tuple(self._recent[-RECENT:]), self._alarm, self._raised)

    def _bet(self, key: str, label: str, at: float) -> None:
        low, high = _KEPT
        self._wealth = [((one + 1.0) * low, (other + 1.0) * high) for one, other in self._wealth]
        if key not in self._names:
            if not self._only or key == self._only:
                self._watch(key)
            return
        place, usual = self._names.index(key), self._usual(key)
        won = zip(self._wealth[place], _BETS, _KEPT, strict=True)
        self._wealth[place] = tuple([min(held / kept * (kept + bet / usual), _LARGEST) for held, bet, kept in won])
        # Only a key that came can have raised the mean of the sums.
        if self._mean() >= BUDGET:
            worst = self._names[self._by_wealth(max)]
            self._alarm = Alarm(worst, label if worst == key else worst, self._usual(worst), at)
            self._raised += 1
            self._names, self._wealth = [], []

    def _mean(self) -> float:
        """The mean over all sums that may be kept, of keys that are not watched yet as well."""
        return sum(map(sum, self._wealth)) / (self._most * len(_BETS))

    def _by_wealth(self, which: Callable[..., int]) -> int:
        """The place of the key that has most or least; the first of several."""
        return which(range(len(self._wealth)), key=lambda place: sum(self._wealth[place]))

    def _watch(self, key: str) -> None:
        """Watch a key from its next appearance on, in the place of the one that gives least reason to be watched."""
        if len(self._names) < self._most:
            self._names.append(key)
            self._wealth.append((0.0,) * len(_BETS))
            return
        place = self._by_wealth(min)
        self._names[place], self._wealth[place] = key, (0.0,) * len(_BETS)

    def _usual(self, key: str) -> float:
        count = self._counts.get(key, 0.0)
        return min(1.0, (count + 2.0 * math.sqrt(count) + 3.0) / self._total)

    def _learn(self, key: str) -> None:
        self._counts[key] = self._counts.get(key, 0.0) + 1.0
        self._total += 1.0
        if len(self._counts) > _MOST_COUNTED:
            del self._counts[min(self._counts, key=lambda name: self._counts[name])]
        if self._total > _FORGET_AT:
            self._counts = {name: count / 2 for name, count in self._counts.items()}
            self._total /= 2

    def _stand(self, alarm: Alarm) -> None:
        since = alarm.since + 1
        last = self._recent[-RECENT:]
        if since >= RECENT // 2 and last.count(alarm.key) / len(last) <= alarm.usual + _RELIEF:
            self._alarm = None
        elif since >= GIVEN_IN:
            self._alarm, self._counts, self._total = None, {}, 0.0
        else:
            self._alarm = Alarm(alarm.key, alarm.label, alarm.usual, alarm.at, since)


def _entropy(counts: list[int] | list[float]) -> float:
    total = float(sum(counts))
    return -math.fsum(count / total * math.log2(count / total) for count in counts if count) + 0.0 if total else 0.0
