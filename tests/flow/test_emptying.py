"""The database lets contents go of what is final and nothing else, and every place that holds some is known."""

import json

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction

from slider.flow import corrections, emptying, erasing, intake, retaining
from slider.flow.emptying import Why
from slider.flow.intake import Fate, Row
from slider.flow.review import Said
from slider.models import Cause, Entry, Payload, Review, Verdict
from slider.models.holding import HOLDINGS
from tests import casts, logs
from tests.archives import grow_old
from tests.flow.emptying_steps import BODY, company, lived

pytestmark = pytest.mark.django_db
BEGUN = "INSERT INTO slider_emptied (item_id, cause, days, words, told, at) VALUES (%s, 'rule', 1, '', false, now())"


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    return company(monkeypatch)


def test_the_database_lets_nothing_go_of_an_item_that_is_not_final(cast: casts.Company) -> None:
    (item,) = casts.bring_in(cast.task, {"m1": BODY})
    with pytest.raises(DatabaseError, match="is not final"), transaction.atomic():
        emptying.empty(cast.task.pk, [item.pk], Why(Cause.RULE, days=1))
    assert Payload.objects.get().body == BODY


def test_nothing_but_contents_may_go_and_only_to_nothing(cast: casts.Company) -> None:
    item = lived(cast)
    with transaction.atomic():
        logs.sql(BEGUN, item.pk)
        for change in ("outcome = 'refused'", 'answer = \'{"topic": "other"}\'', "tokens_in = 0", "latency_ms = 1"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                logs.sql(f"UPDATE slider_attempt SET {change} WHERE item_id = %s", item.pk)
        logs.sql("UPDATE slider_attempt SET answer = NULL WHERE item_id = %s", item.pk)
        with pytest.raises(DatabaseError, match="was not told"), transaction.atomic():
            logs.sql("SET CONSTRAINTS emptied_whole IMMEDIATE")
        transaction.set_rollback(True)


def test_a_change_under_cover_of_it_is_told_as_what_it_is(cast: casts.Company) -> None:
    item = lived(cast)
    with transaction.atomic():
        logs.sql(BEGUN, item.pk)
        before = Entry.objects.count()
        logs.sql("UPDATE slider_review SET note = '' WHERE item_id = %s", item.pk)
        assert Entry.objects.count() == before
        logs.sql("UPDATE slider_review SET verdict = 'accept', answer = NULL WHERE item_id = %s", item.pk)
        entry = Entry.objects.latest("pk")
        assert (entry.kind, entry.facts["op"], entry.facts["verdict"]) == ("verdict", "changed", "accept")
        transaction.set_rollback(True)


def test_that_contents_are_gone_is_not_taken_back(cast: casts.Company) -> None:
    item = lived(cast)
    grow_old(cast.task)
    retaining.sweep(limit_s=5)
    for statement in (
        "DELETE FROM slider_emptied",
        "UPDATE slider_emptied SET at = now()",
        "UPDATE slider_emptied SET told = false",
    ):
        with pytest.raises(DatabaseError, match="can't be taken back"), transaction.atomic():
            logs.sql(statement)
    with pytest.raises(corrections.NotOut, match="deleted"):
        corrections.correct(item.pk, user_id=cast.admin.pk, said=Said(Verdict.REJECT, reason="wrong"))
    with pytest.raises(DatabaseError, match="nothing to say"), transaction.atomic():
        Review.objects.create(item=item, task=cast.task, kind="second", slot=1)


def test_the_same_item_is_known_again_after_its_contents_went(cast: casts.Company) -> None:
    item = lived(cast)
    digest = bytes(Payload.objects.get().sha256)
    grow_old(cast.task)
    retaining.sweep(limit_s=5)
    assert bytes(Payload.objects.get().sha256) != digest, "a plain digest can be guessed"
    (same,) = intake.add(cast.task, [Row(BODY, "m1")], origin="again")
    assert (same.fate, same.item_id) == (Fate.KNOWN, item.pk)
    (other,) = intake.add(cast.task, [Row(BODY | {"text": "other"}, "m1")], origin="again")
    assert (other.fate, other.item_id, other.erased) == (Fate.CONFLICT, item.pk, False)


def test_what_was_emptied_never_moves_again(cast: casts.Company) -> None:
    item = lived(cast)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    with pytest.raises(DatabaseError, match="may not move any more"), transaction.atomic():
        logs.sql(
            "UPDATE slider_item SET state = 'review', finished_at = NULL, token = token + 1 WHERE id = %s", item.pk
        )


def test_every_column_that_can_hold_contents_is_in_the_table_or_it_is_said_why_not() -> None:
    """A new table with an item's contents: give it a line in `slider/models/holding.py`."""
    listed = {(place.table, column) for place in HOLDINGS for column in place.empties}
    whole = {place.table for place in HOLDINGS if not place.empties}
    none = {
        f"slider_{name}"
        for name in [
            "task",
            "worker",
            "project",
            "policy",
            "gauge",
            "watch",
            "pulse",
            "act",
            "entry",
            "notice",
            "letter",
            "membership",
            "apikey",
            "ownkeys",
            "batch",
            "operation",
            "requeued",
            "invitation",
            "accountletter",
            "archived",
            "emptied",
            "endpoint",
            "export",
            "exportpiece",  # files that may hold an erased item are dropped whole: `exports.drop_with`
            "admission",
            "circuit",
        ]
    }
    kinds = (models.JSONField, models.TextField, models.BinaryField)
    keeps = {
        ("slider_attempt", "masked"),
        ("slider_payload", "sha256"),
        ("slider_review", "skills"),
        ("slider_answered", "asked"),
        ("slider_link", "hash"),
        ("slider_pastrow", "signals"),
        ("slider_score", "signals"),
        *(("slider_past", name) for name in ("answers", "findings", "counters", "calibration")),
        ("slider_import", "mapping"),  # names of columns, and numbers
        ("slider_import", "tried"),
        ("slider_import", "shape"),
        ("slider_import", "once_said"),
        ("slider_import", "sha256"),
    }
    missing = [
        (model._meta.db_table, field.column)
        for model in apps.get_app_config("slider").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, kinds)
        and model._meta.db_table not in none | whole
        and (model._meta.db_table, field.column) not in listed | keeps
    ]
    assert json.dumps(missing) == "[]"
