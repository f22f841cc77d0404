"""What a receiver answered, as it may be kept: bounded, plain, without secrets, and without what it repeats."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

MOST = 1024  # bytes of UTF-8
HIDDEN = "[…]"
_SHORTEST = 3  # of what is looked for: shorter texts stand everywhere
_SECRETS = (
    re.compile(r"whsec_[A-Za-z0-9+/=_-]+"),
    re.compile(r"v1,[A-Za-z0-9+/]{16,}={0,2}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"(?i)(?<=[\"'\s{&?,;])(?:[a-z0-9_-]*(?:token|secret|password|passwd|authorization|api[_-]?key|cookie))"
        r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?[^\s\"',;&}]{1,400}"
    ),
)
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def answer(text: str, *, of: bytes) -> str:
    """The beginning of what a receiver said to the body `of`, as it may be stored."""
    said = _plain(text)
    held = sorted(set(_held(of)), key=len, reverse=True)
    for one in held:
        said = said.replace(one, HIDDEN)
    said = f" {_whole(said, held)}"
    for secret in _SECRETS:
        said = secret.sub(HIDDEN, said)
    return said[1:].encode()[:MOST].decode(errors="ignore")


def _plain(text: str) -> str:
    return _ODD.sub(" ", text.replace("\r\n", "\n"))


def _whole(said: str, held: Sequence[str]) -> str:
    """Without the beginning of something held at its end: no more of the answer was read, or no more was said."""
    said = said.rstrip("\ufffd")  # half a letter
    ends = len(said)
    for one in held:
        place = said.find(one[:_SHORTEST])
        while 0 <= place < ends and not one.startswith(said[place:]):
            place = said.find(one[:_SHORTEST], place + 1)
        if 0 <= place < ends:
            ends = place
    return said if ends == len(said) else said[:ends] + HIDDEN


def _held(body: bytes) -> Iterator[str]:
    """What of an item's result a receiver could repeat, as text and as JSON writes it."""
    told = json.loads(body).get("data", {})
    for value in _leaves([told.get("answer"), told.get("reason")]):
        if len(value) >= _SHORTEST:
            yield _plain(value)
            yield json.dumps(value)[1:-1]
            yield json.dumps(value, ensure_ascii=False)[1:-1]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from _leaves(child)
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)
