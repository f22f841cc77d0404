"""An item that is erased while it is sent again: whoever comes first, nothing comes in under its id."""

import threading
import time
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from slider.flow import erasing, intake, retaining
from slider.flow.intake import Arrival, Fate, Row
from slider.models import Emptied, EmptyWalk, Item, Review
from tests import casts
from tests.archives import grow_old

pytestmark = pytest.mark.django_db(transaction=True)
BODY: dict[str, Any] = {"text": "I want my money back."}


@pytest.mark.parametrize("before", [True, False], ids=["nothing was erased before", "the task has its key"])
def test_nothing_comes_in_under_an_id_that_is_being_erased(before: bool) -> None:
    cast = casts.company()
    if not before:
        other = casts.one(cast.task, "other", text="other")
        erasing.erase(other.pk, by=cast.admin.pk, words="asked")
    item = casts.one(cast.task, "m1", **BODY)
    erased, came = threading.Event(), []

    def erase() -> None:
        with transaction.atomic():
            erasing.erase(item.pk, by=cast.admin.pk, words="asked")
            erased.set()
            time.sleep(0.5)  # who sends it again waits for the end of this
        connections.close_all()

    def send() -> list[Arrival]:
        erased.wait(10)
        came.extend(intake.add(cast.task, [Row(BODY, "m1")], origin="again"))
        connections.close_all()
        return came

    threads = [threading.Thread(target=erase), threading.Thread(target=send)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    (arrival,) = came
    assert arrival.erased
    assert Item.objects.filter(external_id="m1").count() == 0
    assert Emptied.objects.filter(item=item, told=True).exists()
    assert Item.objects.count() == (1 if before else 2)


@pytest.mark.parametrize("before", [True, False], ids=["nothing was erased before", "the task has its key"])
def test_an_id_that_is_erased_while_it_is_looked_up_is_an_erased_one(
    monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    cast = casts.company()
    if not before:
        other = casts.one(cast.task, "other", text="other")
        erasing.erase(other.pk, by=cast.admin.pk, words="asked")
    item = casts.one(cast.task, "m1", **BODY)
    key, looked = intake._id_key, intake._here

    def erase() -> None:
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
        connections.close_all()

    def meanwhile() -> None:
        monkeypatch.setattr(intake, "_id_key", key)
        monkeypatch.setattr(intake, "_here", looked)
        somebody = threading.Thread(target=erase)
        somebody.start()
        somebody.join(10)

    def read(task_id: int) -> bytes | None:
        found = key(task_id)
        if before:
            meanwhile()
        return found

    def look(task_id: int, names: list[str]) -> Any:
        found = looked(task_id, names)
        if not before:
            meanwhile()
        return found

    monkeypatch.setattr(intake, "_id_key", read)
    monkeypatch.setattr(intake, "_here", look)
    first, twice, new = intake.add(cast.task, [Row(BODY, "m1"), Row(BODY, "m1"), Row(BODY, "m2")], origin="again")
    assert new.fate == Fate.ADDED
    assert first == twice
    assert (first.erased, first.item_id) == (before, item.pk)
    assert Item.objects.filter(external_id="m1").count() == 0


@pytest.mark.parametrize("what", ["a look that is being taken", "a correction that is being made"])
def test_the_rule_passes_by_what_somebody_has_in_hand_right_now(what: str) -> None:
    cast = casts.company(contents_days=30)
    item = casts.one(cast.task, "m1", **BODY)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    look = Review.objects.create(item=item, task=cast.task, kind="second", slot=1)
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            if what.startswith("a look"):
                Review.objects.select_for_update().get(pk=look.pk)
            else:
                Item.objects.select_for_update(no_key=True).get(pk=item.pk)
            held.set()
            go_on.wait(10)
        connections.close_all()

    somebody = threading.Thread(target=hold)
    somebody.start()
    assert held.wait(10)
    assert retaining.step(cast.task.pk).emptied == 0
    go_on.set()
    somebody.join(10)
    EmptyWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert retaining.step(cast.task.pk).emptied == 1
    look.refresh_from_db()
    assert look.state == "void"


def test_a_look_that_is_added_while_contents_go_is_refused() -> None:
    cast = casts.company(contents_days=30)
    item = casts.one(cast.task, "m1", **BODY)
    casts.decide(cast.reviewer, cast.task)
    grow_old(cast.task)
    emptied, refused = threading.Event(), []

    def add() -> None:
        emptied.wait(10)
        try:
            Review.objects.create(item=item, task=cast.task, kind="second", slot=1)
        except IntegrityError as error:
            refused.append(str(error))
        connections.close_all()

    somebody = threading.Thread(target=add)
    somebody.start()
    with transaction.atomic():
        assert retaining.step(cast.task.pk).emptied == 1
        emptied.set()
        time.sleep(0.5)  # whoever adds it waits for the end of this
    somebody.join(10)
    assert "nothing to say of it any more" in refused[0]
