"""A verdict leaves or is taken back, never both: undo beside the guard, the publisher and the readers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from slider.flow import guard, publish, review, undo
from slider.flow.review import Said
from slider.flow.undo import TooLate
from slider.models import Endpoint, Item, Parcel, Publication, Review, ReviewState, State, Unheard, Verdict
from slider.queries import export, results
from tests import casts, judged
from tests.flow.test_races import Elsewhere
from tests.flow.undo_steps import ACCEPT, BETTER, decided, undone

pytestmark = pytest.mark.django_db


# ---- the guard


def test_the_guard_neither_hears_nor_counts_nor_settles_what_can_still_be_taken_back() -> None:
    cast = casts.company(error_limit=0.4, undo_s=3600)
    casts.audited(cast.task, "a1")
    casts.one(cast.task, "a2")
    look = decided(cast, Said(Verdict.REJECT, reason="wrong"))
    decided(cast)
    guard.tend(cast.task.pk)
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.settled_to, sum(map(sum, row.state["heard"]))) == (0, 0, 0, 0)
    assert Unheard.objects.count() == 2
    again = undone(look)
    review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token, said=ACCEPT)
    judged.tend(cast)
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.settled_to, sum(map(sum, row.state["heard"]))) == (2, 2, 2, 2)
    assert (np.sum(row.state["wrong"]), sum(row.ledger["found"])) == (0, 0)


def test_a_deadline_that_passes_in_the_window_waits_for_its_end() -> None:
    cast = casts.company(error_limit=0.4, undo_s=3600)
    casts.one(cast.task)
    look = decided(cast)
    Review.objects.update(created_at=timezone.now() - timedelta(hours=cast.task.judge_within_h + 1))
    guard.tend(cast.task.pk)
    assert judged.watch(cast).counted_to == 0
    undone(look)
    guard.tend(cast.task.pk)
    row = judged.watch(cast)
    assert (row.counted_to, np.sum(row.state["wrong"]) > 0) == (1, True)  # owed for too long: wrong for good


def test_a_quarantined_stretch_waits_for_the_window_too() -> None:
    from slider.flow.watching import marks

    cast = casts.company(undo_s=3600)
    casts.one(cast.task)
    look = decided(cast)
    Review.objects.update(bin=None)
    known = {"since": 0, "until": 1, "within_h": 72}
    assert marks.oldest_closed(cast.task.pk, **known) == look.place == 0
    casts.time_passes(cast.task)
    assert marks.oldest_closed(cast.task.pk, **known) == 1


@pytest.mark.django_db(transaction=True)
def test_a_round_of_the_guard_that_read_a_verdict_keeps_nothing_if_it_is_taken_back_meanwhile() -> None:
    cast = casts.company(error_limit=0.4)
    casts.one(cast.task)
    look = decided(cast)
    before = judged.watch(cast).round
    Review.objects.update(undo_until=None)  # for the guard its time is over …
    with paused(undo, "_unmake") as (waiting, go_on):
        undoing = Elsewhere(lambda: undone_in_time(look))
        undoing.start()
        assert waiting.wait(10)
        tending = Elsewhere(lambda: guard.tend(cast.task.pk))
        tending.start()
        tending.until_it_waits()
        go_on.set()
        undoing.done()
        tending.done()
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.round) == (0, 0, before + 1)
    assert not row.state
    assert Review.objects.get().state == ReviewState.HELD


@transaction.atomic
def undone_in_time(look: Review) -> Review:
    """… and for the person it is not, as where it runs out while their transaction is under way."""
    Review.objects.filter(pk=look.pk).update(undo_until=timezone.now() + timedelta(hours=1))
    return undone(look)


@pytest.mark.parametrize("said", [ACCEPT, Said(Verdict.FIX, BETTER)], ids=["accept", "fix"])
def test_being_too_late_tells_no_audit_from_a_gate(said: Said) -> None:
    cast = casts.company()
    words = []
    for make in (casts.one, casts.audited):
        make(cast.task, make.__name__)
        look = decided(cast, said)
        casts.time_passes(cast.task)
        with pytest.raises(TooLate) as refused:
            undone(look)
        words.append(str(refused.value))
    assert words[0] == words[1]


@contextmanager
def paused(module: Any, name: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Stop whoever has been through this function, with all their locks, until they may go on."""
    waiting, go_on, real = threading.Event(), threading.Event(), getattr(module, name)

    def stopped(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs)
        waiting.set()
        assert go_on.wait(10)
        return done

    setattr(module, name, stopped)
    try:
        yield waiting, go_on
    finally:
        setattr(module, name, real)


# ---- the publisher and the readers


def owing(**changes: Any) -> tuple[casts.Company, Review]:
    cast = casts.company(**changes)
    Endpoint.objects.create(task=cast.task, url="http://127.0.0.1:9/hook")
    casts.one(cast.task)
    look = decided(cast)
    Parcel.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))  # a sender takes it by this alone
    return cast, look


@pytest.mark.django_db(transaction=True)
def test_what_is_being_taken_back_does_not_leave() -> None:
    _, look = owing(undo_s=3600)
    with transaction.atomic():
        undone(look)
        sender = Elsewhere(lambda: publish._reserve(Endpoint.objects.get().pk, most=8, hold_s=60))
        sender.start()
        assert sender.done() == []
    assert publish._reserve(Endpoint.objects.get().pk, most=8, hold_s=60) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_leaving_is_not_taken_back() -> None:
    _, look = owing(undo_s=3600)
    with transaction.atomic():
        assert len(publish._reserve(Endpoint.objects.get().pk, most=8, hold_s=60)) == 1
        undoing = Elsewhere(lambda: undone(look))
        undoing.start()
        undoing.until_it_waits()
    with pytest.raises(TooLate, match="out by now"):
        undoing.done()
    assert (Item.objects.get().state, Review.objects.get().state) == (State.DONE, ReviewState.DECIDED)
    assert Unheard.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(8))
def test_of_a_sender_and_an_undo_at_once_exactly_one_has_its_way(turn: int) -> None:
    _, look = owing(undo_s=3600)
    start = threading.Barrier(2)

    def send() -> int:
        start.wait(10)
        return len(publish._reserve(Endpoint.objects.get().pk, most=8, hold_s=60))

    def take_back() -> bool:
        start.wait(10)
        try:
            return bool(undone(look))
        except TooLate:
            return False

    sender, undoing = Elsewhere(send), Elsewhere(take_back)
    for one in (sender, undoing) if turn % 2 else (undoing, sender):
        one.start()
    sent, back = sender.done(), undoing.done()
    assert (sent, back) in ((1, False), (0, True))
    assert Publication.objects.count() == sent


@pytest.mark.django_db(transaction=True)
def test_readers_see_no_result_that_can_still_be_taken_back() -> None:
    cast, _ = owing(undo_s=3600)
    item = Item.objects.get()
    lines = list(export.items(cast.task))
    assert [(line.told["result_number"], line.answer, line.told["verdict"]) for line in lines] == [(None, None, None)]
    assert results.published(cast.task, after=None, most=10) == []
    told = results.told(cast.project.pk, item.pk)
    assert told is not None
    assert list(told.results) == []
    casts.time_passes(cast.task)
    assert [(line.told["result_number"], line.told["verdict"]) for line in export.items(cast.task)] == [(1, "accept")]
    assert len(results.published(cast.task, after=None, most=10)) == 1


@pytest.mark.django_db(transaction=True)
def test_readers_wait_for_an_undo_that_runs_into_the_end_of_its_window() -> None:
    cast, look = owing(undo_s=3600)
    with paused(undo, "_unmake") as (waiting, go_on):
        undoing = Elsewhere(lambda: undone(look))
        undoing.start()
        assert waiting.wait(10)
        reading = Elsewhere(
            lambda: [(line.told["state"], line.told["result_number"]) for line in export.items(cast.task)]
        )
        reading.start()
        reading.until_it_waits()
        assert reading.is_alive()
        results.settled(cast.task.pk + 1)  # another task's readers wait for nobody
        go_on.set()
        undoing.done()
    # It tells of the moment when it began: the verdict stood then, and its result could still be taken back.
    assert reading.done() == [("done", None)]
