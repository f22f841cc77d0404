"""Planted canaries on a task's own scoring: what would have run unattended, with the sentinels and without."""

import pytest

from slider.engine.sanity.canaries import Kind
from slider.flow import canaries, setup
from slider.models import Decision, Item, Pulse, Task, Verdict
from tests import casts
from tests.engine import exact

pytestmark = pytest.mark.django_db


INSTRUCTIONS = (
    "Read the message of a customer of our shop, say which topic it has and whether it is urgent, and write a short "
    "reply in the language of the customer without any promise that the shop has not agreed to."
)


def reviewed(cast: casts.Company, count: int = 10) -> None:
    setup.replace_worker(cast.worker, {"instructions": INSTRUCTIONS}, by=cast.tuner.pk)
    topics = casts.TOPICS
    names = [f"m{number}" for number in range(count)]
    casts.route_all(
        cast.task,
        {
            name: casts.says(
                {
                    "topic": topics[n % 5],
                    "urgent": False,
                    "reply": f"We have looked into case {n} and shall write to you again by tomorrow evening.",
                }
            )
            for n, name in enumerate(names)
        },
        bodies={
            name: {"text": f"My parcel {n} has not arrived, although it was sent two weeks ago. Where can it be?"}
            for n, name in enumerate(names)
        },
    )
    for _ in range(count):
        casts.decide(cast.reviewer, cast.task)


def test_the_score_alone_is_taken_in_and_the_sentinels_are_not() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast)
    report = canaries.run(cast.task.pk, count=240, seed=1)
    assert set(report.alone) == {*Kind, None}
    nonsense = [kind for kind in Kind if kind != Kind.WRONG]
    assert all((report.alone[kind].rate or 0.0) > 0.5 for kind in nonsense)
    for kind in nonsense:
        assert exact.keeps(report.guarded[kind].missed, n=report.guarded[kind].shown, p=0.03), kind
    assert report.guarded[Kind.WRONG].missed == report.alone[Kind.WRONG].missed > 0
    assert report.share == canaries.USUAL_SHARE


def test_nothing_is_routed_or_learned_and_the_result_is_kept() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast)
    before = (Item.objects.count(), Decision.objects.count(), Pulse.objects.get().state)
    report = canaries.run(cast.task.pk, count=60, seed=2)
    pulse = Pulse.objects.get()
    assert (Item.objects.count(), Decision.objects.count(), pulse.state) == before
    assert pulse.canaries == report.to_json()
    assert pulse.canaries_at is not None
    assert canaries.run(cast.task.pk, count=60, seed=2).to_json() == report.to_json()


def test_with_the_sentinels_switched_off_the_nonsense_passes() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast)
    Task.objects.update(sentinels_off=["gibberish", "repetition", "echo", "unfamiliar", "language"])
    report = canaries.run(cast.task.pk, count=120, seed=1)
    assert report.guarded == report.alone
    assert report.sentinels == {}


def test_a_task_of_which_nothing_is_known_says_what_to_do() -> None:
    cast = casts.company()
    with pytest.raises(canaries.TooFewKnown, match="Review some items first"):
        canaries.run(cast.task.pk, count=10, seed=1)


def test_rejected_answers_are_not_taken_for_right_ones() -> None:
    cast = casts.company(share=0.0)
    casts.one(cast.task, "m1")
    casts.one(cast.task, "m2")
    for _ in range(2):
        casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    with pytest.raises(canaries.TooFewKnown):
        canaries.run(cast.task.pk, count=10, seed=1)


def test_the_workers_examples_are_known_answers_too() -> None:
    cast = casts.company()
    example = {
        "input": {"text": "Where is my parcel? I have waited for it since Monday."},
        "output": {"topic": "delivery"},
    }
    cast.worker.examples = [example, {"input": {"text": "Money back, please."}, "output": {"topic": "refund"}}]
    cast.worker.save()
    report = canaries.run(cast.task.pk, count=30, seed=1)
    assert set(report.alone) == {Kind.GIBBERISH, Kind.REPETITION, Kind.WRONG, None}
