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
from slider.models import ApiKey, Membership, Role, Scope
from slider.models.project import RIGHTS, SAID, enough_for

log = structlog.get_logger(__name__)

RATE = RateLimitItemPerMinute(1200, namespace="api")
_FORM = re.compile(r"sl_([0-9a-f]{8})_[A-Za-z0-9_-]{20,100}")
_NOBODY = bytes(32)
_BLIND_S = 5.0
_HEADERS = {"WWW-Authenticate": 'Bearer realm="slider"'}
_blind_until = 0.0


# What a scope lets one do, in the words of the roles: a call may name a right of its own instead.
VERBS = {
    Scope.INTAKE: "intake",
    Scope.READ: "see items",
    Scope.EXPORT: "export",
    Scope.REVIEW: "review",
    Scope.STEER: "steer",
    Scope.EDIT: "edit task",
    Scope.LEAD: "lead",
    Scope.ADMINISTER: "administer",
}


class Key(HttpBearer):
    """Lets a request in whose key has the wanted scope, and whose person, if it acts for one, has the right.

    `request.auth` is the key, with its project, its person and their role.
    """

    def __init__(self, scope: Scope | None, verb: str = "") -> None:
        super().__init__()
        self.scope = scope
        self.verb = verb or (VERBS[scope] if scope else "")

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """The key, or a Fault: 401 for no good key, 403 for a missing scope or right, 429 for too many calls."""
        key = known(token)
        throttle(request, key)
        if self.scope is not None and self.scope.value not in key.scopes:
            raise Fault(
                403,
                "scope",
                f"The key {key.name!a} may not {self.scope.label}: it lacks the scope {self.scope.value!r}.",
                hint="Ask an admin of the project for a key with that scope, or make one that acts for you.",
            )
        if key.person is not None and self.verb:
            demand(key, self.verb)
        if request.method not in ("GET", "HEAD"):
            keys.used(key)
            act(by=key.person_id, via=f"key {key.pk}")
        return key


def known(token: str) -> ApiKey:
    """The key that this text is, if it is one that holds now. Unknown, expired and revoked sound the same."""
    form = _FORM.fullmatch(token)
    found = ApiKey.objects.select_related("project", "person", "created_by")
    key = found.filter(prefix=form[1]).first() if form else None
    # Compared also where there is no key, so that the time taken does not tell prefixes that exist.
    matches = (key or ApiKey(digest=_NOBODY)).is_made_of(token[:200])
    now = timezone.now()
    if key is None or not matches or key.revoked_at is not None or (key.expires_at and key.expires_at <= now):
        raise unauthorised()
    if key.person is not None:
        key.role = _role(key)
    return key


def _role(key: ApiKey) -> str:
    """What the key's person is in its project at this moment; whoever left it, or may not sign in, has no key."""
    role = Membership.objects.filter(user=key.person, project=key.project).values_list("role", flat=True)
    found = role.first()
    if found is None or key.person is None or not key.person.is_active:
        raise unauthorised()
    return found


def may(key: ApiKey, verb: str) -> bool:
    """Whether the key's person may do this; a program's key has no other bounds than its scopes."""
    return key.person_id is None or verb in RIGHTS[key.role]


def demand(key: ApiKey, verb: str) -> None:
    """Fault 403 unless the key's person may do this in its project."""
    if may(key, verb):
        return
    raise Fault(
        403,
        "role",
        f"{key.person} is a {Role(key.role).label} in {key.project.name}. To {SAID.get(verb, verb)} there takes the "
        f"role {' or '.join(enough_for(verb))}.",
        hint="Ask an admin of the project for that role.",
    )


def unauthorised() -> Fault:
    """No good key came with the request."""
    return Fault(
        401,
        "unauthorised",
        "The request carries no key that holds now.",
        hint="Send it as: Authorization: Bearer sl_... An admin of the project makes keys.",
        headers=_HEADERS,
    )


def throttle(request: HttpRequest, key: ApiKey) -> None:
    """Count the call; Fault 429 when the key has called too often. Without Redis nothing is counted."""
    global _blind_until  # noqa: PLW0603  # one circuit breaker a process
    if monotonic() < _blind_until:
        return
    limiter = _limiter(settings.REDIS_URL)
    try:
        hit = limiter.hit(RATE, str(key.pk))
        window = limiter.get_window_stats(RATE, str(key.pk))
    except (RedisError, StorageError) as error:
        # Intake goes on without Redis. A pause keeps each call from waiting for it anew.
        _blind_until = monotonic() + _BLIND_S
        log.warning("API calls are not counted: Redis is away", error=str(error)[:200])
        return
    wait_s = max(1, min(60, ceil(window.reset_time - time())))
    request.api_rate = {  # type: ignore[attr-defined]  # the door writes them on the answer
        "RateLimit-Limit": str(RATE.amount),
        "RateLimit-Remaining": str(max(0, window.remaining)),
        "RateLimit-Reset": str(wait_s),
    }
    if hit:
        return
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
