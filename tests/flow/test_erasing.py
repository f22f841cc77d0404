"""An item is erased on request: nothing of it is left, nobody hears of it again, and its id never comes back."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from slider.engine.sanity.names import Finding
from slider.flow import claims, corrections, endpoints, erasing, intake, replays, requeue, retaining, review, setup
from slider.flow.intake import Fate, Row
from slider.flow.requeue import Order
from slider.flow.review import NotYours, Said
from slider.models import (
    Attempt,
    Cause,
    Delivery,
    Emptied,
    Entry,
    EventType,
    Item,
    Parcel,
    ReviewState,
    Score,
    State,
    Try,
    Verdict,
    Worker,
)
from slider.models.endpoint import WANTABLE
from slider.models.replayable import Which
from slider.queries import fleet_tasks, receivers
from tests import casts, logs
from tests.archives import grow_old
from tests.flow.emptying_steps import BODY, SAID, SECRET, company, everything, lived, numbers

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    return company(monkeypatch)


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


def test_erasing_that_fails_half_way_has_changed_nothing(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    item = lived(cast)
    before = everything()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process is gone")

    monkeypatch.setattr(erasing, "_unlearn", fails)
    with pytest.raises(RuntimeError):
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert everything() == before
