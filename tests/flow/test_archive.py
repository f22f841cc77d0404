"""Old items leave the busy tables whole, come back to the letter, and nothing that is counted changes."""

import pytest
from django.db import DatabaseError, connection, transaction

from slider.engine import lanes
from slider.flow import archive, corrections, intake, known, review
from slider.flow.intake import Fate, Row
from slider.flow.review import Said
from slider.flow.watching import lookbacks
from slider.llm.records import Outcome as CallOutcome
from slider.models import (
    Archived,
    ArchiveWalk,
    Attempt,
    Endpoint,
    Item,
    Known,
    Move,
    Parcel,
    Payload,
    Review,
    ReviewKind,
    State,
    Task,
    Verdict,
)
from tests import archives, casts
from tests.archives import archived, everything, grow_old
from tests.casts import Company

pytestmark = pytest.mark.django_db
RIGHT = {"topic": "refund", "urgent": False}
SURE = casts.says(RIGHT, others=[RIGHT, {"topic": "other", "urgent": True}])


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Company:
    return archives.company(monkeypatch)


def old(cast: Company, name: str = "m1", **body: object) -> Item:
    """An item that ran unattended long ago, and nobody has looked at."""
    item = casts.one(cast.task, name, SURE, **body)
    Review.objects.filter(item=item).delete()
    grow_old(cast.task)
    item.refresh_from_db()
    assert item.state == State.DONE
    return item


# ---- what goes, and comes back


def test_payload_moves_answers_and_evidence_go_and_all_of_it_comes_back(cast: Company) -> None:
    item = old(cast, orders=2**53 + 1)
    before = everything()
    assert archive.sweep(limit_s=5) == 1
    assert not Payload.objects.filter(pk=item.pk).exists()
    assert not Move.objects.filter(item=item).exists()
    attempt = Attempt.objects.get(item=item)
    assert (attempt.answer, attempt.samples, attempt.fields, attempt.raw) == (None, [], [], "")
    assert archive.bring_back([item.pk]) == 1
    assert everything() == before


def test_what_a_model_said_that_nobody_could_read_comes_back_too(cast: Company) -> None:
    item = casts.one(cast.task, "m1", casts.fails(CallOutcome.MALFORMED, raw='{"topic": '))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=RIGHT)
    grow_old(cast.task)
    before = everything()
    assert archive.sweep(limit_s=5) == 1
    assert Attempt.objects.get(item=item).raw == ""
    archive.bring_back([item.pk])
    assert everything() == before


def test_of_what_a_person_looked_at_the_payload_and_the_answers_stay(cast: Company) -> None:
    item = casts.audited(cast.task, "a1", SURE)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    assert archive.sweep(limit_s=5) == 1
    attempt = Attempt.objects.get(item=item)
    assert (attempt.answer, attempt.samples, attempt.fields) == (RIGHT, [], [])
    assert Payload.objects.filter(pk=item.pk).exists()
    assert (Archived.objects.get().whole, Archived.objects.get().sha256) == (False, None)


def test_items_decisions_looks_scores_and_results_stay(cast: Company) -> None:
    def counted() -> list[str]:
        tables = ("slider_item", "slider_decision", "slider_score", "slider_review", "slider_publication")
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT to_jsonb(t)::text FROM {table} t" for table in tables))
            return sorted(row for (row,) in cursor.fetchall())

    old(cast)
    casts.audited(cast.task, "a1", SURE)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    before = counted()
    assert archive.sweep(limit_s=5) == 2
    assert counted() == before


def test_a_withdrawn_item_goes_as_well(cast: Company) -> None:
    (item,) = casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    intake.withdraw(item.pk, by=cast.admin.pk, reason="a mistake")
    grow_old(cast.task)
    assert archive.sweep(limit_s=5) == 1


def test_a_second_sweep_finds_nothing_more(cast: Company) -> None:
    old(cast)
    assert archive.sweep(limit_s=5) == 1
    ArchiveWalk.objects.update(rests_until="2020-01-01T00:00Z")
    before = everything()
    assert archive.sweep(limit_s=5) == 0
    assert everything() == before


# ---- what stays


def test_nothing_goes_where_nobody_asked_for_it(cast: Company) -> None:
    old(cast)
    Task.objects.update(archive_after_days=None)
    assert archive.due() == []
    assert archive.sweep(limit_s=5) == 0
    assert archived(cast.task) == []


def test_what_is_younger_stays(cast: Company) -> None:
    casts.one(cast.task, "m1", SURE)
    grow_old(cast.task, days=archives.DAYS - 1)
    assert archive.sweep(limit_s=5) == 0


def test_what_is_not_finished_or_owed_a_look_stays(cast: Company) -> None:
    casts.bring_in(cast.task, {"waits": {"text": "hello"}})
    grow_old(cast.task)
    assert archive.sweep(limit_s=5) == 0
    casts.answer_all(cast.task, {"waits": casts.fails()})  # a gate
    casts.audited(cast.task, "audited", SURE)
    grow_old(cast.task)
    ArchiveWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert archive.sweep(limit_s=5) == 0
    assert Review.objects.filter(state="open").count() == 2


@pytest.mark.parametrize(
    "pending",
    [
        "UPDATE slider_parcel SET state = 'due'",
        "UPDATE slider_parcel SET state = 'failed'",
        "UPDATE slider_review SET undo_until = clock_timestamp() + interval '1 minute' WHERE verdict <> ''",
        "INSERT INTO slider_unheard (review_id, task_id) SELECT id, task_id FROM slider_review WHERE verdict <> ''",
    ],
)
def test_what_may_still_happen_keeps_an_item(cast: Company, pending: str) -> None:
    Endpoint.objects.create(task=cast.task, url="https://receiver.example.org/")
    casts.audited(cast.task, "a1", SURE)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    with connection.cursor() as cursor:
        cursor.execute(pending)
    assert archive.sweep(limit_s=5) == 0


def test_a_known_answer_stays(cast: Company) -> None:
    item = old(cast)
    known.mark(item, draft_right=True, words="as the terms say", by=cast.admin.pk)
    assert archive.sweep(limit_s=5) == 0


def test_the_items_routed_last_stay_however_old(cast: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name, SURE)
    Review.objects.all().delete()
    grow_old(cast.task)
    monkeypatch.setattr(archive, "RECENT", 2)
    assert archive.sweep(limit_s=5) == 1
    assert archived(cast.task) == ["m1"]


def test_they_are_as_many_as_looks_back_reach() -> None:
    assert max(lookbacks.REACH, lanes.WINDOW) <= archive.RECENT


# ---- batch by batch


def test_a_walk_goes_on_behind_each_batch_and_begins_anew_when_it_is_through(
    cast: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{n}" for n in range(5)]
    for name in names:
        casts.one(cast.task, name, SURE)
    Review.objects.all().delete()
    grow_old(cast.task)
    monkeypatch.setattr(archive, "BATCH", 2)
    steps = [archive.step(cast.task.pk) for _ in range(4)]
    assert [(step.archived, step.more) for step in steps] == [(2, True), (2, True), (1, False), (0, False)]
    assert archived(cast.task) == names
    assert ArchiveWalk.objects.get().upto == 0
    assert archive.due() == []


def test_a_walk_passes_over_what_stays_and_finds_it_on_the_next(cast: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "REACH", 2)
    Endpoint.objects.create(task=cast.task, url="https://receiver.example.org/")
    for name in ("m1", "m2", "m3", "m4"):
        casts.one(cast.task, name, SURE)
    Review.objects.all().delete()
    grow_old(cast.task)
    Parcel.objects.filter(publication__item__external_id="m2").update(state="failed")
    assert archive.sweep(limit_s=5) == 3
    Parcel.objects.update(state="sent")
    assert archive.sweep(limit_s=5) == 0  # it rests
    ArchiveWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert archive.sweep(limit_s=5) == 1
    assert archived(cast.task) == ["m1", "m2", "m3", "m4"]


def test_large_payloads_make_small_batches(cast: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name, SURE)
    Review.objects.all().delete()
    grow_old(cast.task)
    monkeypatch.setattr(archive, "BATCH_BYTES", 1)
    assert [archive.step(cast.task.pk).archived for _ in range(3)] == [1, 1, 1]


# ---- what an archived item still is


def test_its_external_id_is_known_for_ever(cast: Company) -> None:
    item = old(cast, subject="Message m1")
    archive.sweep(limit_s=5)
    body = {"subject": "Message m1", "text": "I want my money back."}
    again, other = (intake.add(cast.task, [Row(one, "m1")], origin="again")[0] for one in (body, body | {"vip": True}))
    assert (again.fate, again.item_id) == (Fate.KNOWN, item.pk)
    assert (other.fate, other.item_id) == (Fate.CONFLICT, item.pk)
    assert Item.objects.count() == 1


def test_correcting_it_brings_it_back_with_its_answer(cast: Company) -> None:
    item = old(cast)
    before = everything()
    archive.sweep(limit_s=5)
    said = Said(Verdict.REJECT, reason=next(iter(cast.task.reason_words)))
    corrections.correct(item.pk, user_id=cast.reviewer.pk, said=said)
    assert everything() == before
    grow_old(cast.task)
    ArchiveWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert archive.sweep(limit_s=5) == 1
    assert Attempt.objects.get(item=item).answer == RIGHT  # somebody has looked at it by now


def test_it_can_become_a_known_answer(cast: Company) -> None:
    item = old(cast)
    archive.sweep(limit_s=5)
    known.mark(item, draft_right=True, words="as the terms say", by=cast.admin.pk)
    assert Known.objects.get().item_id == item.pk
    assert Payload.objects.filter(pk=item.pk).exists()


def test_a_mark_that_is_refused_leaves_it_in_the_archive(cast: Company) -> None:
    item = old(cast)
    archive.sweep(limit_s=5)
    with pytest.raises(known.Unfit):
        known.mark(item, draft_right=True, words=" ", by=cast.admin.pk)
    assert archived(cast.task) == ["m1"]


def test_nobody_is_asked_to_look_at_it(cast: Company) -> None:
    item = old(cast)
    archive.sweep(limit_s=5)
    with pytest.raises(DatabaseError, match="bring it back"), transaction.atomic():
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.LOOKBACK)
    archive.bring_back([item.pk])
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.LOOKBACK)
    assert review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60) is not None


# ---- what the database holds


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM slider_move",
        "DELETE FROM slider_payload",
        "UPDATE slider_attempt SET answer = NULL",
        "UPDATE slider_attempt SET fields = '[]'",
        "UPDATE slider_attempt SET cost = 0",
    ],
)
def test_nothing_goes_that_is_not_in_the_archive(cast: Company, deed: str) -> None:
    old(cast)
    with pytest.raises(DatabaseError, match=r"append-only|stays"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE slider_attempt SET cost = 0",
        "UPDATE slider_attempt SET outcome = 'refused'",
        "UPDATE slider_archived SET story = '\\x00'",
        "DELETE FROM slider_archived",
    ],
)
def test_the_archive_stays_and_so_does_the_rest_of_an_attempt(cast: Company, deed: str) -> None:
    old(cast)
    archive.sweep(limit_s=5)
    with pytest.raises(DatabaseError, match=r"append-only|stays"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


def test_an_answer_that_stays_out_of_the_archive_can_t_be_changed(cast: Company) -> None:
    casts.audited(cast.task, "a1", SURE)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    archive.sweep(limit_s=5)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attempt.objects.update(answer=None)


def test_a_story_is_a_fraction_of_the_rows_it_stands_for(cast: Company) -> None:
    old(cast)
    rows = sum(len(row) for rows in everything().values() for row in rows)
    archive.sweep(limit_s=5)
    assert len(bytes(Archived.objects.get().story)) < rows / 3
