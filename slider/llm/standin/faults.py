"""Faults on demand, for the whole process or for one call.

``POST /faults`` sets what holds from now on, forgets what held before, and draws from the seed anew; ``{}`` ends all
faults; ``GET /faults`` shows them. Each fault is a rate from 0 to 1, or an object with a rate and options::

    {"latency_ms": 200, "jitter_ms": 100,
     "rate_limit": {"rate": 0.05, "retry_after_s": 2}, "error": 0.01,
     "regress": {"rate": 0.3, "quiet": true}}

The header ``X-Standin-Fault`` asks for faults in one call: names separated by commas, such as ``refuse``,
``latency_ms=500, empty``, ``rate_limit=7`` (seconds), ``regress=loud``. The faults:

    latency_ms, jitter_ms   wait so long (and up to so much more) before anything else
    bears                   so many calls at once; each further one gets a 429 (0: any number)
    batch_ms                a batch takes so long
    batch_expire            so large a share (0-1) of a batch's lines is not done when its time is over
    batch_fail              1: batches fail when they are checked, before any line is worked on
    rate_limit    429 with Retry-After (option retry_after_s, default 1)
    unavailable   503 with Retry-After (the same option)
    error         500
    hang          no answer until the caller goes away
    html          200 with a web page where JSON should be
    reset         half of the response, then the connection is reset
    drip          the response comes a few bytes at a time (option pause_ms, default 50)
    truncate      half of the answer, finish_reason "length"
    refuse        message.refusal is set and content is null
    empty         content is ""
    malformed     content is not JSON
    break_schema  content is JSON that the schema does not allow
    gibberish     content that the schema allows, with nonsense in its free texts
    one_sample    one choice, however many were asked for
    no_n          400 when more than one choice is asked for
    huge          10 MB of content
    regress       the answer's first choice is wrong; with quiet (the default) as confidently as it was right.
                  Which questions go wrong depends on their text alone, so asking again does not help.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from slider.llm.standin.errors import bad_parameter


class Fault(StrEnum):
    """What can go wrong on demand; when several are due in one call, the first of this list happens."""

    HANG = "hang"
    RATE_LIMIT = "rate_limit"
    UNAVAILABLE = "unavailable"
    NO_N = "no_n"
    ERROR = "error"
    RESET = "reset"
    HTML = "html"
    HUGE = "huge"
    DRIP = "drip"
    REFUSE = "refuse"
    EMPTY = "empty"
    TRUNCATE = "truncate"
    MALFORMED = "malformed"
    BREAK_SCHEMA = "break_schema"
    GIBBERISH = "gibberish"
    ONE_SAMPLE = "one_sample"


_REGRESS: Final = "regress"
_WAITS: Final = ("latency_ms", "jitter_ms")
_LONGEST_WAIT_MS: Final = 600_000.0
_NUMBERS: Final = {
    "latency_ms": _LONGEST_WAIT_MS,
    "jitter_ms": _LONGEST_WAIT_MS,
    "bears": 1e6,
    "batch_ms": _LONGEST_WAIT_MS,
    "batch_expire": 1.0,
    "batch_fail": 1.0,
}


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults that hold, each with its rate."""

    rates: Mapping[Fault, float]
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    retry_after_s: float = 1.0
    pause_ms: float = 50.0
    regress: float = 0.0
    quiet: bool = True
    bears: float = 0.0
    batch_ms: float = 0.0
    batch_expire: float = 0.0
    batch_fail: float = 0.0

    def wait_s(self, rng: random.Random) -> float:
        """How long this call waits first."""
        return (self.latency_ms + rng.random() * self.jitter_ms) / 1000

    def drawn(self, rng: random.Random) -> Fault | None:
        """The fault that this call meets, if any."""
        due = [fault for fault in Fault if rng.random() < self.rates.get(fault, 0.0)]
        return due[0] if due else None

    def regresses(self, question: str) -> bool:
        """Whether the answer to this question is one of those that go wrong."""
        mark = int.from_bytes(hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()[-8:], "big")
        return mark / 2**64 < self.regress

    @property
    def described(self) -> dict[str, object]:
        """As ``GET /faults`` shows them; ``POST`` takes the same."""
        shown: dict[str, object] = {name: getattr(self, name) for name in _NUMBERS}
        shown |= {fault.value: {"rate": self.rates.get(fault, 0.0)} for fault in Fault}
        shown[Fault.RATE_LIMIT] = {"rate": self.rates.get(Fault.RATE_LIMIT, 0.0), "retry_after_s": self.retry_after_s}
        shown[Fault.DRIP] = {"rate": self.rates.get(Fault.DRIP, 0.0), "pause_ms": self.pause_ms}
        shown[_REGRESS] = {"rate": self.regress, "quiet": self.quiet}
        return shown


NONE: Final = Faults(rates={})


def from_json(value: object) -> Faults:
    """What a ``POST /faults`` asks for. Raises ApiError naming the key that is wrong."""
    if not isinstance(value, dict):
        raise bad_parameter("faults", 'Send a JSON object such as {"error": 0.1}, or {} to end all faults.')
    faults, rates = NONE, {}
    for key, asked in value.items():
        if key in _NUMBERS:
            number: dict[str, Any] = {key: _number(key, asked, most=_NUMBERS[key])}
            faults = replace(faults, **number)
            continue
        options = dict(asked) if isinstance(asked, dict) else {"rate": asked}
        rate = _number(f"{key}.rate", options.pop("rate", None), most=1.0)
        if key == _REGRESS:
            faults = replace(faults, regress=rate)
        else:
            rates[_fault(key)] = rate
        faults = _with_options(faults, key, options)
    return replace(faults, rates=rates)


def from_header(text: str, *, base: Faults) -> Faults:
    """The faults of one call: those of its header on top of the process's waits, and none of its rates."""
    faults, rates = replace(base, rates={}, regress=0.0), {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name in _WAITS:
            wait = _number(name, value, most=_LONGEST_WAIT_MS)
            faults = replace(faults, latency_ms=wait) if name == "latency_ms" else replace(faults, jitter_ms=wait)
        elif name == _REGRESS:
            faults = replace(faults, regress=1.0, quiet=value != "loud")
        else:
            rates[_fault(name)] = 1.0
            if value and name == Fault.RATE_LIMIT:
                faults = replace(faults, retry_after_s=_number(name, value, most=86_400))
            elif value and name == Fault.DRIP:
                faults = replace(faults, pause_ms=_number(name, value, most=_LONGEST_WAIT_MS))
    return replace(faults, rates=rates)


def _with_options(faults: Faults, key: str, options: dict[str, object]) -> Faults:
    for option, asked in options.items():
        where = f"{key}.{option}"
        match (key, option):
            case (Fault.RATE_LIMIT, "retry_after_s"):
                faults = replace(faults, retry_after_s=_number(where, asked, most=86_400))
            case (Fault.DRIP, "pause_ms"):
                faults = replace(faults, pause_ms=_number(where, asked, most=_LONGEST_WAIT_MS))
            case ("regress", "quiet") if isinstance(asked, bool):
                faults = replace(faults, quiet=asked)
            case _:
                raise bad_parameter(where, f"{where} = {asked!r} means nothing here; see --help for the options.")
    return faults


def _fault(name: str) -> Fault:
    if name not in set(Fault):
        known = ", ".join([*_NUMBERS, *Fault, _REGRESS])
        raise bad_parameter(name, f"There is no fault {name!r}; there are {known}.")
    return Fault(name)


def _number(where: str, value: object, *, most: float) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not 0 <= number <= most:
        raise bad_parameter(where, f"{where} is {value!r}; it must be a number from 0 to {most:g}.")
    return number
