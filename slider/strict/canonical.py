"""The canonical form of a JSON value: equal bytes exactly where two values mean the same."""

import hashlib
import json
import re

from slider.strict import rules
from slider.strict.rules import JSON

# A number whose text may differ from its value's canonical text; a hit inside a string only costs a rebuild.
_INEXACT = re.compile(r"[0-9](?:\.[0-9]|e|[0-9]{18})")


def canonical(value: JSON) -> bytes:
    """Compact UTF-8 with keys sorted by code point and numbers by their value.

    1, 1.0 and 1e0 are one number, as they are after a round trip through jsonb; -0.0 is 0. True and 1 stay
    two values. Text goes by code points: two spellings that look alike stay two. The value must be checked.
    """
    text = _compact(value)
    if _INEXACT.search(text):
        text = _compact(_by_value(value))
    return text.encode()


def digest(value: JSON) -> bytes:
    """SHA-256 of the canonical form: 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _by_value(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: _by_value(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_by_value(child) for child in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value == int(value) and rules.INTEGER_MIN <= value <= rules.INTEGER_MAX:
        return int(value)
    return float(value)  # jsonb hands 1e300 back as an integer of 301 digits: only the double is the same
