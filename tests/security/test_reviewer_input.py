"""What a reviewer's form may hold: refused in words, what was typed kept, and the look as it was."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from slider.flow import intake
from slider.models import Item, Review, ReviewState, State, Task
from tests import casts

pytestmark = pytest.mark.django_db
SPAN = '{"kind": "span", "side": "source", "path": "/text", "start": %s, "end": %s, "reason": "wrong"}'
BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "no claim": ({"token": ""}, 409, "was not saved"),
    "an old token": ({"token": "7"}, 409, ""),
    "a token that is no number": ({"token": "one"}, 409, ""),
    "a token beyond all": ({"token": "9" * 40}, 409, ""),
    "a token in other digits": ({"token": "١"}, 409, ""),
    "a verdict that is none": ({"verdict": "approve"}, 422, ""),
    "no verdict": ({"verdict": ""}, 422, ""),
    "the model's word for a verdict": ({"verdict": "accept\x00"}, 422, ""),
    "a note of a megabyte": ({"verdict": "reject", "reason": "wrong", "note": "x" * 1_000_000}, 422, "characters"),
    "a NUL in a note": ({"verdict": "reject", "reason": "wrong", "note": "a\x00b"}, 422, ""),
    "a reason of another task": ({"verdict": "reject", "reason": "tone-of-voice"}, 422, ""),
    "no reason": ({"verdict": "reject"}, 422, ""),
    "a label that is none": ({"verdict": "fix", "answer/topic": "gone"}, 422, ""),
    "a label with a space": ({"verdict": "fix", "answer/topic": "refund "}, 422, ""),
    "a number that is none": ({"verdict": "fix", "answer/topic": "refund", "answer/amount": "NaN"}, 422, ""),
    "a number beyond all": ({"verdict": "fix", "answer/topic": "refund", "answer/amount": "1e999"}, 422, ""),
    "a span out of range": ({"mark": SPAN % (0, 9_999)}, 422, ""),
    "a span that ends before it begins": ({"mark": SPAN % (5, 2)}, 422, ""),
    "a negative span": ({"mark": SPAN % (-3, 2)}, 422, ""),
    "a mark that picks a lane": ({"mark": '{"kind": "wrong", "path": "/topic", "lane": "unattended"}'}, 422, ""),
    "marks 10,000 deep": ({"mark": "[" * 10_000}, 422, ""),
    "an odd shape wished for": ({"reshape": "add:/../../etc"}, 200, ""),
}


def state() -> list[tuple[Any, ...]]:
    found = []
    with connection.cursor() as cursor:
        for table in ("slider_review", "slider_item", "slider_publication", "slider_mark", "slider_policy"):
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} t"
            )
            found.append((table, *cursor.fetchone()))
    return found


def looked(cast: casts.Company) -> tuple[Client, Review, dict[str, Any]]:
    casts.one(cast.task, "m1", casts.says({"topic": "refund", "urgent": False}))
    held = casts.take(cast.reviewer, cast.task)
    client = Client(raise_request_exception=False)
    client.force_login(cast.reviewer)
    return client, held, {"token": str(held.token), "verdict": "accept"}


def test_what_a_form_can_not_hold_is_refused_and_the_look_stays_as_it_was() -> None:
    client, held, good = looked(casts.company())
    before, wrong = state(), []
    for name, (said, status, words) in BAD.items():
        answer = client.post(f"/desk/{held.pk}/decide", good | said)
        page = answer.content.decode()
        if answer.status_code != status or words not in page or state() != before:
            wrong.append((name, answer.status_code, state() == before, words in page))
    assert wrong == []
    answer = client.post(f"/desk/{held.pk}/decide", good)
    assert answer.status_code == 302, "the control: a good form is taken"
    assert Review.objects.get(pk=held.pk).state == ReviewState.DECIDED


def test_fields_of_the_row_itself_are_not_the_forms_to_set() -> None:
    cast = casts.company()
    client, held, good = looked(cast)
    more = {
        "state": "open",
        "holder": cast.viewer.pk,
        "kind": "audit",
        "lane": "unattended",
        "is_staff": "1",
        "share": "1",
    }
    client.post(f"/desk/{held.pk}/decide", good | {name: str(value) for name, value in more.items()})
    look = Review.objects.get(pk=held.pk)
    assert (look.state, look.holder_id, look.kind, look.item.state) == (
        "decided",
        cast.reviewer.pk,
        held.kind,
        State.DONE,
    )
    cast.reviewer.refresh_from_db()
    assert not cast.reviewer.is_staff


def test_a_label_that_is_no_more_can_not_be_said() -> None:
    """The product changes no schema of a task; where it was done by hand, a fix is held to what holds now."""
    cast = casts.company()
    client, held, good = looked(cast)
    kept = {"type": "object", "properties": {"topic": {"type": "string", "enum": ["other"]}}, "required": ["topic"]}
    Task.objects.filter(pk=cast.task.pk).update(output_schema=kept)
    answer = client.post(f"/desk/{held.pk}/decide", good | {"verdict": "fix", "answer/topic": "refund"})
    assert answer.status_code == 422
    assert Item.objects.get(pk=held.item_id).state == State.REVIEW


def test_after_a_withdrawal_no_verdict_is_owed() -> None:
    cast = casts.company()
    client, held, good = looked(cast)
    intake.withdraw(held.item_id, by=cast.admin.pk, reason="sent twice")
    answer = client.post(f"/desk/{held.pk}/decide", good)
    assert answer.status_code == 409
    assert "withdrawn" in answer.content.decode()
    assert Item.objects.get(pk=held.item_id).state == State.WITHDRAWN


def test_twice_is_once_and_another_verdict_the_second_time_changes_nothing() -> None:
    client, held, good = looked(casts.company())
    client.post(f"/desk/{held.pk}/decide", good)
    before = state()
    client.post(f"/desk/{held.pk}/decide", good)
    client.post(f"/desk/{held.pk}/decide", good | {"verdict": "reject", "reason": "wrong"})
    assert [row for row in state() if row[0] in ("slider_item", "slider_publication")] == [
        row for row in before if row[0] in ("slider_item", "slider_publication")
    ]


def test_nobody_decides_with_the_token_of_somebody_else() -> None:
    cast = casts.company()
    _, held, good = looked(cast)
    thief = Client()
    thief.force_login(cast.colleague)
    before = state()
    for act in ("decide", "skip", "stay", "undo", "hand", "flag", "own"):
        assert thief.post(f"/desk/{held.pk}/{act}", good | {"note": "mine"}).status_code in (200, 302, 409, 422)
        assert state() == before, act
