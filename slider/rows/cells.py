"""Cells that hold any JSON value: harmless in a spreadsheet, and read back to the letter.

A text that a spreadsheet would take for a formula, and one that begins with an apostrophe, has an apostrophe before it.
An apostrophe alone is the empty text; an empty cell is no value. What is not of its column's kind stands as JSON behind
`'json:`. Nothing else begins with an apostrophe, so all of it can be read again.
"""

import json
import re
from datetime import datetime
from typing import Any

from slider.rows import columns
from slider.strict import JSON

GUARD = "'"
AS_JSON = "'json:"
# What a spreadsheet takes for a formula, also in the full-width forms that some of them fold to ASCII; and the guard.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_GUARDED = re.compile(rf"{_FORMULA.pattern}|'|\Z")


def safe(value: object) -> str:
    """A value as it may stand in a spreadsheet: text never begins like a formula, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{GUARD}{value}" if _GUARDED.match(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    return compact(value)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula; a number is none."""
    return bool(_FORMULA.match(text)) and not columns._NUMBER.fullmatch(text)


def written(value: JSON, kind: str) -> str:
    """A value in a column of this kind, so that `read` gives it again; `kind` as `columns.Columns` calls it."""
    is_text, is_truth = isinstance(value, str), isinstance(value, bool)
    natural = {
        "string": is_text,
        "integer": type(value) is int,
        "number": not is_truth and isinstance(value, int | float),
        "boolean": is_truth,
    }
    if kind == "json":
        return compact(value)
    return safe(value) if natural.get(kind, is_text) else f"{AS_JSON}{compact(value)}"


def read(text: str, kind: str) -> JSON:
    """What a cell that is not empty holds. Raises columns.Unreadable."""
    if text.startswith(AS_JSON):
        return columns._typed(text.removeprefix(AS_JSON), "json")
    return text[1:] if text.startswith(GUARD) else columns._typed(text, kind)


def compact(value: Any) -> str:
    """JSON in one line, as the files have it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def plain(text: str) -> JSON:
    """JSON from the database: a double that jsonb has written out in hundreds of digits is a double again."""
    value: JSON = json.loads(text)
    return _bounded(value) if _LONG.search(text) else value


_LONG = re.compile(r"[0-9]{19}")


def _bounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bounded(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_bounded(child) for child in value]
    if type(value) is int and not -(2**63) <= value < 2**63:
        return float(value)
    return value
