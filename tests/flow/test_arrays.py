"""A column written as one literal comes back from PostgreSQL value by value as it went in."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from slider.flow import arrays
from slider.models import State

NASTY = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "a\nb\tc",
    " a ",
    "ü\U0001f600",
    "%s",
    "'; DROP",
    "\\u0041",
    None,
]


def back(literal: str, kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT v FROM unnest(%s::{kind}[]) WITH ORDINALITY AS u(v, n) ORDER BY n", [literal])
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.django_db
def test_texts_come_back_as_they_went_in() -> None:
    assert back(arrays.literal(NASTY), "text") == NASTY


@pytest.mark.django_db
def test_numbers_moments_and_truth_values_come_back_as_they_went_in() -> None:
    now = datetime(2026, 11, 28, 12, 30, 1, 123456, tzinfo=UTC)
    assert back(arrays.literal([1, -(2**62), None]), "bigint") == [1, -(2**62), None]
    assert back(arrays.numbers([3, 2, 1]), "bigint") == [3, 2, 1]
    floats = [0.1, -1e300, 5e-324, float("-inf"), 3]
    assert back(arrays.literal(floats), "float8") == floats
    assert back(arrays.literal([Decimal("0.00012345"), None]), "numeric") == [Decimal("0.00012345"), None]
    assert back(arrays.literal([True, False, None]), "boolean") == [True, False, None]
    assert back(arrays.literal([now, None]), "timestamptz") == [now, None]
    assert back(arrays.literal([State.READY, "done"]), "text") == ["ready", "done"]


@pytest.mark.django_db
def test_json_comes_back_as_it_went_in_and_none_is_no_json() -> None:
    values = [{"a": NASTY}, [], "x", 1.5, {}]
    literal = arrays.json_literal([*values, None])
    with connection.cursor() as cursor:
        cursor.execute("SELECT v::jsonb IS NULL FROM unnest(%s::text[]) AS v", [literal])
        assert [row[0] for row in cursor.fetchall()] == [False] * 5 + [True]


@pytest.mark.django_db
def test_an_empty_column_is_an_empty_array() -> None:
    assert back(arrays.literal([]), "text") == back(arrays.numbers([]), "bigint") == []


def test_what_no_column_holds_is_refused_and_not_written_as_something_else() -> None:
    with pytest.raises(TypeError, match="can't hold a list"):
        arrays.literal([[1]])
    with pytest.raises(ValueError, match="JSON compliant"):
        arrays.json_literal([float("nan")])
