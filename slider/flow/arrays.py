"""Columns as PostgreSQL's array literals: one text a column, at a tenth of what the driver takes value by value."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def literal(values: Sequence[Any]) -> str:
    """The literal of a one-dimensional array of numbers, texts, moments or truth values; None is NULL."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def numbers(values: Sequence[int]) -> str:
    """The literal of an array of whole numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def json_literal(values: Sequence[Any]) -> str:
    """The literal of an array of JSON texts; None is NULL, and no JSON null."""
    return "{" + ",".join(["NULL" if value is None else _quoted(_json(value)) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return f'"{value.isoformat()}"'
    raise TypeError(f"a column can't hold a {type(value).__name__}: {str(value)[:80]!r}")


def _quoted(text: str) -> str:
    # An enumerated text is formatted by its value only if asked by str's own method.
    text = str.__str__(text)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
