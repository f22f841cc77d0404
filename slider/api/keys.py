"""Who calls: a key in the Authorization header, its scope, its project, and how often it may call."""

import re
from functools import lru_cache
from math import ceil
from time import monotonic, time

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from ninja.security import HttpBearer
from redis.exceptions import RedisError

from slider.api.faults import Fault
from slider.flow import keys
from slider.flow.log import act
from slider.models import ApiKey, Scope

log = structlog.get_logger(__name__)

RATE = RateLimitItemPerMinute(1200, namespace="api")
_FORM = re.compile(r"sl_([0-9a-f]{8})_[A-Za-z0-9_-]{20,100}")
_NOBODY = bytes(32)
_BLIND_S = 5.0
_HEADERS = {"WWW-Authenticate": 'Bearer realm="slider"'}
_blind_until = 0.0


class Key(HttpBearer):
    """Lets a request in whose key has the wanted scope; `request.auth` is the key, with its project."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """The key, or a Fault: 401 for no good key, 403 for a missing scope, 429 for too many calls."""
        key = known(token)
        if self.scope.value not in key.scopes:
            raise Fault(
                403,
                "scope",
                f"The key {key.name!a} may not {self.scope.label}: it lacks the scope {self.scope.value!r}.",
                hint="Ask an admin of the project for a key with that scope.",
            )
        throttle(key)
        if request.method not in ("GET", "HEAD"):
            keys.used(key)
            act(by=None, via=f"key {key.pk}")
        return key


def known(token: str) -> ApiKey:
    """The key that this text is, if it is one that holds now. Unknown, expired and revoked sound the same."""
    form = _FORM.fullmatch(token)
    key = ApiKey.objects.select_related("project").filter(prefix=form[1]).first() if form else None
    # Compared also where there is no key, so that the time taken does not tell prefixes that exist.
    matches = (key or ApiKey(digest=_NOBODY)).is_made_of(token[:200])
    now = timezone.now()
    if key is None or not matches or key.revoked_at is not None or (key.expires_at and key.expires_at <= now):
        raise unauthorised()
    return key


def unauthorised() -> Fault:
    """No good key came with the request."""
    return Fault(
        401,
        "unauthorised",
        "The request carries no key that holds now.",
        hint="Send it as: Authorization: Bearer sl_... An admin of the project makes keys.",
        headers=_HEADERS,
    )


def throttle(key: ApiKey) -> None:
    """Count the call; Fault 429 when the key has called too often. Without Redis nothing is counted."""
    global _blind_until  # noqa: PLW0603  # one circuit breaker a process
    if monotonic() < _blind_until:
        return
    limiter = _limiter(settings.REDIS_URL)
    try:
        if limiter.hit(RATE, str(key.pk)):
            return
        reset = limiter.get_window_stats(RATE, str(key.pk)).reset_time
    except (RedisError, StorageError) as error:
        # Intake goes on without Redis. A pause keeps each call from waiting for it anew.
        _blind_until = monotonic() + _BLIND_S
        log.warning("API calls are not counted: Redis is away", error=str(error)[:200])
        return
    wait_s = max(1, min(60, ceil(reset - time())))
    raise Fault(
        429,
        "too_many_requests",
        f"This key has made more than {RATE.amount:,} calls within a minute.",
        hint="Wait, and send items in batches of up to 1,000.",
        headers={"Retry-After": str(wait_s)},
    )


@lru_cache(maxsize=4)
def _limiter(address: str) -> SlidingWindowCounterRateLimiter:
    if address.startswith("unix:"):
        address = f"redis+{address}"
    return SlidingWindowCounterRateLimiter(
        RedisStorage(address, socket_timeout=0.5, socket_connect_timeout=0.5, wrap_exceptions=True)
    )
