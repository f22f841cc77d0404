"""Rows inserted as arrays of columns are the rows that the ORM would have written, or none."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction

from slider.flow import bulk
from slider.models import Attempt, Outcome
from tests import casts

pytestmark = pytest.mark.django_db


def attempts(cast: casts.Company, *, count: int = 3, **changes: Any) -> list[Attempt]:
    names = [f"m{number}" for number in range(count)]
    items = casts.bring_in(cast.task, {name: {"text": name} for name in names})
    fields = {"worker": cast.worker, "token": 1, "outcome": Outcome.ANSWERED} | changes
    return [Attempt(item=item, answer={"topic": item.external_id}, **fields) for item in items]


def test_each_row_gets_its_own_key() -> None:
    rows = attempts(casts.company(), count=40)
    bulk.insert(rows)
    stored = Attempt.objects.in_bulk([row.pk for row in rows])
    assert len(stored) == 40
    assert all(stored[row.pk].item_id == row.item_id and stored[row.pk].answer == row.answer for row in rows)


def test_values_come_back_as_they_went_in() -> None:
    said = {'ü"\\,{}': [None, True, 1.5, "NULL", "a\nb"], "": {}}
    wide = {"samples": [said, None], "raw": 'say "ä", {NULL}', "cost": Decimal("0.00012345"), "latency_ms": 7}
    (row,) = attempts(casts.company(), count=1, **wide)
    bulk.insert([row])
    stored = Attempt.objects.get(pk=row.pk)
    assert {name: getattr(stored, name) for name in wide} == wide
    assert stored.outcome == "answered"
    assert stored.created_at is not None


def test_a_column_with_a_default_takes_a_value_only_where_it_is_said_to() -> None:
    rows = attempts(casts.company(), count=2, instead_of="refused")
    bulk.insert(rows[:1])
    bulk.insert(rows[1:], given=("instead_of",))
    assert [Attempt.objects.get(pk=row.pk).instead_of for row in rows] == ["", "refused"]


def test_no_value_is_sql_null_and_not_json_null() -> None:
    (row,) = attempts(casts.company(), count=1)
    row.answer = None
    bulk.insert([row])
    assert Attempt.objects.filter(pk=row.pk, answer__isnull=True, cost__isnull=True).exists()


def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    rows = attempts(casts.company(), finish_reason="x" * 41)
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        bulk.insert(rows)
    assert not Attempt.objects.exists()


def test_one_row_against_a_rule_keeps_all_of_them_out() -> None:
    rows = attempts(casts.company())
    rows[2].outcome = "a guess"
    with pytest.raises(IntegrityError, match="attempt_outcome"), transaction.atomic():
        bulk.insert(rows)
    assert not Attempt.objects.exists()


def test_nothing_to_insert_is_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        bulk.insert([])
