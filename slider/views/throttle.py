"""How often a password, a code or a link may be tried: of one name, of one person, and of one address at all."""

import hashlib
import ipaddress
import unicodedata

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

TRIES = RateLimitItemPerMinute(5, 15, namespace="sign-in")
# Somebody's second step, wherever it is tried from: who gets here knows the password.
CODES = RateLimitItemPerMinute(5, 15, namespace="second-step")
RESETS = RateLimitItemPerMinute(3, 15, namespace="reset")
# Of one address, whatever it tries: new passwords, passkeys, invitations.
ADDRESS = RateLimitItemPerMinute(30, 15, namespace="address")
WORDS = (
    "That name and password do not belong together, or there were too many tries. After five failures wait 15 minutes."
)
WORDS_AGAIN = "That is not it, or there were too many tries. After five failures wait 15 minutes."
# Where Redis is away each web process counts for itself: more tries then, but never without an end.
_own = MovingWindowRateLimiter(MemoryStorage())


def allow(name: str, *, address: str, most: RateLimitItem = TRIES) -> bool:
    """Count one try, before what is tried is looked at, so that parallel tries can't outrun the count."""
    try:
        return _shared().hit(most, _key(name, address))
    except (RedisError, StorageError) as error:
        log.warning("sign-in tries are counted without Redis", error=str(error)[:200])
        return _own.hit(most, _key(name, address))


def lets_in(address: str) -> bool:
    """Count one try to sign in of an address, under whatever name: a right one takes nothing back.

    Whoever has a password of their own could count from nothing otherwise, after each try at somebody else's.
    """
    most = RateLimitItemPerMinute(settings.ENV.SLIDER_SIGN_INS, 15, namespace="door")
    return allow("", address=_place(address), most=most)


def _place(address: str) -> str:
    """An address as it is handed out: of IPv6 everybody has a network of 2**64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network(f"{known}/64", strict=False))
    return address


def forget(name: str, *, address: str, most: RateLimitItem = TRIES) -> None:
    """A right one ends the count."""
    _own.clear(most, _key(name, address))
    try:
        _shared().clear(most, _key(name, address))
    except (RedisError, StorageError) as error:
        log.warning("sign-in tries could not be cleared", error=str(error)[:200])


def _key(name: str, address: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return hashlib.sha256(f"{folded}\n{address}".encode("utf-8", "surrogatepass")).hexdigest()


def _shared() -> MovingWindowRateLimiter:
    address = settings.REDIS_URL
    if address.startswith("unix:"):
        address = f"redis+{address}"
    storage: Storage = RedisStorage(address, socket_timeout=1, socket_connect_timeout=1, wrap_exceptions=True)
    return MovingWindowRateLimiter(storage)
