"""What items hold goes by rule or on request, all of it and nothing else, and the log stays whole."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from slider.engine.sanity.names import Finding
from slider.flow import (
    claims,
    corrections,
    emptying,
    endpoints,
    erasing,
    histories,
    intake,
    replays,
    requeue,
    retaining,
    review,
    setup,
)
from slider.flow.emptying import Why
from slider.flow.intake import Fate, Row
from slider.flow.requeue import Order
from slider.flow.review import NotYours, Said
from slider.llm.records import Outcome as CallOutcome
from slider.models import (
    Archived,
    Attempt,
    Cause,
    Decision,
    Delivery,
    Emptied,
    EmptyWalk,
    Entry,
    EventType,
    ExportPiece,
    ExportState,
    IdKey,
    Import,
    ImportChunk,
    Item,
    Known,
    Narrowed,
    Parcel,
    Past,
    PastRow,
    Payload,
    Publication,
    RefusedRow,
    Requeued,
    Review,
    ReviewState,
    Score,
    State,
    Task,
    Try,
    Verdict,
    Worker,
)
from slider.models.endpoint import WANTABLE
from slider.models.holding import HOLDINGS, Holding
from slider.models.replayable import Which
from slider.queries import export, fleet_tasks, receivers
from slider.rows.shaped import USUAL
from tests import archives, casts, files_out, logs
from tests.archives import grow_old

pytestmark = pytest.mark.django_db
SECRET = "Robinson"
BODY = {"subject": f"Mrs {SECRET}", "text": f"I am {SECRET} and want my money back."}
SAID = {"topic": "account", "urgent": True, "reply": f"Dear Mrs {SECRET}"}
DAYS = 30
BEGUN = "INSERT INTO slider_emptied (item_id, cause, days, words, told, at) VALUES (%s, 'rule', 1, '', false, now())"


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    made = archives.company(monkeypatch, share=0.0)
    Task.objects.update(archive_after_days=None, contents_days=DAYS)
    made.task.refresh_from_db()
    logs.link_now()
    return made


def lived(cast: casts.Company, name: str = "m1") -> Item:
    """An item that a model and a person have said something of, with the name in every place where it may stand."""
    item = casts.one(cast.task, name, casts.says(SAID | {"topic": "refund"}, others=[SAID]), **BODY)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=SAID, note=f"a note on {SECRET}")
    return item


def everything() -> str:
    """All that is stored, as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("slider").get_models():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t")
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def numbers(item: Item) -> list[Any]:
    """What is counted of an item."""
    return [
        list(Score.objects.filter(attempt__item=item).values()),
        [
            {name: value for name, value in row.items() if name != "detail"}
            for row in Decision.objects.filter(item=item).values()
        ],
        list(Attempt.objects.filter(item=item).values("outcome", "tokens_in", "cost", "latency_ms", "masked")),
        list(Review.objects.filter(item=item).values("kind", "verdict", "decided_at", "holder", "lucky", "reason")),
        list(
            Publication.objects.filter(item=item).values("number", "ending", "parcels__state", "parcels__delivered_at")
        ),
    ]


def owed(cast: casts.Company) -> Parcel:
    """A receiver that the item's result is owed to."""
    made = endpoints.make(cast.task, url="https://hooks.example.org/slider").endpoint
    result = Publication.objects.get()
    return Parcel.objects.create(
        endpoint=made, publication=result, event=EventType.FINISHED, webhook_id=result.webhook_id, due_at=result.due_at
    )


# ---- by rule


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


def test_the_database_lets_nothing_go_of_an_item_that_is_not_final(cast: casts.Company) -> None:
    (item,) = casts.bring_in(cast.task, {"m1": BODY})
    with pytest.raises(DatabaseError, match="is not final"), transaction.atomic():
        emptying.empty(cast.task.pk, [item.pk], Why(Cause.RULE, days=1))
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


# ---- what the database lets go


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


# ---- on request


def test_a_receiver_hears_nothing_more_of_an_erased_item_and_nobody_can_send_it_again(cast: casts.Company) -> None:
    door = endpoints.make(cast.task, url="https://hooks.example.org/a", events=[*map(str, WANTABLE)]).endpoint
    item = lived(cast, f"order of {SECRET}")
    other = casts.one(cast.task, "m2", casts.says(SAID | {"reply": "Hello"}), subject="a", text="b")
    results = Parcel.objects.filter(publication__item=item)
    assert results.count() == 1
    news = Parcel.objects.filter(event=EventType.WAITING)
    assert news.count() == 2
    Try.objects.create(
        parcel=results.get(), endpoint=door, number=1, status=500, took_ms=3, problem=SECRET, said=f"no {SECRET}"
    )
    erasing.erase(item.pk, by=cast.admin.pk, words="asked for by letter")
    assert SECRET not in everything()
    assert [(one.state, one.last_problem) for one in results] == [(Delivery.FAILED, "its contents were deleted")]
    assert [json.loads(one.body or "")["data"]["item"] for one in news] == [other.pk]
    for which in Which:
        order = replays.Order(door, which, 2**62, cast.admin.pk, "again", since=datetime(2020, 1, 1, tzinfo=UTC))
        replays.replay(order)
    assert requeue.publications(Order(cast.task.pk, 2**62, cast.admin.pk, "again")) == 0
    assert results.get().state == Delivery.FAILED
    assert receivers.one(door).counts.dead == 0, "nobody can do anything about it"
    (row,) = fleet_tasks.rows([cast.task])
    assert row.backlog.failed == 0
    assert logs.found() == []


def test_an_erased_item_leaves_nothing_but_numbers_and_a_keyed_hash(cast: casts.Company) -> None:
    item = lived(cast, f"order of {SECRET}")
    corrections.correct(
        item.pk, user_id=cast.admin.pk, said=Said(Verdict.FIX, SAID | {"topic": "other"}, "wrong", f"on {SECRET}")
    )
    before = numbers(item)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked for by letter of 3 May")
    assert SECRET not in everything()
    item.refresh_from_db()
    assert item.external_id.startswith("erased:")
    assert item.state == State.DONE
    assert numbers(item)[:4] == before[:4]
    entry = Entry.objects.filter(kind="privacy").latest("pk")
    assert (entry.by_id, entry.facts["words"], entry.facts["item"]) == (
        cast.admin.pk,
        "asked for by letter of 3 May",
        item.pk,
    )
    assert logs.found() == []
    with pytest.raises(erasing.Gone):
        erasing.erase(item.pk, by=cast.admin.pk, words="again")


def test_traces_in_files_and_histories_go_with_an_erased_item(cast: casts.Company) -> None:
    """And those of a file that is still to be read, or of another task, stay."""
    item = lived(cast, f"order of {SECRET}")
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    for task, state in ((cast.task, "done"), (cast.task, "running"), (other, "done")):
        made = Import.objects.create(
            task=task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"", state=state
        )
        ImportChunk.objects.create(of=made, number=1, content=b"x")
        RefusedRow.objects.create(of=made, line=1, reason=f"id 'order of {SECRET}' is here already")
    past = Past.objects.create(task=cast.task, name="h", state="ready")
    PastRow.objects.create(past=past, place=1, external_id=item.external_id, own=True, correct=True, propensity=1.0)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    kept = ImportChunk.objects.order_by("pk").values_list("of__task", "of__state")
    assert list(kept) == [(cast.task.pk, "running"), (other.pk, "done")]
    assert list(RefusedRow.objects.values_list("of__task", flat=True)) == [other.pk]
    row = PastRow.objects.get()
    item.refresh_from_db()
    assert (row.external_id, row.correct) == (item.external_id, True)
    RefusedRow.objects.all().delete()
    assert SECRET not in everything()


COLUMN = {"name": "who", "filled": 2, "numbers": 0, "least": None, "most": None}
SEEN = {"examples": [SECRET], "values": {SECRET: 2}}
BARE = [COLUMN | {"examples": [], "values": {}}]


def old_past(cast: casts.Company, state: str, **more: Any) -> Past:
    """A history of long ago, with what its cells held."""
    made = Past.objects.create(task=cast.task, name="h", state="ready", columns=[COLUMN | SEEN], **more)
    if state == "in_force":
        more = {"policy": cast.task.policies.latest("number")}
        Past.objects.filter(pk=made.pk).update(state=state, created_at="2020-01-01T00:00Z", **more)
    else:
        Past.objects.filter(pk=made.pk).update(state=state, created_at="2020-01-01T00:00Z")
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("state", ["in_force", "dropped", "failed", "ready"])
@pytest.mark.parametrize("how", ["by the rule", "on request"])
def test_what_stood_in_the_cells_of_histories_goes_as_well(cast: casts.Company, state: str, how: str) -> None:
    past = old_past(cast, state)
    if how == "on request":
        erasing.erase(lived(cast).pk, by=cast.admin.pk, words="asked")
    else:
        retaining.sweep(limit_s=5)
    past.refresh_from_db()
    assert past.columns == BARE
    assert SECRET not in everything()


def test_a_history_that_waits_for_an_answer_shows_its_cells(cast: casts.Company) -> None:
    file = Import.objects.create(task=cast.task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"")
    past = old_past(cast, "asking", file=file)
    retaining.sweep(limit_s=5)
    past.refresh_from_db()
    assert past.columns == [COLUMN | SEEN]
    histories.drop(past)
    past.refresh_from_db()
    assert past.columns == BARE


def test_a_history_in_force_can_lose_its_cells_and_nothing_else(cast: casts.Company) -> None:
    past = old_past(cast, "in_force")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Past.objects.filter(pk=past.pk).update(columns=BARE, rows=7)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        past.delete()


def test_refused_rows_are_found_however_their_ids_are_written(cast: casts.Company) -> None:
    made = Import.objects.create(
        task=cast.task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"", state="done"
    )
    names = [f"{SECRET} {'long ' * 30}", f"it's {SECRET}", f"a\\{SECRET}", f'"{SECRET}"']
    for number, name in enumerate(names, start=1):
        RefusedRow.objects.create(of=made, line=number, reason=f"id {name[:80]!r} is item 1 already")
    RefusedRow.objects.create(of=made, line=9, reason="id 'another' is item 2 already")
    for name in names:
        item = casts.one(cast.task, name, casts.says(SAID), **BODY)
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert list(RefusedRow.objects.values_list("line", flat=True)) == [9]


def test_no_score_quotes_an_answer_and_older_ones_lose_their_words(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = casts.says(SAID | {"reply": f"{SECRET} " * 9})
    casts.one(cast.task, "m1", odd, **BODY)
    (found,) = Score.objects.get().sentinels
    assert SECRET.casefold() not in json.dumps(found).casefold()
    now = Finding.to_json
    monkeypatch.setattr(Finding, "to_json", lambda one: now(one) | {"words": one.words})
    item = casts.one(cast.task, "m2", odd, **BODY)
    assert SECRET.casefold() in json.dumps(Score.objects.get(attempt__item=item).sentinels).casefold()
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert Score.objects.get(attempt__item=item).sentinels == [found]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Score.objects.update(sentinels=[])


def test_words_of_older_scores_stand_only_beside_what_they_quote(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an item that holds its contents they may stay; by its rule they go with these, in the same transaction."""
    now = Finding.to_json
    monkeypatch.setattr(Finding, "to_json", lambda one: now(one) | {"words": one.words})
    said = SAID | {"reply": f"{SECRET} " * 9}
    item = casts.one(cast.task, "m1", casts.says(said), **BODY)
    assert SECRET.casefold() in json.dumps(Score.objects.get().sentinels).casefold()
    assert SECRET in json.dumps(Attempt.objects.get(item=item).answer), "the item holds it itself"
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=SAID)
    grow_old(cast.task)
    assert retaining.sweep(limit_s=5) == 1
    assert SECRET.casefold() not in everything().casefold()
    assert [one["sentinel"] for one in Score.objects.get().sentinels] == ["repetition"]
    assert logs.found() == []


def test_old_files_leave_nothing_behind(cast: casts.Company) -> None:
    for state, finished in (("done", "2020-01-01T00:00Z"), ("failed", "2020-01-01T00:00Z"), ("running", None)):
        made = Import.objects.create(
            task=cast.task,
            by=cast.admin,
            name="f.csv",
            format="csv",
            bytes=1,
            sha256=b"",
            state=state,
            finished_at=finished,
            sample={"names": ["text"], "rows": [[2, [SECRET]]]},
            columns=[{"name": "text", "examples": [SECRET]}],
        )
        ImportChunk.objects.create(of=made, number=1, content=b"x")
        RefusedRow.objects.create(of=made, line=1, reason=SECRET)
    retaining.sweep(limit_s=5)
    assert list(ImportChunk.objects.values_list("of__state", flat=True)) == ["running"]
    assert list(RefusedRow.objects.values_list("of__state", flat=True)) == ["running"]
    told = Import.objects.exclude(sample__isnull=True, columns__isnull=True)
    assert list(told.values_list("state", flat=True)) == ["running"]


@pytest.mark.parametrize("words", ["", " \n", "x" * 251])
def test_who_erases_says_why(cast: casts.Company, words: str) -> None:
    item = lived(cast)
    with pytest.raises(erasing.Unfit, match="say in 1 to 250"):
        erasing.erase(item.pk, by=cast.admin.pk, words=words)
    assert SECRET in everything()


def test_an_erased_id_is_never_taken_in_again(cast: casts.Company) -> None:
    item = lived(cast)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    count = Item.objects.count()
    rows = [Row(BODY, "m1"), Row(BODY | {"text": "new"}, "m1"), Row(BODY, "m2")]
    one, two, other = intake.add(cast.task, rows, origin="again")
    assert (one.fate, one.erased, two.fate, two.erased) == (Fate.CONFLICT, True, Fate.CONFLICT, True)
    assert "erased on request" in one.reason
    assert "m1" not in one.reason
    assert other.fate == Fate.ADDED
    assert Item.objects.count() == count + 1


def test_what_the_rule_emptied_can_still_be_erased(cast: casts.Company) -> None:
    item = lived(cast)
    grow_old(cast.task)
    retaining.sweep(limit_s=5)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert Emptied.objects.get().cause == Cause.REQUEST
    item.refresh_from_db()
    assert item.external_id.startswith("erased:")
    assert logs.found() == []
    (again,) = intake.add(cast.task, [Row(BODY, "m1")], origin="again")
    assert again.erased


def test_who_has_it_in_hand_loses_it_and_is_told(cast: casts.Company) -> None:
    casts.one(cast.task, "m1", casts.says(SAID), **BODY)
    look = casts.take(cast.reviewer, cast.task)
    erasing.erase(look.item_id, by=cast.admin.pk, words="asked")
    look.refresh_from_db()
    assert (look.state, look.lease_until) == (ReviewState.VOID, None)
    assert not review.stay(look.pk, user_id=cast.reviewer.pk, token=look.token, lease_s=60)
    with pytest.raises(NotYours, match="what the item held was deleted meanwhile"):
        review.decide(look.pk, user_id=cast.reviewer.pk, token=look.token, said=Said(Verdict.FIX, SAID))
    assert Item.objects.get().state == State.WITHDRAWN
    assert SECRET not in everything()


def test_what_a_worker_brings_back_for_an_erased_item_is_not_written(cast: casts.Company) -> None:
    from slider.flow import work
    from slider.flow.work import Finding

    casts.bring_in(cast.task, {"m1": BODY})
    (claim,) = claims.claim(cast.task.pk, most=1, max_tries=5, lease_s=60, by="x")
    erasing.erase(claim.item_id, by=cast.admin.pk, words="asked")
    with transaction.atomic():
        assert work.record([Finding(claim, casts.says(SAID), None)], cast.worker, max_tries=5) == []
    assert not Attempt.objects.exists()
    assert SECRET not in everything()


def test_examples_that_were_made_of_it_go_and_the_worker_is_a_new_one(cast: casts.Company) -> None:
    item = lived(cast)
    other = {"input": {"text": "hello"}, "output": {"topic": "other", "urgent": False}}
    taught = setup.replace_worker(cast.worker, {"examples": [{"input": BODY, "output": SAID}, other]}, by=cast.admin.pk)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert SECRET not in everything()
    live = Worker.objects.get(task=cast.task, retired_at=None)
    assert (live.version, live.examples) == (taught.version + 1, [other])
    assert logs.found() == []


def test_examples_that_were_made_of_it_go_after_a_rule_has_emptied_it_as_well(cast: casts.Company) -> None:
    item = lived(cast)
    setup.replace_worker(cast.worker, {"examples": [{"input": BODY, "output": SAID}]}, by=cast.admin.pk)
    grow_old(cast.task)
    assert retaining.sweep(limit_s=5) == 1
    assert SECRET in everything(), "a rule leaves what somebody has chosen as an example"
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert SECRET not in everything()


def test_receivers_hear_that_an_erased_item_was_withdrawn_and_not_what_it_held(cast: casts.Company) -> None:
    endpoints.make(cast.task, url="https://hooks.example.org/a", events=[*map(str, WANTABLE)])
    item = casts.one(cast.task, f"order of {SECRET}", casts.says(SAID), **BODY)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    item.refresh_from_db()
    told = Parcel.objects.get(event=EventType.WITHDRAWN)
    assert json.loads(told.body or "")["data"] == {
        "item": item.pk,
        "external_id": item.external_id,
        "task": cast.task.slug,
    }
    assert SECRET not in everything()


def test_what_was_emptied_never_moves_again(cast: casts.Company) -> None:
    item = lived(cast)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    with pytest.raises(DatabaseError, match="may not move any more"), transaction.atomic():
        logs.sql(
            "UPDATE slider_item SET state = 'review', finished_at = NULL, token = token + 1 WHERE id = %s", item.pk
        )


def test_erasing_that_fails_half_way_has_changed_nothing(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    item = lived(cast)
    before = everything()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process is gone")

    monkeypatch.setattr(erasing, "_unlearn", fails)
    with pytest.raises(RuntimeError):
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert everything() == before


def test_files_that_may_hold_it_are_dropped(cast: casts.Company) -> None:
    item = lived(cast)
    made = files_out.made(cast.task, by=cast.admin)
    assert ExportPiece.objects.filter(of=made).exists()
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    made.refresh_from_db()
    assert (made.state, made.problem) == (ExportState.DROPPED, "something in it was erased: export anew")
    assert not ExportPiece.objects.exists()


def test_contents_that_go_while_an_export_is_made_are_told_as_deleted(cast: casts.Company) -> None:
    lived(cast)
    within, shape = export.boundary(cast.task), export.shape_of(cast.task, USUAL)
    grow_old(cast.task, days=DAYS + 1)
    assert retaining.sweep(limit_s=5) == 1
    (page,) = export.pages(cast.task, shape, Narrowed(), within)
    (item,) = page.items
    assert (item.body, item.told["deleted"]) == ({}, Cause.RULE)


@pytest.mark.parametrize("begins", ["order of ", f"order of {SECRET}", f"order of {SECRET[:4]}"])
def test_what_an_export_was_narrowed_to_does_not_keep_its_id(cast: casts.Company, begins: str) -> None:
    item = lived(cast, f"order of {SECRET}")
    made = files_out.made(cast.task, by=cast.tuner, wanted=Narrowed(begins=begins))
    waits = files_out.asked(cast.task, by=cast.tuner, wanted=Narrowed(begins=begins))
    others = files_out.made(cast.task, by=cast.tuner, wanted=Narrowed(begins="mail"))
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    for one in (made, waits, others):
        one.refresh_from_db()
    assert others.wanted.begins == "mail"
    assert begins not in made.wanted.begins
    item.refresh_from_db()
    assert waits.wanted.begins == (item.external_id if begins.endswith(SECRET) else begins)
    told = [entry.facts["narrowed"] for entry in Entry.objects.filter(kind="export")]
    assert len(told) == 5
    assert not [one for one in told if one["begins"] in (begins, "mail")]


# ---- the table of places


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
