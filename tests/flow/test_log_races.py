"""Many write into one chain at once: it is whole at the end, with every entry in it once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from slider.flow import log, steer
from slider.models import Entry, Kind, Link, Mode, Task
from slider.queries import chain
from tests import casts, logs

pytestmark = pytest.mark.django_db(transaction=True)
HANDS, EACH = 8, 30


def test_many_writers_of_one_chain_leave_it_whole() -> None:
    cast = casts.company()
    before = Link.objects.count()

    def write(hand: int) -> None:
        try:
            for n in range(EACH):
                with transaction.atomic():
                    facts = {"hand": hand, "n": n}
                    log.write(Kind.SETTING, by=None, facts=facts, project_id=cast.project.pk, task_id=cast.task.pk)
                    if n % 10 == 9:
                        transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(write, range(HANDS)))
    walked = chain.walk()
    assert walked.problems == []
    assert Link.objects.count() == Entry.objects.count() == before + HANDS * EACH * 9 // 10


def test_each_hands_entries_stand_in_their_order() -> None:
    cast = casts.company()

    def write(hand: int) -> None:
        try:
            for n in range(EACH):
                log.write(Kind.SETTING, by=hand, facts={"n": n}, task_id=cast.task.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(write, range(1, HANDS + 1)))
    said = Entry.objects.filter(kind=Kind.SETTING, by__isnull=False, project=None).order_by("link__number")
    for hand in range(1, HANDS + 1):
        assert [entry.facts["n"] for entry in said if entry.by_id == hand] == list(range(EACH))


def test_routing_and_steering_at_once_neither_wait_for_ever_nor_break_the_chain() -> None:
    """The chain's lock is the last that a transaction takes: none of these can hold up another in a circle."""
    cast = casts.company(share=0.5)
    task = Task.objects.get(pk=cast.task.pk)
    names = [f"m{n}" for n in range(120)]
    casts.bring_in(task, {name: {"text": name} for name in names})
    answers = {name: casts.says({"topic": "refund", "urgent": False}) for name in names}

    def work() -> None:
        while casts.answer_all(Task.objects.get(pk=task.pk), dict(list(answers.items())[:15])):
            pass

    def move() -> None:
        for n in range(12):
            steer.apply(task.pk, share=n / 20, mode=Mode.TRIAL, reason="to and fro", by=cast.tuner.pk)

    def run(what: Callable[[], None]) -> None:
        try:
            what()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as hands:
        list(hands.map(run, (work, work, move)))
    assert logs.found() == []
