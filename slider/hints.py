"""How hints come out of Redis: what is none is logged and dropped, so that no message can end a worker."""

import base64
import json
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.get_logger(__name__)
MOST_BYTES = 64 * 1024
"""A hint has a few hundred bytes; what is larger was sent by somebody else."""

NAME = f"{__name__}:Transport"
_LONGEST_NAME = 300


class Channel(redis.Channel):
    """Reads queues as kombu does, but takes out of them nothing that is no message."""

    def _brpop_read(self, **options: Any) -> bool:
        try:
            return bool(super()._brpop_read(**options))  # type: ignore[misc]  # its types leave it out
        except (ValueError, RecursionError) as error:
            # It has left the queue with the reading, and nothing else knows of it: it is dropped already.
            _drop("its envelope is no JSON", error=f"{type(error).__name__}: {error}"[:200])
            return False


class Transport(redis.Transport):
    """Redis, asked by `Channel`; each message is looked at before anything is done with it."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        wrong = fault(message)
        if wrong:
            _drop(wrong, queue=queue)
            return
        super()._deliver(message, queue)


def install() -> None:
    """Make every address of a Redis mean this transport; done before the first connection is made."""
    TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = NAME


def fault(message: Any) -> str:
    """Why a message is none of ours, in words; empty: it has the form of a hint."""
    if not isinstance(message, dict):
        return "its envelope is no object"
    properties, headers = message.get("properties"), message.get("headers")
    if not isinstance(properties, dict) or not isinstance(headers, dict):
        return "its envelope lacks properties or headers"
    where = properties.get("delivery_info")
    names = [properties.get("delivery_tag")]
    names += [where.get("exchange"), where.get("routing_key")] if isinstance(where, dict) else [None]
    if not all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in names):
        return "its envelope does not say where it comes from"
    if message.get("content-type") != "application/json" or message.get("content-encoding") != "utf-8":
        return "it is not written in JSON"
    rest = {name: value for name, value in properties.items() if name != "delivery_info"}
    return (
        _faulty_headers(headers)
        or _faulty_values(rest)
        or _faulty_body(message.get("body"), properties.get("body_encoding"))
    )


def _faulty_headers(headers: dict[str, Any]) -> str:
    for name in ("task", "id"):
        if not isinstance(headers.get(name), str) or not headers[name]:
            return f"its header {name} is no name"
    for name in ("eta", "compression", "stamps", "stamped_headers"):
        if headers.get(name):
            return f"its header {name} asks for what no hint wants"
    if headers.get("timelimit") not in (None, [None, None]):
        return "it sets a time limit of its own"
    if type(headers.get("retries", 0)) is not int or not isinstance(headers.get("expires", ""), str | None):
        return "its headers retries and expires are no number and no time"
    return _faulty_values({name: value for name, value in headers.items() if name != "timelimit"})


def _faulty_values(values: dict[str, Any]) -> str:
    """All that comes with a hint is short text, a number, or nothing at all."""
    for name, value in values.items():
        short = isinstance(value, str) and len(value) <= _LONGEST_NAME
        if not (short or value is None or value in ([], {}) or isinstance(value, int)):
            return f"{name[:40]!a} is more than a hint says"
    return ""


def _faulty_body(body: Any, encoding: Any) -> str:
    """A body is a list of arguments, of which a hint has one number at most; nothing is to be done after it."""
    if encoding != "base64" or not isinstance(body, str) or len(body) > MOST_BYTES:
        return "its body is not in base64, or too long"
    try:
        told = json.loads(base64.b64decode(body, validate=True))
    except (ValueError, RecursionError):
        return "its body is no JSON"
    if not isinstance(told, list) or len(told) != 3 or not isinstance(told[0], list) or told[1] != {}:
        return "its body is no list of arguments"
    if len(told[0]) > 1 or not all(type(one) is int and 0 <= one < 2**63 for one in told[0]):
        return "its argument is no key"
    after = told[2]
    if not isinstance(after, dict) or any(after.values()):
        return "it wants something done after it"
    return ""


def _drop(why: str, **more: Any) -> None:
    log.warning("a message that is no hint was dropped", why=why, **more)
