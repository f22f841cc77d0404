"""How far a call may go: an endpoint that somebody entered is on the public internet, or it is not called.

The address is looked at where a connection is made, and the connection goes to what was looked at: a name that is
public when it is entered and private when it is called gets nowhere. Through a proxy that the environment names, the
proxy decides what it connects to.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpcore2
import httpx2
import openai

from slider.webhook import target


class InsideError(OSError):
    """The endpoint is not on the public internet, and nobody who runs the installation allowed it."""


def words(host: str) -> str:
    """What whoever entered the address reads."""
    return f"{host[:80]} is not on the public internet: an operator can allow it by name in SLIDER_MODEL_HOSTS."


def refuse_inside(host: str, found: Iterable[str]) -> None:
    """Raise InsideError when one of a host's addresses is not public."""
    for address in found:
        if not target.is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise InsideError(words(host))


def refuse_literal(host: str) -> None:
    """The same for a host that is an address itself, for which no name is looked up."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return
    refuse_inside(host, [host.strip("[]")])


class Resolver(aiohttp.ThreadedResolver):
    """Looks names up as ever, and gives no address that is not public."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        found = await super().resolve(host, port, family)
        refuse_inside(host, [one["host"] for one in found])
        return found


class _Backend(httpcore2.SyncBackend):
    """Connects to the address that was looked at, not to the name."""

    def connect_tcp(self, host: str, port: int, *given: Any, **more: Any) -> httpcore2.NetworkStream:
        try:
            found = target.resolve(host, port)
            refuse_inside(host, found)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        return super().connect_tcp(found[0], port, *given, **more)


def vendor(base_url: str, *, api_key: str, timeout_s: float, only_public: bool) -> openai.OpenAI:
    """The vendor's client; with `only_public` one that reaches public addresses alone."""
    own = _public_client(timeout_s) if only_public and proxy_of(base_url) is None else None
    if only_public:
        refuse_literal(httpx2.URL(base_url).host)
    return openai.OpenAI(
        base_url=base_url, api_key=api_key or "none", max_retries=0, timeout=timeout_s, http_client=own
    )


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    named = getproxies()
    return named.get(parts.scheme) or named.get("all")


def _public_client(timeout_s: float) -> httpx2.Client:
    transport = httpx2.HTTPTransport()
    transport._pool = httpcore2.ConnectionPool(ssl_context=httpx2.create_ssl_context(), network_backend=_Backend())
    return httpx2.Client(transport=transport, timeout=timeout_s, follow_redirects=False)
