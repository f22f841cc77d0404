"""What the sentinels remember, learned plainly and slowly: the profile and the meter as they were first written."""

import math

import numpy as np

from slider.engine.arrays import Ints
from slider.engine.sanity.familiar import Distance, Profile
from slider.engine.sanity.meter import BUDGET, FIRST, Alarm, Meter

_BETS = np.array([0.3, 0.9])


class Learner:
    """A profile while it learns."""

    def __init__(self, start: Profile) -> None:
        self._counts, self._total = start.counts.copy(), int(start.counts.sum())
        self._usual, self._window = start.usual, list(start.window)
        self._seen, self._strange = start.seen, start.strange
        self._ordered = np.sort(np.array(self._window))

    def learn(self, text: Ints) -> Distance:
        if len(text) < 20:
            return Distance()
        if self._seen % 16 == 0:
            self._window = self._window[-400:]
            self._ordered = np.sort(np.array(self._window))
        shares = (self._counts[text] + 0.5) / (self._total + 0.5 * 2_048)
        surprise = float(-np.log2(shares).mean())
        away = (surprise - self._usual) * min(len(text), 48) ** 0.5 if self._seen else 0.0
        distance = self._distance(away)
        self._strange += distance.is_unfamiliar
        if not distance.is_unfamiliar or self._strange % 10 == 0:
            self._keep(text, surprise, away)
        self._seen += 1
        return distance

    def profile(self) -> Profile:
        return Profile(self._counts, self._usual, tuple(self._window[-400:]), self._seen, self._strange)

    def _distance(self, away: float) -> Distance:
        count = len(self._ordered)
        if self._seen < 150 or count < 75:
            return Distance()
        middle, high = float(self._ordered[count // 2]), float(self._ordered[int(0.95 * (count - 1))])
        as_far = count - int(np.searchsorted(self._ordered, away))
        return Distance((away - middle) / max(high - middle, 3.0), (as_far + 0.5) / (count + 1.0))

    def _keep(self, text: Ints, surprise: float, away: float) -> None:
        np.add.at(self._counts, text, 1)
        self._total += len(text)
        if self._total > 300_000:
            self._counts //= 2
            self._total = int(self._counts.sum())
        self._usual += max(0.005, 1.0 / (self._seen + 1)) * (surprise - self._usual)
        self._window.append(away)


class Running:
    """A meter while it runs."""

    def __init__(self, start: Meter, only: str) -> None:
        self._counts, self._total, self._only = dict(start.counts), start.total, only
        self._names = list(start.wealth)
        self._most = 1 if only else 24
        self._wealth = np.zeros((self._most, 2))
        for place, values in enumerate(start.wealth.values()):
            self._wealth[place] = values
        self._recent, self._alarm, self._raised = list(start.recent), start.alarm, start.raised

    def add(self, key: str, label: str, at: float) -> None:
        self._recent.append(key)
        if self._alarm is not None:
            self._stand(self._alarm)
            return
        if self._total >= FIRST:
            self._bet(key, label, at)
        self._counts[key] = self._counts.get(key, 0.0) + 1.0
        self._total += 1.0
        if len(self._counts) > 60:
            del self._counts[min(self._counts, key=lambda name: self._counts[name])]
        if self._total > 4_000:
            self._counts = {name: count / 2 for name, count in self._counts.items()}
            self._total /= 2

    def meter(self) -> Meter:
        wealth = {name: tuple(self._wealth[place].tolist()) for place, name in enumerate(self._names)}
        return Meter(self._counts, self._total, wealth, tuple(self._recent[-200:]), self._alarm, self._raised)

    def _bet(self, key: str, label: str, at: float) -> None:
        live = len(self._names)
        self._wealth[:live] = (self._wealth[:live] + 1.0) * (1.0 - _BETS)
        if key not in self._names:
            if not self._only or key == self._only:
                self._watch(key)
            return
        place, usual = self._names.index(key), self._usual(key)
        grown = self._wealth[place] / (1.0 - _BETS) * (1.0 - _BETS + _BETS / usual)
        self._wealth[place] = np.minimum(grown, 1e15)
        if self._wealth.sum() / self._wealth.size >= BUDGET:
            worst = self._names[int(self._wealth.sum(axis=1).argmax())]
            self._alarm = Alarm(worst, label if worst == key else worst, self._usual(worst), at)
            self._raised += 1
            self._names, self._wealth = [], np.zeros_like(self._wealth)

    def _watch(self, key: str) -> None:
        if len(self._names) < self._most:
            self._names.append(key)
            return
        place = int(self._wealth.sum(axis=1).argmin())
        self._names[place], self._wealth[place] = key, 0.0

    def _usual(self, key: str) -> float:
        count = self._counts.get(key, 0.0)
        return min(1.0, (count + 2.0 * math.sqrt(count) + 3.0) / self._total)

    def _stand(self, alarm: Alarm) -> None:
        since, last = alarm.since + 1, self._recent[-200:]
        if since >= 100 and last.count(alarm.key) / len(last) <= alarm.usual + 0.1:
            self._alarm = None
        elif since >= 1_000:
            self._alarm, self._counts, self._total = None, {}, 0.0
        else:
            self._alarm = Alarm(alarm.key, alarm.label, alarm.usual, alarm.at, since)
