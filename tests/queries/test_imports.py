"""What an import's page says is what its row says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.models import Import, ImportState
from slider.queries import imports
from tests import casts


def row(**fields: object) -> Import:
    given: dict[str, object] = {"state": ImportState.DONE, "created_at": timezone.now()}
    return Import(**(given | fields))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seen": 11_106, "known": 11_106}, "This file added nothing: all 11,106 rows were here already."),
        ({"seen": 3, "added": 2, "refused": 1}, "2 of 3 rows are new items now."),
        ({"seen": 2, "refused": 2}, "This file added nothing: 2 were refused, as said below."),
        (
            {"seen": 32, "known": 30, "refused": 2},
            "This file added nothing: 30 rows were here already, and 2 were refused, as said below.",
        ),
        ({"seen": 0}, "The file held no rows."),
        ({"state": ImportState.WAITING}, "The file is here and waits for its turn; you may leave this page."),
        (
            {"state": ImportState.FAILED, "problem": "line 3: a quote is not closed"},
            "The file could not be read: line 3: a quote is not closed. Nothing of it is in.",
        ),
        (
            {"state": ImportState.FAILED, "problem": "cut off", "added": 1500},
            "The file could not be read: cut off. The 1,500 rows before the problem are in.",
        ),
    ],
)
def test_the_outcome_is_said_in_words(fields: dict[str, object], words: str) -> None:
    assert imports.progress(row(**fields)).words == words


def test_the_share_is_not_known_before_the_rows_are_counted() -> None:
    assert imports.progress(row(state=ImportState.RUNNING, seen=5)).share is None
    assert imports.progress(row(state=ImportState.RUNNING, seen=5, total=20)).share == 0.25


@pytest.mark.parametrize(("seconds", "rate"), [(0.5, None), (2, None), (4, 25)])
def test_rows_a_second_are_said_of_what_took_a_while(seconds: float, rate: float | None) -> None:
    now = timezone.now()
    taken = row(seen=100, created_at=now - timedelta(seconds=seconds), finished_at=now)
    assert imports.progress(taken).rows_per_s == rate


@pytest.mark.django_db
def test_the_columns_are_the_fields_of_the_input_schema() -> None:
    columns = imports.columns(casts.company().task)
    assert [column.name for column in columns][:2] == ["subject", "text"]
    assert {column.name for column in columns} == set(casts.INPUT_SCHEMA["properties"])
    assert next(column for column in columns if column.name == "channel").kind == "one of mail, chat, form"
