"""Many callers at once: one id is one item, whoever sends it and however often."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from slider.models import Item, Move, Payload
from tests import casts
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(db: None) -> casts.Company:
    """Committed, where a test is about several connections."""
    return casts.company()


def at_once(program: Program, contents: list[Any]) -> list[Any]:
    def post(content: Any) -> Any:
        try:
            return program.post(content)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(contents)) as pool:
        return list(pool.map(post, contents))


def test_one_id_sent_at_once_is_added_once(program: Program) -> None:
    answers = at_once(program, [{"external_id": "o", "input": {"text": "a"}}] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert {answer.json()["id"] for answer in answers} == {Item.objects.get().pk}
    assert Move.objects.count() == 1


def test_one_id_sent_at_once_with_other_bodies_keeps_the_first(program: Program) -> None:
    answers = at_once(program, [{"external_id": "o", "input": {"text": f"text {n}"}} for n in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    (added,) = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    assert Payload.objects.get().body == {"text": f"text {added}"}


def test_batches_that_share_ids_in_another_order_do_not_lock_each_other_out(program: Program) -> None:
    rows = [{"external_id": f"o{n}", "input": {"text": "a"}} for n in range(200)]
    answers = at_once(program, [{"items": rows}, {"items": rows[::-1]}] * 3)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert sum(answer.json()["added"] for answer in answers) == Item.objects.count() == 200
