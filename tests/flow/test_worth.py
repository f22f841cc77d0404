"""Where a look is worth most comes first, nothing waits for ever, and no kind of look can be told by its place."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from slider.flow import claims, intake, worth
from slider.flow.intake import Row
from slider.flow.records import Rated
from slider.models import Attempt, Gauge, Outcome, Review, ReviewKind, Task
from slider.queries import turns
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Company:
    return casts.company()


def rated(body: dict[str, Any], *, p_correct: float = 0.9, answered: bool = True, veto: str = "") -> Rated:
    attempt = Attempt(outcome=Outcome.ANSWERED if answered else Outcome.REFUSED)
    return Rated(1, 1, body, attempt, 0.0, p_correct, veto=veto)


def remember(cast: Company, *rows: Sequence[float | None]) -> None:
    Gauge.objects.filter(pk=cast.task.pk).update(worths=[list(row) for row in rows])


def order(cast: Company, *, most: int = 50) -> list[str]:
    with transaction.atomic():
        ids = claims.take_looks(cast.reviewer.pk, task_ids=[cast.task.pk], most=most, lease_s=60)
    found = Review.objects.select_related("item").in_bulk(ids)
    return [found[pk].item.external_id for pk in ids]


@pytest.mark.parametrize(
    ("body", "changes", "expected"),
    [
        ({"amount": 200}, {}, 20.0),
        ({"amount": -200}, {}, 20.0),
        ({"amount": 200}, {"p_correct": 0.5}, 100.0),
        ({"amount": 200}, {"answered": False}, 200.0),
        ({"amount": 200}, {"veto": "gibberish"}, 200.0),
        ({}, {}, None),
        ({"amount": True}, {}, None),
        ({"amount": "much"}, {}, None),
        ({"amount": 10**400}, {}, None),
    ],
)
def test_a_look_is_worth_the_chance_of_an_error_times_the_stake(
    body: dict[str, Any], changes: dict[str, Any], expected: float | None
) -> None:
    found = worth.of(rated(body, **changes), Task(stake_field="amount"))
    assert found == (None if expected is None else pytest.approx(expected))


def test_without_a_stake_field_all_items_have_the_same_stake() -> None:
    assert worth.of(rated({"amount": 5}, p_correct=0.75), Task()) == pytest.approx(0.25)


def test_pressing_is_the_share_of_the_newest_looks_that_are_worth_less() -> None:
    gauge = Gauge(worths=[[value / 10, 0.5, None] for value in range(10)])
    looks = [Review(item_id=n, kind=ReviewKind.GATE) for n in range(4)]
    worth.weigh(gauge, looks, {0: 0.45, 1: 2.0, 2: -1.0, 3: None})
    assert [look.pressing for look in looks] == pytest.approx([0.5, 1.0, 0.0, 1.0])


def test_looks_that_nothing_tells_apart_come_in_the_order_they_came(cast: Company) -> None:
    for n in range(6):
        casts.one(cast.task, f"m{n}")
    assert order(cast) == [f"m{n}" for n in range(6)]


def test_what_is_worth_more_goes_before_what_came_earlier_but_not_for_longer_than_the_tasks_patience(
    cast: Company,
) -> None:
    Task.objects.filter(pk=cast.task.pk).update(stake_field="orders", overtaken_h=24)
    cast.task.refresh_from_db()
    casts.one(cast.task, "typical", orders=10)
    casts.one(cast.task, "small", orders=1)
    casts.one(cast.task, "unknown")
    casts.one(cast.task, "large", orders=1000)
    small = Review.objects.get(item__external_id="small")
    assert (small.pressing, small.turn) == (0.0, small.created_at + timedelta(hours=24))
    casts.one(cast.task, "tomorrow", orders=2000)
    late = Review.objects.get(item__external_id="tomorrow")
    Review.objects.filter(pk=late.pk).update(turn=late.turn + timedelta(hours=24, minutes=1))
    assert order(cast) == ["unknown", "large", "typical", "small", "tomorrow"]


def test_a_due_time_brings_a_look_forward_and_leaves_half_of_the_time(cast: Company) -> None:
    soon, past = timezone.now() + timedelta(hours=2), timezone.now() - timedelta(days=400)
    body = {"text": "I want my money back."}
    names = {"a": None, "b": soon, "c": past}
    intake.add(cast.task, [Row(body, name, due_at=due) for name, due in names.items()], origin="the cast")
    casts.answer_all(cast.task, {name: casts.says({"topic": "refund", "urgent": False}) for name in names})
    looks = {look.item.external_id: look for look in Review.objects.select_related("item")}
    assert looks["b"].due_at == soon
    assert looks["b"].turn == looks["b"].created_at + (soon - looks["b"].created_at) / 4
    assert looks["c"].turn == looks["c"].created_at - timedelta(days=1)  # a date of long ago is no way to the front
    assert order(cast) == ["c", "b", "a"]


def test_a_tasks_own_time_for_an_answer_makes_its_items_due(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(answer_within_h=4)
    item = casts.one(cast.task)
    assert Review.objects.get().due_at == item.created_at + timedelta(hours=4)


def test_like_comes_with_like_unless_something_else_is_much_more_urgent(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    for n in range(2):
        casts.one(other, f"o{n}")
        casts.one(cast.task, f"m{n}")

    def takes(near: int) -> str:
        with transaction.atomic():
            ids = [cast.task.pk, other.pk]
            (pk,) = claims.take_looks(cast.reviewer.pk, task_ids=ids, most=1, lease_s=60, near=near)
        return Review.objects.get(pk=pk).item.external_id

    assert takes(cast.task.pk) == "m0"
    Review.objects.filter(item__external_id="o0").update(turn=timezone.now() - timedelta(seconds=claims.STAY_S))
    assert takes(cast.task.pk) == "o0"
    assert takes(other.pk) == "o1"


# ---- nobody can tell an audit, a look back, a known answer or a second look


def test_looks_of_every_hidden_kind_are_as_pressing_and_as_due_as_recent_ones(cast: Company) -> None:
    lent: list[list[float | None]] = [[0.1, 0.25, 3600.0], [0.2, 0.75, None]]
    remember(cast, *lent)
    item = casts.one(cast.task)
    remember(cast, *lent)
    items = casts.bring_in(cast.task, {f"n{n}": {"text": "a"} for n in range(60)})
    for kind in (ReviewKind.KNOWN, ReviewKind.SECOND, ReviewKind.LOOKBACK):
        found = []
        for other in items:
            look = Review.objects.create(item=other, task=cast.task, kind=kind)
            look.refresh_from_db()
            due_s = None if look.due_at is None else round((look.due_at - look.created_at).total_seconds())
            found.append((look.pressing, due_s))
        assert set(found) == {(0.25, 3600), (0.75, None)}
        assert 15 <= found.count((0.75, None)) <= 45
    assert Review.objects.filter(item=item).count() == 1


def test_audits_are_as_pressing_as_recent_gates_and_due_like_any_item(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(answer_within_h=4)
    cast.task.refresh_from_db()
    casts.one(cast.task, "gate")
    remember(cast, [0.1, 0.9, 60.0])
    item = casts.audited(cast.task, "audit")
    audit = Review.objects.get(item=item)
    assert (audit.kind, audit.pressing) == (ReviewKind.AUDIT, 0.9)
    assert audit.due_at == item.created_at + timedelta(hours=4)


def test_the_words_say_nothing_that_only_one_kind_could_have(cast: Company) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    said = set()
    for kind in ReviewKind.values:
        look = Review(kind=kind, pressing=0.9, due_at=now + timedelta(minutes=40), created_at=now - timedelta(hours=3))
        said.add(turns.words(look, now))
    assert said == {"Here now: due in 40 min, a look is worth more here than at most others, waiting for 3 h."}


@pytest.mark.parametrize(
    ("pressing", "due_min", "age_min", "expected"),
    [
        (None, None, 0, "Here now: just come in."),
        (0.5, -5, 30, "Here now: overdue by 5 min, waiting for 30 min."),
        (0.1, 200, 4000, "Here now: due in 3 h, what was worth more went first, waiting for 2 days."),
    ],
)
def test_the_order_is_explained_in_one_line(
    pressing: float | None, due_min: int | None, age_min: int, expected: str
) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    due_at = None if due_min is None else now + timedelta(minutes=due_min)
    look = Review(pressing=pressing, due_at=due_at, created_at=now - timedelta(minutes=age_min))
    assert turns.words(look, now) == expected


def test_the_gauge_remembers_the_newest_only(cast: Company) -> None:
    remember(cast, *[(7.0, 0.5, None)] * worth.REMEMBERED)
    casts.one(cast.task)
    worths = Gauge.objects.get(pk=cast.task.pk).worths
    assert len(worths) == worth.REMEMBERED
    assert [row[0] == 7.0 for row in worths[-2:]] == [True, False]


def test_each_of_several_looks_is_due_and_pressing_as_its_own_item_is() -> None:
    cast = casts.company(looks=2, stake_field="orders", overtaken_h=48.0)
    remember(cast, *([1.0 * n, 0.1, 900_000.0] for n in range(100)))
    soon = timezone.now() + timedelta(hours=2)
    intake.add(cast.task, [Row({"text": "x", "orders": 5000}, "urgent", due_at=soon)], origin="the cast")
    casts.answer_all(cast.task, {"urgent": casts.says({"topic": "refund", "urgent": False})})
    gate, *peers = Review.objects.order_by("pk")
    assert [peer.kind for peer in peers] == [ReviewKind.PEER] * 2
    assert {(peer.due_at, peer.pressing) for peer in peers} == {(soon, 1.0)} == {(gate.due_at, gate.pressing)}
