"""Which calls take unusually long, and for how many of them a second call may be sent (hedged requests).

The rule is that of «The Tail at Scale» (Dean and Barroso, 2013): a second call after the 95th percentile of what calls
usually take, so that about one call in twenty is asked twice, and here never more than a set share of them.
"""

from collections import deque

SHARE = 0.05
KNOWN_FROM = 40
REMEMBERED = 200
PERCENTILE = 0.95


class Stragglers:
    """What lately answered calls took, of one worker in one process."""

    def __init__(self) -> None:
        self._took: deque[float] = deque(maxlen=REMEMBERED)
        self._after_s: float | None = None
        self.asked = 0
        self.hedged = 0

    @property
    def after_s(self) -> float | None:
        """After so long a call is a straggler; None while too little is known."""
        if self._after_s is None and len(self._took) >= KNOWN_FROM:
            self._after_s = sorted(self._took)[int(PERCENTILE * len(self._took))]
        return self._after_s

    @property
    def may(self) -> bool:
        """Whether one more call may be sent twice and leave the share of those at `SHARE` or below."""
        return self.hedged + 1 <= SHARE * self.asked

    def took(self, latency_s: float) -> None:
        """A call was answered after so long. The percentile is looked up anew every twenty answers."""
        self._took.append(latency_s)
        self.asked += 1
        if self.asked % 20 == 0:
            self._after_s = None
