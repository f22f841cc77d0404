"""Deliver one webhook: to the vetted address only, within one deadline, reading no more than needs be."""

import http.client
import queue
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from slider import retry_after
from slider.webhook import target as targets
from slider.webhook.line import Deadline, Line, connected
from slider.webhook.target import Resolver, Target, UrlError

MOST_RETRY_AFTER_S = 24 * 3600.0
_MOST_READ = 64 * 1024
_EXCERPT = 2_000


class Reason(StrEnum):
    """Why a delivery failed."""

    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    GONE = "gone"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it: a status from 200 to 299. `excerpt` is the beginning of what it said."""

    status: int
    latency_ms: float
    excerpt: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver may or may not have got it; try again with the same id, unless `gone`."""

    reason: Reason
    detail: str
    latency_ms: float
    status: int | None = None
    retry_after_s: float | None = None
    excerpt: str = ""

    @property
    def gone(self) -> bool:
        """The receiver answered 410: it wants no more of these, ever."""
        return self.reason is Reason.GONE


@dataclass(frozen=True, slots=True)
class Refused:
    """We did not send it, because of where it would have gone; trying again changes nothing."""

    code: str
    detail: str


Outcome: TypeAlias = Delivered | Failed | Refused


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allow_hosts: Collection[str] = (),
    timeout_s: float = 15.0,
    resolver: Resolver = targets.resolve,
    tls: ssl.SSLContext | None = None,
) -> Outcome:
    """Send `body` to `url` and say how it went; raises for nothing that a receiver, a network or DNS can do.

    `timeout_s` bounds everything together: DNS, connecting, TLS, sending and the answer. `tls` replaces the
    system's trust store. Redirects are failures, for they could lead anywhere.
    """
    started = time.monotonic()
    deadline = Deadline(started + timeout_s)
    try:
        target = targets.check_url(url, allow_hosts=allow_hosts)
    except UrlError as error:
        return Refused(error.code, error.message)
    try:
        addresses = _resolved(target, allow_hosts, resolver, deadline)
    except UrlError as error:
        return Refused(error.code, error.message)
    except TimeoutError:
        return _failed(Reason.TIMEOUT, f"DNS gave no answer within {timeout_s:g} s", started)
    except OSError as error:
        return _failed(Reason.DNS, f"the name {target.host} was not found: {error.strerror or error}", started)
    try:
        return _exchanged(target, addresses, body, headers, deadline, started, tls)
    except TimeoutError:
        return _failed(Reason.TIMEOUT, f"no whole answer within {timeout_s:g} s", started)
    except ssl.SSLError as error:
        return _failed(Reason.TLS, f"the receiver's certificate or TLS is not good: {_tls_words(error)}", started)
    except ConnectionError as error:
        return _failed(Reason.CONNECTION, f"the connection broke: {type(error).__name__}", started)
    except http.client.HTTPException as error:
        return _failed(Reason.PROTOCOL, f"the receiver's answer is not HTTP: {type(error).__name__}", started)
    except OSError as error:
        return _failed(Reason.CONNECTION, f"the connection failed: {error.strerror or type(error).__name__}", started)


def _resolved(target: Target, allow_hosts: Collection[str], resolver: Resolver, deadline: Deadline) -> list[str]:
    """Ask DNS in a thread of its own: the system's resolver knows no deadline."""
    answer: queue.SimpleQueue[list[str] | OSError | UrlError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(targets.vetted(target, allow_hosts=allow_hosts, resolve=resolver))
        except (OSError, UrlError) as error:
            answer.put(error)

    threading.Thread(target=look_up, name="webhook-dns", daemon=True).start()
    try:
        found = answer.get(timeout=deadline.left_s())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    return found


def _exchanged(
    target: Target,
    addresses: list[str],
    body: bytes,
    headers: Mapping[str, str],
    deadline: Deadline,
    started: float,
    tls: ssl.SSLContext | None,
) -> Outcome:
    with connected(target, addresses, deadline, tls) as line:
        connection = http.client.HTTPConnection(target.host, target.port)
        # Given a socket, it never connects by itself, which would ask DNS a second time.
        connection.sock = Line(line, deadline)
        sent = {"Host": _authority(target), "User-Agent": "Slider-Webhook/1", **headers}
        connection.request("POST", target.path, body, sent)
        answer = connection.getresponse()
        try:
            excerpt = answer.read(_MOST_READ)[:_EXCERPT].decode(errors="replace").replace("\x00", "\ufffd")
        except (http.client.HTTPException, OSError):
            excerpt = ""  # the status has been given, and the status is what counts
        finally:
            answer.close()
    return _judged(answer, excerpt, started)


def _judged(answer: http.client.HTTPResponse, excerpt: str, started: float) -> Outcome:
    status, latency_ms = answer.status, (time.monotonic() - started) * 1000
    if 200 <= status < 300:
        return Delivered(status, latency_ms, excerpt)
    if 300 <= status < 400:
        reason, detail = (
            Reason.REDIRECT,
            f"it answered {status}: redirects are not followed, enter the new address",
        )
    elif status == 410:
        reason, detail = Reason.GONE, "it answered 410: it wants no more of these"
    else:
        reason, detail = Reason.STATUS, f"it answered {status}"
    wait_s = retry_after.seconds(answer.getheader("Retry-After"), now=datetime.now(UTC), most_s=MOST_RETRY_AFTER_S)
    return Failed(reason, f"the receiver did not take it: {detail}", latency_ms, status, wait_s, excerpt)


def _failed(reason: Reason, detail: str, started: float) -> Failed:
    return Failed(reason, detail, (time.monotonic() - started) * 1000)


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.has_usual_port else f"{host}:{target.port}"


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return error.reason or "the handshake failed"
