"""Privacy by the API: rules with their errors in place, an erased id that stays refused, answers that are not kept."""

from collections.abc import Callable
from typing import Any

import pytest

from slider.models import Answered, Entry, Item, Scope
from tests import casts, logs
from tests.api.conftest import Caller, error

BODY: dict[str, Any] = {"subject": "Refund", "text": "Write to anna@example.com, please."}
RULES = {"left_out": ["/vip"], "masked": ["/subject"], "detect": ["email"], "patterns": []}


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    logs.link_now()
    return acts_for(cast.admin)


def path(cast: casts.Company, rest: str = "") -> str:
    return f"/tasks/{cast.task.slug}/privacy{rest}"


def test_rules_are_put_and_read_again(cast: casts.Company, admin: Caller) -> None:
    put = admin("PUT", path(cast), {"redaction": RULES, "contents_days": 30})
    assert put.status_code == 200, put.content
    assert put.json() == admin("GET", path(cast)).json()
    assert put.json() == {"redaction": RULES, "contents_days": 30, "emptied": 0, "kept": 0, "erased": 0}
    none = admin("PUT", path(cast), {"redaction": {}, "contents_days": None})
    assert none.json()["redaction"] == {"left_out": [], "masked": [], "detect": [], "patterns": []}


@pytest.mark.parametrize(
    ("rules", "days", "where", "words"),
    [
        (RULES | {"masked": ["/subject", "vip"]}, 30, "/redaction/masked/1", "names no field"),
        (RULES | {"left_out": ["/nothing"]}, 30, "/redaction/left_out/0", "no field 'nothing'"),
        (
            RULES | {"patterns": [{"name": "A", "pattern": "(?=a)"}]},
            30,
            "/redaction/patterns/0/pattern",
            "no look-around",
        ),
        (RULES | {"patterns": [{"name": "a", "pattern": "a"}]}, 30, "/redaction/patterns/0/name", "capital letters"),
        (RULES | {"detect": ["names"]}, 30, "/redaction/detect/0", "email"),
        (RULES, 0, "/contents_days", "1"),
        (RULES, 30.5, "/contents_days", "integer"),
        (RULES | {"more": []}, 30, "/redaction/more", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    cast: casts.Company, admin: Caller, rules: dict[str, Any], days: Any, where: str, words: str
) -> None:
    answer = admin("PUT", path(cast), {"redaction": rules, "contents_days": days})
    assert answer.status_code in (400, 422)
    assert error(answer)["where"] == where
    assert words in error(answer)["detail"]
    cast.task.refresh_from_db()
    assert (cast.task.redaction, cast.task.contents_days) == ({}, None)


def test_an_item_is_shown_as_a_model_would_get_it(cast: casts.Company, admin: Caller) -> None:
    item = casts.one(cast.task, "m1", **BODY)
    answer = admin("POST", path(cast, "/preview"), {"redaction": RULES}).json()
    assert answer == {
        "item": item.pk,
        "sent": {"subject": "[FIELD_1]", "text": "Write to [EMAIL_1], please."},
        "masked": {"email": 1, "field": 1},
    }
    gone = admin("POST", path(cast, "/preview"), {"redaction": RULES, "item": item.pk + 1})
    assert (gone.status_code, error(gone)["code"], error(gone)["where"]) == (422, "no_item", "/item")


def test_an_erased_item_is_gone_and_its_id_is_refused(cast: casts.Company, admin: Caller) -> None:
    item = casts.one(cast.task, "m1", **BODY)
    refused = admin("POST", f"/items/{item.pk}/erase", {"reason": " \n"})
    assert (refused.status_code, error(refused)["where"]) == (422, "/reason")
    first = admin("POST", f"/items/{item.pk}/erase", {"reason": "letter of 3 May"})
    assert first.status_code == 200, first.content
    assert admin("POST", f"/items/{item.pk}/erase", {"reason": "again"}).json() == first.json()
    again = admin("POST", f"/tasks/{cast.task.slug}/items", {"external_id": "m1", "input": BODY})
    assert (again.status_code, error(again)["code"], error(again)["where"]) == (410, "erased", "/external_id")
    many = {"items": [{"external_id": "m1", "input": BODY}, {"external_id": "m2", "input": BODY}]}
    batch = admin("POST", f"/tasks/{cast.task.slug}/items", many)
    assert batch.status_code == 207
    assert [row["status"] for row in batch.json()["rows"]] == ["conflict", "added"]
    whole = admin("POST", f"/tasks/{cast.task.slug}/items?atomic=1", {"items": [many["items"][0]]})
    assert whole.status_code == 422
    told = admin("GET", f"/items/{item.pk}").json()
    assert "anna" not in str(told)
    assert Item.objects.count() == 2


def test_what_is_held_is_told_and_not_kept_for_a_second_time(cast: casts.Company, admin: Caller) -> None:
    item = casts.one(cast.task, "m1", **BODY)
    first = admin("POST", "/subjects", {"external_id": "m1"}, Idempotency_Key="once")
    (one,) = first.json()["items"]
    assert (one["item"], one["held"]["payload"][0]["body"]) == (item.pk, BODY)
    assert "anna" not in Answered.objects.get().body
    again = admin("POST", "/subjects", {"external_id": "m1"}, Idempotency_Key="once")
    assert again.json()["items"] is None
    entry = Entry.objects.filter(kind="export").latest("pk")
    assert (entry.by_id, entry.facts["format"], entry.facts["items"]) == (cast.admin.pk, "api", [item.pk])
    assert admin("POST", "/subjects", {"external_id": "nobody"}).json()["items"] == []


def test_stored_answers_to_calls_that_name_the_item_are_emptied(cast: casts.Company, admin: Caller) -> None:
    sent = {"external_id": 'order "7" ü', "input": BODY}
    pushed = admin("POST", f"/tasks/{cast.task.slug}/items", sent, Idempotency_Key="pushed").json()
    other = admin("POST", f"/tasks/{cast.task.slug}/items", sent | {"external_id": "8"}, Idempotency_Key="b")
    assert "order" in Answered.objects.get(name="pushed").body
    admin("POST", f"/items/{pushed['id']}/erase", {"reason": "letter"})
    assert Answered.objects.get(name="pushed").body == "{}"
    assert Answered.objects.get(name="b").body == other.content.decode()


def test_stored_answers_to_calls_that_decide_on_the_item_are_emptied(
    cast: casts.Company, admin: Caller, acts_for: Callable[..., Caller]
) -> None:
    item = casts.one(cast.task, "m1", **BODY)
    ben = acts_for(cast.reviewer, Scope.REVIEW)
    look = ben("POST", "/reviews/next", {}).json()
    said = {"token": look["token"], "verdict": "fix", "answer": {"topic": "other", "urgent": False, "reply": "anna"}}
    told = ben("POST", f"/reviews/{look['id']}/decide", said, Idempotency_Key="decided").json()
    assert told["item"] == item.pk
    assert "anna" in Answered.objects.get(name="decided").body
    admin("POST", f"/items/{item.pk}/erase", {"reason": "letter"})
    assert Answered.objects.get(name="decided").body == "{}"
