"""Intake: what is refused and why, and one item an id, however often and from wherever it comes."""

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from psycopg.pq import TransactionStatus

from slider import strict
from slider.flow import intake, moves
from slider.flow.intake import Fate, Row
from slider.models import Item, Move, Payload, Review, ReviewState, State
from tests import casts

pytestmark = pytest.mark.django_db


def add(cast: casts.Company, *rows: Row) -> list[intake.Arrival]:
    return intake.add(cast.task, rows, origin="a test")


def test_a_new_row_becomes_a_ready_item_with_its_payload_and_first_move() -> None:
    cast = casts.company()
    (arrival,) = add(cast, Row({"text": "hello"}, "m1", priority=-2))
    item = Item.objects.get(external_id="m1")
    assert (arrival.item_id, arrival.fate) == (item.pk, Fate.ADDED)
    assert (arrival.fate, item.state, item.external_id, item.priority) == (Fate.ADDED, State.READY, "m1", -2)
    assert Payload.objects.get(item=item).body == {"text": "hello"}
    assert Move.objects.get(item=item).from_state == ""


def test_the_same_id_with_the_same_body_is_the_item_that_is_there() -> None:
    cast = casts.company()
    first = add(cast, Row({"text": "hello", "vip": True}, "m1"))[0]
    again = add(cast, Row({"vip": True, "text": "hello"}, "m1"))[0]
    assert (again.fate, again.item_id) == (Fate.KNOWN, first.item_id)
    assert Item.objects.count() == 1


def test_the_same_id_with_another_body_is_refused_and_names_the_first_item() -> None:
    cast = casts.company()
    first = add(cast, Row({"text": "hello"}, "m1"))[0]
    other = add(cast, Row({"text": "goodbye"}, "m1"))[0]
    assert other.fate is Fate.CONFLICT
    assert str(first.item_id) in other.reason
    assert Payload.objects.get().body == {"text": "hello"}


def test_a_repetition_inside_one_call_is_one_item() -> None:
    cast = casts.company()
    fates = [a.fate for a in add(cast, *[Row({"text": t}, "m1") for t in ("a", "a", "b")])]
    assert fates == [Fate.ADDED, Fate.KNOWN, Fate.CONFLICT]


def test_without_an_id_every_row_is_a_new_item() -> None:
    cast = casts.company()
    assert [a.fate for a in add(cast, Row({"text": "a"}), Row({"text": "a"}))] == [Fate.ADDED, Fate.ADDED]


@pytest.mark.parametrize(
    ("body", "where", "words"),
    [
        ({"text": 3}, "/text", "string"),
        ({}, "", "text"),
        ({"text": "a", "more": 1}, "", "more"),
        ({"text": "a\x00b"}, "/text", "NUL"),
        ({"text": "\ud800"}, "/text", "surrogate"),
        ({"text": "a", "orders": float("nan")}, "/orders", "number"),
        (["text"], "", "JSON object"),
        (None, "", "JSON object"),
    ],
)
def test_a_bad_body_is_refused_with_its_place_and_nothing_changes(body: Any, where: str, words: str) -> None:
    cast = casts.company()
    good, bad = add(cast, Row({"text": "fine"}, "good"), Row(body, "bad"))
    assert (good.fate, bad.fate, bad.where) == (Fate.ADDED, Fate.REFUSED, where)
    assert words.lower() in bad.reason.lower()
    assert Item.objects.count() == 1


@pytest.mark.parametrize("external_id", ["", "   ", "x" * 256, "a\x00b", "a\nb", "\udfff"])
def test_a_bad_id_is_refused_in_words(external_id: str) -> None:
    cast = casts.company()
    (arrival,) = add(cast, Row({"text": "a"}, external_id))
    assert arrival.fate is Fate.REFUSED
    assert arrival.where == "/external_id"


@pytest.mark.parametrize("external_id", ["a", "x" * 255, "a/b/../c", "\U0001f600" * 20, "\u202eabc", "a\u200db"])
def test_an_odd_but_printable_id_is_kept_as_it_is(external_id: str) -> None:
    cast = casts.company()
    (arrival,) = add(cast, Row({"text": "a"}, external_id))
    assert Item.objects.get(external_id=external_id).pk == arrival.item_id


def test_two_ids_that_look_alike_stay_two() -> None:
    cast = casts.company()
    fates = [a.fate for a in add(cast, Row({"text": "a"}, "caf\u00e9"), Row({"text": "a"}, "cafe\u0301"))]
    assert fates == [Fate.ADDED, Fate.ADDED]


@pytest.mark.django_db(transaction=True)
def test_many_callers_with_the_same_ids_at_once_make_each_item_once() -> None:
    cast = casts.company()
    rows = [Row({"text": str(n)}, f"m{n}") for n in range(40)]
    fates: list[Fate] = []
    start = threading.Barrier(6)

    def push(turned: bool) -> None:
        start.wait()
        fates.extend(a.fate for a in add(cast, *(reversed(rows) if turned else rows)))
        connections.close_all()

    threads = [threading.Thread(target=push, args=[n % 2 == 0]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Item.objects.count() == 40
    assert (fates.count(Fate.ADDED), fates.count(Fate.KNOWN)) == (40, 200)


def test_a_withdrawn_item_is_final_and_its_review_is_void() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    intake.withdraw(item.pk, by=cast.admin.pk, reason="sent by mistake")
    item.refresh_from_db()
    assert item.state == State.WITHDRAWN
    assert Review.objects.get(item=item).state == ReviewState.VOID
    with pytest.raises(moves.Lost, match="final"):
        intake.withdraw(item.pk, by=cast.admin.pk, reason="again")


def test_a_done_item_can_not_be_withdrawn() -> None:
    cast = casts.company(share=1.0)
    item = casts.one(cast.task)
    with pytest.raises(moves.Lost):
        intake.withdraw(item.pk, by=cast.admin.pk, reason="too late")


@pytest.mark.django_db(transaction=True)
def test_a_large_batch_is_written_out_before_the_transaction_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    # Megabytes of numbers take seconds to bring to one form: PostgreSQL would end a transaction that waits for them.
    cast = casts.company()
    inside: list[bool] = []
    real = strict.canonical

    def watched(value: Any) -> bytes:
        inside.append(connection.connection.info.transaction_status != TransactionStatus.IDLE)
        return real(value)

    monkeypatch.setattr(strict, "canonical", watched)
    with transaction.atomic():  # as the API and the imports do
        intake.add(cast.task, [Row({"text": f"a{n}"}) for n in range(3)], origin="a test")
    assert len(inside) >= 3
    assert not any(inside)
