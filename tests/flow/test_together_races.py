"""Two people who decide the same like items at the same time: each item has one verdict, and none is lost."""

import threading
from collections.abc import Callable

import pytest

from slider.flow import together
from slider.models import Publication, Review, ReviewState
from tests import casts
from tests.flow.test_races import Elsewhere
from tests.flow.test_together import ACCEPT, gates

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_at_once_decide_each_item_once() -> None:
    cast = casts.company()
    ids = [look.pk for look in gates(cast)]
    start = threading.Barrier(2)

    def act(user_id: int, order: list[int]) -> Callable[[], object]:
        def decide() -> object:
            start.wait(10)
            return together.decide(order, task=cast.task, user_id=user_id, said=ACCEPT)

        return decide

    people = (act(cast.reviewer.pk, ids), act(cast.colleague.pk, ids[::-1]))
    hands = [Elsewhere(decide) for decide in people]
    for hand in hands:
        hand.start()
    done: list[int] = []
    for hand in hands:
        outcome = hand.done()
        assert isinstance(outcome, together.Outcome)
        assert len(outcome.done) + len(outcome.left) == len(ids)
        done += outcome.done
    assert sorted(done) == ids
    assert Review.objects.filter(pk__in=ids, state=ReviewState.DECIDED, token=1).count() == len(ids)
    assert Publication.objects.count() == len(ids)
