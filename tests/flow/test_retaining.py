"""What items hold goes when a task's rule says so, all of it and nothing that is still needed."""

import pytest
from django.db import DatabaseError, connection, transaction

from slider.flow import claims, emptying, endpoints, requeue, retaining
from slider.flow.requeue import Order
from slider.llm.records import Outcome as CallOutcome
from slider.models import (
    Archived,
    Cause,
    Decision,
    Emptied,
    EmptyWalk,
    Entry,
    EventType,
    IdKey,
    Item,
    Known,
    Parcel,
    Payload,
    Publication,
    Requeued,
    Review,
    ReviewState,
    Task,
    Verdict,
)
from slider.models.holding import Holding
from tests import casts, logs
from tests.archives import grow_old
from tests.flow.emptying_steps import BODY, DAYS, SAID, SECRET, company, everything, lived, numbers

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    return company(monkeypatch)


def owed(cast: casts.Company) -> Parcel:
    """A receiver that the item's result is owed to."""
    made = endpoints.make(cast.task, url="https://hooks.example.org/slider").endpoint
    result = Publication.objects.get()
    return Parcel.objects.create(
        endpoint=made, publication=result, event=EventType.FINISHED, webhook_id=result.webhook_id, due_at=result.due_at
    )


def test_contents_go_when_the_rule_says_so_and_the_numbers_stay(cast: casts.Company) -> None:
    item = lived(cast)
    grow_old(cast.task, days=DAYS - 1)
    assert retaining.sweep(limit_s=5) == 0
    EmptyWalk.objects.update(rests_until="2020-01-01T00:00Z")
    grow_old(cast.task, days=2)
    before = numbers(item)
    assert SECRET in everything(), "else nothing is proved"
    assert retaining.sweep(limit_s=5) == 1
    assert SECRET not in everything()
    assert numbers(item) == before
    gone = Emptied.objects.get(pk=item.pk)
    assert (gone.cause, gone.days, gone.told, gone.by) == (Cause.RULE, DAYS, True, None)
    assert logs.found() == []
    facts = Entry.objects.filter(kind="privacy").latest("pk").facts
    assert facts == {"deed": "deleted", "cause": "rule", "items": 1, "days": DAYS, "item": item.pk, "words": ""}


def test_what_was_said_of_an_answer_that_could_not_be_used_goes_too(cast: casts.Company) -> None:
    words = f"The answer breaks the schema: /topic: {SECRET!r} is not one of delivery, refund"
    casts.one(cast.task, "b1", casts.fails(CallOutcome.SCHEMA_BROKEN, detail=words, raw=SECRET), **BODY)
    requeue.no_answer(Order(cast.task.pk, upto=10**9, by=cast.admin.pk, reason="another model"))
    assert SECRET in Requeued.objects.get().decision["detail"]
    casts.answer_all(cast.task, {"b1": casts.fails(CallOutcome.SCHEMA_BROKEN, detail=words, raw=SECRET)})
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=SAID)
    item = Item.objects.get()
    assert SECRET in Decision.objects.get().detail
    grow_old(cast.task)
    before = numbers(item)
    assert retaining.sweep(limit_s=5) == 1
    assert SECRET not in everything()
    assert numbers(item) == before
    assert logs.found() == []


def test_without_a_rule_nothing_goes(cast: casts.Company) -> None:
    Task.objects.update(contents_days=None)
    lived(cast)
    grow_old(cast.task)
    assert retaining.sweep(limit_s=5) == 0
    assert SECRET in everything()


def test_many_items_go_in_bounded_batches_with_one_entry_each(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "BATCH", 3)
    names = [f"m{n}" for n in range(7)]
    answers = {name: casts.says(SAID) for name in names}
    casts.route_all(cast.task, answers, bodies=dict.fromkeys(names, BODY))
    for _ in names:
        casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    before = Entry.objects.count()
    assert retaining.sweep(limit_s=20) == 7
    assert Entry.objects.filter(kind="privacy").count() == 3
    assert Entry.objects.count() == before + 12, "decisions, results, verdicts, and what was done: for each batch"
    assert SECRET not in everything()
    assert logs.found() == []
    EmptyWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert retaining.sweep(limit_s=5) == 0, "once is enough"


def test_archived_items_go_as_well(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from slider.flow import archive

    Task.objects.update(archive_after_days=DAYS)
    casts.audited(cast.task, "a1", casts.says(SAID), **BODY)
    Review.objects.all().delete()
    lived(cast)
    grow_old(cast.task)
    assert archive.sweep(limit_s=5) == 2
    assert Archived.objects.count() == 2
    assert retaining.sweep(limit_s=5) == 2
    assert SECRET not in everything()
    assert not Archived.objects.exists()
    assert logs.found() == []


@pytest.mark.parametrize("state", ["ready", "working", "review", "audit", "due", "undo", "unheard"])
def test_what_is_still_needed_keeps_what_it_holds(cast: casts.Company, state: str) -> None:
    if state in ("ready", "working"):
        casts.bring_in(cast.task, {"m1": BODY})
        if state == "working":
            claims.claim(cast.task.pk, most=1, max_tries=5, lease_s=60, by="x")
    elif state == "audit":
        casts.audited(cast.task, "m1", casts.says(SAID), **BODY)
        grow_old(cast.task)
    else:
        casts.one(cast.task, "m1", casts.says(SAID), **BODY)
        if state != "review":
            casts.decide(cast.reviewer, cast.task)
            grow_old(cast.task)
        if state == "due":
            owed(cast)
        if state == "undo":
            Review.objects.update(undo_until="2999-01-01T00:00Z")
        if state == "unheard":
            look = Review.objects.get()
            logs.sql("INSERT INTO slider_unheard (review_id, task_id) VALUES (%s, %s)", look.pk, cast.task.pk)
    Item.objects.update(created_at="2020-01-01T00:00Z")
    assert retaining.sweep(limit_s=5) == 0
    assert Payload.objects.get().body == BODY


def test_a_known_answer_goes_too_and_its_open_look_is_taken_back(cast: casts.Company) -> None:
    item = lived(cast)
    Known.objects.create(
        item=item, task=cast.task, draft_right=False, answer=SAID, source="marked", explanation=SECRET, by=cast.admin
    )
    Review.objects.create(item=item, task=cast.task, kind="known", slot=1)
    grow_old(cast.task)
    assert retaining.sweep(limit_s=5) == 1
    assert Review.objects.get(kind="known").state == ReviewState.VOID
    assert SECRET not in everything()
    known = Known.objects.get()
    assert known.retired_at is not None
    assert known.answer is None
    assert logs.found() == []


def test_a_batch_that_is_cut_off_half_way_has_changed_nothing(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(cast)
    grow_old(cast.task)
    before = everything()
    made = emptying.statement

    def dies(place: Holding) -> str:
        return "SELECT 1 / 0" if place.table == "slider_undone" else made(place)

    monkeypatch.setattr(emptying, "statement", dies)
    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        retaining.step(cast.task.pk)
    assert everything() == before
    monkeypatch.setattr(emptying, "statement", made)
    assert retaining.step(cast.task.pk).emptied == 1, "and the next one does it"


def test_a_task_whose_key_is_gone_keeps_its_contents_and_stops_no_other(cast: casts.Company) -> None:
    lived(cast)
    IdKey.objects.create(task=cast.task, sealed="s2.00000000.AAAA")
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other", contents_days=DAYS)
    item = casts.one(other, "o1", casts.says(SAID), **BODY)
    casts.decide(cast.reviewer, other)
    for task in (cast.task, other):
        grow_old(task)
    assert retaining.sweep(limit_s=5) == 1
    assert list(Emptied.objects.values_list("item", flat=True)) == [item.pk]


def test_two_at_once_do_not_meet(cast: casts.Company) -> None:
    lived(cast)
    grow_old(cast.task)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_advisory_xact_lock(7340, %s)", [cast.task.pk])
        assert retaining.step(cast.task.pk) == retaining.Step(0, more=False)
        cursor.execute("ROLLBACK")
    other.close()
    assert retaining.step(cast.task.pk).emptied == 1
