"""Retry-After is followed where it makes sense, and never longer than allowed."""

from datetime import UTC, datetime

import pytest

from slider import retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 30 ", 30.0),
        ("-5", None),
        ("999999999", 100.0),
        ("inf", 100.0),
        ("nan", None),
        ("a while", None),
        ("Sun, 01 Mar 2026 12:00:40 GMT", 40.0),
        ("Sun, 01 Mar 2026 13:00:00 GMT", 100.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:00:40 -0000", 40.0),
        ("Sun, 99 Mar 2026 12:00:40 GMT", None),
        ("Sun, 01 Mar 99999 12:00:40 GMT", None),
    ],
)
def test_it_reads_seconds_and_dates(value: str | None, wait_s: float | None) -> None:
    assert retry_after.seconds(value, now=NOW, most_s=100) == wait_s
