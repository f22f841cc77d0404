"""Where a webhook may go: an address on the public internet, or a host that the operator allowed by name."""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver: TypeAlias = Callable[[str, int], list[str]]
"""Gives the IP addresses of a host name, or raises OSError; takes host and port."""

_LONGEST_URL = 2_000
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252})")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What the standard library of some Python versions takes for public: protocol assignments, the old relays of 6to4,
# local NAT64, documentation, and the address at which one cloud's virtual machines reach their host.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "168.63.129.16/32"),
    )
)


class UrlError(ValueError):
    """An address that no webhook is sent to; `code` is for programs, the text says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address in its parts; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def has_usual_port(self) -> bool:
        """Whether the port is the scheme's own, which needs no saying."""
        return self.port == _PORTS[self.scheme]


def check_url(url: str, *, allow_hosts: Collection[str] = ()) -> Target:
    """The parts of an address that a webhook may be sent to, or `UrlError`. Looks at the text, asks no DNS.

    `allow_hosts` are host names or IP addresses that the operator trusts: for them plain http, any port and
    private addresses are fine. Names that resolve to private addresses are refused when a delivery connects.
    """
    _refuse_odd_text(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlError("url_syntax", "this is not a web address: write https://host/path") from None
    if parts.scheme not in _PORTS:
        raise UrlError("url_scheme", f"the address begins with {parts.scheme!a}: it must be https://")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise UrlError("url_user", "the address holds a user name or password: remove it, the signature is enough")
    if "#" in url:
        raise UrlError("url_fragment", "the address holds a # part, which is never sent: remove it")
    host = (parts.hostname or "").rstrip(".")
    literal = _literal(host)
    if literal is None and not _HOST.fullmatch(host):
        raise UrlError("url_host", f"the host {host!a} can't be used: write it in ASCII, in its xn-- form if need be")
    target = Target(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, _path(parts.path, parts.query))
    if host not in _lowered(allow_hosts):
        _refuse_private(target, literal)
    return target


def vetted(target: Target, *, allow_hosts: Collection[str], resolve: Resolver) -> list[str]:
    """The IP addresses to connect to: all that DNS gives, or `UrlError` when one of them is not public.

    Connect to these and ask no second time, or a name could answer with a private address then.
    Raises OSError when the name can't be resolved.
    """
    found = resolve(target.host, target.port)
    if not found:
        raise OSError(f"the name {target.host} has no address")
    if target.host not in _lowered(allow_hosts):
        for address in found:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise UrlError("url_private", _private(target.host))
    return found


def is_public(address: Address) -> bool:
    """Whether an address lies on the public internet, also one that hides an IPv4 address in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
        if address.teredo is not None or address.is_site_local:
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver, without repetitions, in its order."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("a part of the name is empty or longer than 63 characters") from None
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _refuse_odd_text(url: str) -> None:
    if len(url) > _LONGEST_URL:
        raise UrlError("url_length", f"the address has {len(url):,} characters: at most {_LONGEST_URL:,} are taken")
    odd = next((sign for sign in url if not "!" <= sign <= "~" or sign == "\\"), None)
    if odd is not None:
        raise UrlError("url_character", f"the address holds {odd!a}: write it in plain ASCII, percent-encoded")


def _refuse_private(target: Target, literal: Address | None) -> None:
    if literal is not None and not is_public(literal):
        raise UrlError("url_private", _private(target.host))
    if target.host == "localhost" or target.host.endswith((".localhost", ".local", ".internal")):
        raise UrlError("url_private", _private(target.host))
    if target.scheme != "https":
        raise UrlError("url_scheme", "the address begins with http://: only https:// is safe on the internet")
    if target.port != 443 and target.port < 1024:
        raise UrlError("url_port", f"the port {target.port} belongs to another service: use 443 or one from 1024 up")


def _private(host: str) -> str:
    return f"{host} is not on the public internet: an operator can allow it by name in the settings"


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _path(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _lowered(hosts: Collection[str]) -> frozenset[str]:
    return frozenset(host.lower().strip("[]").rstrip(".") for host in hosts)
