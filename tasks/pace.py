"""Requests and tokens a minute, kept over all processes and hosts in Redis, and in this process as well.

What this process has used it knows by itself, so that an emptied Redis forgets nothing of it. While Redis is away, each
pump keeps to its share of the limits.
"""

from functools import cache

import structlog
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
FIRST_GUESS = 500.0  # tokens of a call, until the first has been counted
_ANSWER_S = 1.0  # a Redis that hangs must not hold up answers that are paid for


@cache
def _own() -> MemoryStorage:
    """This process's own count: not of a shift, as the next shift has used what the last one did."""
    return MemoryStorage()


class Pace:
    """How many calls a worker may begin now. Limits are per minute; None is no limit.

    `share` (0-1) is this pump's part of the limits while the worker's pumps can't count together: without Redis.
    """

    def __init__(self, name: str, *, redis_url: str, requests: int | None, tokens: int | None) -> None:
        self._name = name
        self._requests = RateLimitItemPerMinute(requests, namespace="requests") if requests else None
        self._tokens = RateLimitItemPerMinute(tokens, namespace="tokens") if tokens else None
        self._shared: Storage = RedisStorage(
            redis_url.replace("unix://", "redis+unix://").removesuffix("?db=0"),
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
            wrap_exceptions=True,
        )
        self._a_call = FIRST_GUESS
        self.share = 1.0

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit to keep."""
        return self._requests is not None or self._tokens is not None

    def permits(self, wanted: int, *, held: int) -> int:
        """How many of `wanted` calls may begin while `held` are in the air, whose tokens are not booked yet."""
        granted = wanted
        if self._tokens is not None:
            left = self._left(self._tokens)
            # One call is let through by a fresh minute even if it takes more than the limit: else none ever would.
            fresh = held == 0 and left == self._tokens.amount
            granted = min(granted, max(int(left / self._a_call) - held, int(fresh)))
        if self._requests is not None:
            granted = min(granted, self._left(self._requests))
        return max(0, granted)

    def begun(self, calls: int) -> int:
        """Book calls as they begin and say how many of them may: another pump may have been quicker since `permits`.

        Those that were permitted and found no work cost nothing.
        """
        if self._requests is None:
            return calls
        booked = 0
        while calls - booked > 0:
            amount = min(calls - booked, self._left(self._requests))
            if amount < 1:
                break
            booked += amount if self._use(self._requests, amount) else 0
        return booked

    def used(self, *, calls: int, tokens: int) -> None:
        """Book what calls really took."""
        if self._tokens is not None and calls:
            self._a_call += 0.2 * (max(1.0, tokens / calls) - self._a_call)
            self._use(self._tokens, min(tokens, self._left(self._tokens)))

    def _left(self, item: RateLimitItemPerMinute) -> int:
        own = SlidingWindowCounterRateLimiter(_own()).get_window_stats(item, self._name).remaining
        try:
            shared = SlidingWindowCounterRateLimiter(self._shared).get_window_stats(item, self._name).remaining
        except (StorageError, RedisError):
            return max(0, own - (item.amount - max(1, int(item.amount * self.share))))
        return min(own, shared)

    def _use(self, item: RateLimitItemPerMinute, amount: int) -> bool:
        """Book so much, all of it or nothing; False when somebody else was quicker."""
        if amount < 1:
            return True
        try:
            booked = SlidingWindowCounterRateLimiter(self._shared).hit(item, self._name, cost=amount)
        except (StorageError, RedisError) as error:
            log.warning("rate limits are kept in this process alone: Redis is away", error=str(error)[:200])
            booked = True
        if booked:
            SlidingWindowCounterRateLimiter(_own()).hit(item, self._name, cost=amount)
        return booked
