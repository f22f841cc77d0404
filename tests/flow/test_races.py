"""Two hands on one slider at once: each waits for the other, sees what it did, and fails for no reason of its own."""

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction

from slider.flow import guard, policies, review, route, sentinels, setup, steer
from slider.flow.policies import Change
from slider.models import Decision, Gauge, Maker, Mode, Policy, Pulse, Verdict, Worker
from tests import casts, judged

pytestmark = pytest.mark.django_db(transaction=True)


class Elsewhere(threading.Thread):
    """Runs an act over a connection of its own, and keeps what it returned or raised."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self.pid = 0
        self.connected = threading.Event()
        self.result: object = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            self.connected.set()
            self.result = self._act()
        except Exception as error:  # noqa: BLE001  # told to the test, which raises it
            self.error = error
        finally:
            connections.close_all()

    def until_it_waits(self) -> None:
        """Return when PostgreSQL says that its statement waits for a lock."""
        assert self.connected.wait(5)
        for _ in range(5000):
            with connection.cursor() as cursor:
                cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [self.pid])
                if cursor.fetchone() == (True,) or not self.is_alive():
                    return

    def done(self) -> object:
        self.join(10)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.result


def routed_by(task_id: int) -> int:
    with transaction.atomic():
        return route.lock(task_id).policy.number


def test_routing_that_waits_for_a_pull_back_routes_by_it() -> None:
    cast = casts.company(share=1.0)
    routing = Elsewhere(lambda: routed_by(cast.task.pk))
    with transaction.atomic():
        pulled = steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
        routing.start()
        routing.until_it_waits()
    assert routing.done() == pulled.number


def test_a_pull_back_that_waits_for_the_guard_comes_after_it() -> None:
    cast = casts.company(share=1.0)
    pulling = Elsewhere(lambda: steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk))
    with transaction.atomic():
        policies.make(cast.task.pk, Change(), maker=Maker.GUARD, reason="figures brought up to date")
        pulling.start()
        pulling.until_it_waits()
    pulling.done()
    newest = Gauge.objects.select_related("policy").get().policy
    assert (newest.number, newest.held) == (3, True)


def test_routing_that_waits_for_the_guard_s_alarm_sends_its_whole_batch_to_people() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judged.remember(cast, alarm=[1e6] * 5)
    judged.routed(cast, 1, start=500)
    names = [f"late{n}" for n in range(20)]
    casts.bring_in(cast.task, {name: {"text": "hello"} for name in names})
    routing = Elsewhere(lambda: casts.answer_all(cast.task, {name: casts.says(judged.ANSWER) for name in names}))
    with transaction.atomic():
        assert guard.tend(cast.task.pk).epoch == 2
        routing.start()
        routing.until_it_waits()
    assert routing.done() == 20
    late = Decision.objects.filter(item__external_id__startswith="late")
    assert set(late.values_list("epoch", "lane", "audit")) == {(2, "people", False)}


def test_the_guard_that_waits_for_a_batch_puts_it_into_the_epoch_that_ends() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judged.remember(cast, alarm=[1e6] * 5)
    judged.routed(cast, 1, start=500)
    casts.bring_in(cast.task, {"late": {"text": "hello"}})
    looking = Elsewhere(lambda: guard.tend(cast.task.pk))
    with transaction.atomic():
        casts.answer_all(cast.task, {"late": casts.says(judged.ANSWER)})
        looking.start()
        looking.until_it_waits()
    looking.done()
    row = judged.watch(cast)
    assert Decision.objects.get(item__external_id="late").epoch == 1
    assert (row.epoch, row.counted_to, row.routed_to) == (2, 62, 62)


def test_of_two_guards_at_once_one_does_the_round_and_the_other_nothing() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.4)
    judged.routed(cast, 60)
    judged.judge(cast)
    second = Elsewhere(lambda: guard.tend(cast.task.pk).number)
    with transaction.atomic():
        first = guard.tend(cast.task.pk)
        second.start()
        second.until_it_waits()
    assert (second.done(), first.number) == (2, 2)
    row = judged.watch(cast)
    assert (row.judged, sum(map(sum, row.state["heard"])), row.round) == (60, 60, 1)


def test_a_verdict_that_is_committed_after_later_ones_is_heard_and_once() -> None:
    cast = casts.company(share=0.0, error_limit=0.4)
    judged.routed(cast, 2)
    early, late = casts.take(cast.reviewer, cast.task), casts.take(cast.colleague, cast.task)
    accept = review.Said(Verdict.ACCEPT)
    goes_on = threading.Event()
    decided = threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            review.decide(early.pk, user_id=cast.reviewer.pk, token=early.token, said=accept)
            decided.set()
            assert goes_on.wait(10)

    slow = Elsewhere(slowly)
    slow.start()
    assert decided.wait(10)
    review.decide(late.pk, user_id=cast.colleague.pk, token=late.token, said=accept)
    casts.time_passes(cast.task)
    guard.tend(cast.task.pk)
    assert (sum(map(sum, judged.watch(cast).state["heard"])), judged.watch(cast).counted_to) == (1, 0)
    goes_on.set()
    slow.done()
    casts.time_passes(cast.task)
    for _ in range(2):
        guard.tend(cast.task.pk)
    row = judged.watch(cast)
    assert (sum(map(sum, row.state["heard"])), row.counted_to, row.judged) == (2, 2, 2)


def test_a_worker_can_be_replaced_while_the_guard_makes_a_policy() -> None:
    cast = casts.company(share=1.0)
    replacing = Elsewhere(lambda: setup.replace_worker(cast.worker, {"instructions": "Twice."}, by=cast.tuner.pk))
    with transaction.atomic():
        route.lock(cast.task.pk)
        replacing.start()
        replacing.until_it_waits()  # it has the worker's row and waits for the gauge
        policies.make(cast.task.pk, Change(), maker=Maker.GUARD, reason="figures brought up to date")
    replacing.done()
    assert Policy.objects.count() == 3


def test_of_two_people_who_replace_a_worker_the_second_hears_of_the_first() -> None:
    cast = casts.company()
    second = Elsewhere(lambda: setup.replace_worker(cast.worker, {"instructions": "Second."}, by=cast.tuner.pk))
    with transaction.atomic():
        setup.replace_worker(cast.worker, {"instructions": "First."}, by=cast.admin.pk)
        second.start()
        second.until_it_waits()
    with pytest.raises(ValidationError, match="replaced by somebody else"):
        second.done()
    assert Worker.objects.get(retired_at=None).instructions == "First."


def weighed(cast: casts.Company, *bodies: str) -> int:
    seen = [sentinels.Seen(place, {"text": text}, {"topic": "other"}, True) for place, text in enumerate(bodies)]
    looks = sentinels.look_at(seen, cast.task, cast.worker)
    with transaction.atomic():
        return len(sentinels.weigh(cast.task.pk, list(looks.values())))


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_two_batches_at_once_are_both_remembered(known: bool) -> None:
    cast = casts.company()
    before = weighed(cast, "Where is my parcel?") if known else 0
    other = Elsewhere(lambda: weighed(cast, "I want my money back.", "My tent is torn."))
    with transaction.atomic():
        weighed(cast, "The boots pinch my toes.")
        other.start()
        other.until_it_waits()
    assert other.done() == 2
    assert Pulse.objects.get().state["looked"] == before + 3
