"""How many calls at once an endpoint bears: additive increase, multiplicative decrease, by refusals and by latency.

The rule is TCP's (RFC 5681: slow start up to a threshold, one more a round above it, half after a loss, one cut a
round), as Netflix's concurrency-limits applies it to calls; the latency's part follows its Gradient2: a short mean is
held against a long one, so that an endpoint that has become slower for good is the new normal after a while.
"""

CUT = 0.5
SLOWER = 2.0  # so many times the usual latency is a sign of a queue at the endpoint ...
SLOWER_S = 0.25  # ... where it is so many seconds more as well: less is what a busy caller adds by itself
EASE = 0.9
FORGET_S = 5.0  # so long after a refusal the limit doubles a round again
FORGET_SLOW_S = 30.0  # the same after answers were slow: a queue comes back at once where nobody remembers it
ROUND_LEAST = 10  # answers that a mean is taken over, at least
LEARN_UP, LEARN_DOWN = 0.02, 0.5


class Throttle:
    """The limit of one caller, from 1 to `most`. Times are seconds of one clock, given by whoever calls."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f"most is {most}: at least one call at once has to be allowed")
        self._most = self._bound = float(most)
        self._limit = float(most)
        self._threshold = float(most)
        self._cut_at = float("-inf")
        self._forget_at = float("-inf")
        self._slow = False
        self._usual_s: float | None = None
        self._round_s = 0.0
        self._round = 0

    @property
    def limit(self) -> int:
        """How many calls may be in the air now."""
        return int(self._now)

    @property
    def _now(self) -> float:
        return self._limit if self._limit < self._bound else self._bound

    @property
    def usual_s(self) -> float | None:
        """The usual latency of an answer; None until the first round is over."""
        return self._usual_s

    def bound(self, most: int) -> None:
        """So many may be in the air from now on, whatever the endpoint bears. What was learnt is kept for later."""
        self._bound = float(max(1, most))

    def refused(self, *, began: float, now: float) -> None:
        """A call was turned away, or ran into its deadline. Calls begun before the last cut say nothing new."""
        if began <= self._cut_at:
            return
        self._cut(max(1.0, self._now * CUT), now, forget_s=FORGET_S)

    def answered(self, *, began: float, now: float, in_air: int) -> None:
        """A call was answered while `in_air` were under way. A limit that is not used says nothing, and stays."""
        if now > self._forget_at:
            self._threshold = self._most
        if began > self._cut_at and 2 * in_air >= self._limit and not self._slow:
            self._limit = min(self._most, self._limit + (1.0 if self._limit < self._threshold else 1 / self._limit))
        self._round += 1
        self._round_s += now - began
        if self._round >= max(ROUND_LEAST, self._now):
            mean_s = self._round_s / self._round
            self._round, self._round_s = 0, 0.0
            self._weigh(mean_s, now)

    def _cut(self, limit: float, now: float, *, forget_s: float) -> None:
        self._limit = self._threshold = limit
        self._cut_at, self._forget_at = now, now + forget_s
        self._round, self._round_s = 0, 0.0

    def _weigh(self, mean_s: float, now: float) -> None:
        """Ease off a little where answers have become slow, never below a quarter: slow is not refused."""
        if self._usual_s is None:
            self._usual_s = mean_s
            return
        self._slow = mean_s > max(SLOWER * self._usual_s, self._usual_s + SLOWER_S)
        if self._slow and self._now > self._bound / 4:
            self._cut(max(1.0, self._bound / 4, self._now * EASE), now, forget_s=FORGET_SLOW_S)
        self._usual_s += (mean_s - self._usual_s) * (LEARN_UP if mean_s > self._usual_s else LEARN_DOWN)
