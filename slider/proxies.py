"""Whose word is taken for where a request comes from: that of our own proxies, and of nobody else."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

NOWHERE = "0.0.0.0"  # noqa: S104  # a request by a socket without an address, as it is written down


def is_ours(address: str) -> bool:
    """Whether an address is one of SLIDER_TRUSTED_PROXIES."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in _networks(tuple(settings.ENV.SLIDER_TRUSTED_PROXIES)))


def client(request: HttpRequest) -> str:
    """The address that a request comes from: the last one before our own proxies."""
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    if not is_ours(nearest):
        return nearest
    for one in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        said = one.strip()
        try:
            ipaddress.ip_address(said)
        except ValueError:
            break
        nearest = said
        if not is_ours(said):
            break
    return nearest


@lru_cache(maxsize=8)
def _networks(said: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in said)
