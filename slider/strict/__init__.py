"""Strict JSON: one reader for the API, imports and model answers, and one canonical form of a value.

What passes here can be stored in PostgreSQL's jsonb, sent on as JSON and read by a browser without change:
no NaN, Infinity or 1e400, no integer beyond 64 bits, no NUL, no lone surrogate, no key twice in one object,
and no nesting or node count that costs more to read than it did to send.
"""

from slider.strict.canonical import canonical, digest
from slider.strict.reader import loads
from slider.strict.rules import DEFAULT_LIMITS, JSON, Code, Limits, StrictError, follow, pointer, shown
from slider.strict.walk import check

__all__ = [
    "DEFAULT_LIMITS",
    "JSON",
    "Code",
    "Limits",
    "StrictError",
    "canonical",
    "check",
    "digest",
    "follow",
    "loads",
    "pointer",
    "shown",
]
