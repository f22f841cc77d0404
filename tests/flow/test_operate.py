"""An operator's hand: what stands still, who said so and why, and two hands at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from slider.flow import halts, operate, work
from slider.flow.operate import Target
from slider.models import Halt, Operation, OperationKind, Stance, Task
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> casts.Company:
    return casts.company()


def stance(cast: casts.Company, host: str = "here") -> Stance | None:
    return halts.read(cast.worker.pk, host=host).stance


def targets(cast: casts.Company) -> list[Target]:
    return [Target(cast.task.pk), Target(cast.task.pk, "reader"), Target(host="here")]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["task", "profile", "host"])
def test_a_halt_holds_from_the_next_look_on_and_each_step_is_written_down(cast: casts.Company, which: int) -> None:
    target = targets(cast)[which]
    for wanted in (Stance.PAUSED, Stance.DRAINING, None):
        assert operate.stand(target, wanted, by=cast.admin.pk, reason=f"now {wanted}") is not None
        assert stance(cast) == wanted
        assert halts.read(cast.worker.pk, host="here").may_begin == (wanted is None)
        assert Halt.objects.count() == (wanted is not None)
    told = list(Operation.objects.order_by("pk").values_list("kind", "reason", "by", "host", "profile"))
    assert [kind for kind, *_ in told] == [OperationKind.PAUSE, OperationKind.DRAIN, OperationKind.RESUME]
    assert {row[1:] for row in told} == {
        (f"now {wanted}", cast.admin.pk, target.host, target.profile)
        for wanted in (Stance.PAUSED, Stance.DRAINING, None)
    }


def test_a_halt_of_one_host_or_worker_leaves_the_others_alone(cast: casts.Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    operate.stand(Target(host="there"), Stance.PAUSED, by=cast.admin.pk, reason="it is hot")
    operate.stand(Target(other.pk, "reader"), Stance.PAUSED, by=cast.admin.pk, reason="too dear")
    assert stance(cast) is None
    assert stance(cast, host="there") == Stance.PAUSED


def test_of_several_halts_the_strictest_holds(cast: casts.Company) -> None:
    operate.stand(Target(host="here"), Stance.DRAINING, by=cast.admin.pk, reason="a new disk")
    assert stance(cast) == Stance.DRAINING
    operate.stand(Target(cast.task.pk), Stance.PAUSED, by=cast.admin.pk, reason="wrong prompt")
    assert stance(cast) == Stance.PAUSED
    operate.stand(Target(cast.task.pk), None, by=cast.admin.pk, reason="mended")
    assert stance(cast) == Stance.DRAINING


def test_a_task_says_so_itself_and_one_that_was_marked_by_hand_can_be_resumed(cast: casts.Company) -> None:
    operate.stand(Target(cast.task.pk), Stance.DRAINING, by=cast.admin.pk, reason="for the night")
    assert Task.objects.get(pk=cast.task.pk).paused
    operate.stand(Target(cast.task.pk), None, by=cast.admin.pk, reason="morning")
    assert not Task.objects.get(pk=cast.task.pk).paused
    Task.objects.update(paused=True)
    assert stance(cast) == Stance.PAUSED
    assert operate.stand(Target(cast.task.pk), None, by=cast.admin.pk, reason="who did that") is not None
    assert stance(cast) is None


def test_saying_the_same_twice_is_one_act(cast: casts.Company) -> None:
    assert operate.stand(Target(cast.task.pk), None, by=cast.admin.pk, reason="nothing") is None
    assert operate.stand(Target(host="here"), Stance.PAUSED, by=cast.admin.pk, reason="once") is not None
    assert operate.stand(Target(host="here"), Stance.PAUSED, by=cast.tuner.pk, reason="twice") is None
    assert Halt.objects.get().reason == "once"


@pytest.mark.parametrize("which", [0, 2], ids=["task", "host"])
def test_two_people_at_once_are_one_act(cast: casts.Company, which: int) -> None:
    target = targets(cast)[which]

    def pause(by: int) -> bool:
        try:
            return operate.stand(target, Stance.PAUSED, by=by, reason=f"says {by}") is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(pause, [cast.admin.pk, cast.tuner.pk] * 8))
    assert sum(done) == Halt.objects.count() == Operation.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  \n ", "\x00", "x" * 501])
def test_an_act_takes_a_reason_of_a_few_words(cast: casts.Company, reason: str) -> None:
    with pytest.raises(operate.Unfit):
        operate.stand(Target(cast.task.pk), Stance.PAUSED, by=cast.admin.pk, reason=reason)
    assert not Halt.objects.exists()
    assert not Operation.objects.exists()


def test_a_worker_that_the_task_does_not_have_is_refused(cast: casts.Company) -> None:
    with pytest.raises(operate.Unfit, match="no worker of that name"):
        operate.stand(Target(cast.task.pk, "writer"), Stance.PAUSED, by=cast.admin.pk, reason="why not")


@pytest.mark.parametrize(("task", "profile", "host"), [(None, "", ""), (1, "", "h"), (None, "p", "h")])
def test_a_target_is_one_thing(task: int | None, profile: str, host: str) -> None:
    with pytest.raises(ValueError, match="names no one thing"):
        Target(task, profile, host)


@pytest.mark.parametrize("change", ["UPDATE slider_operation SET reason = 'x'", "DELETE FROM slider_operation"])
def test_what_operators_did_can_not_be_edited_or_deleted(cast: casts.Company, change: str) -> None:
    operate.stand(Target(host="here"), Stance.PAUSED, by=cast.admin.pk, reason="once")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_database_refuses_a_second_halt_and_one_of_nothing(cast: casts.Company) -> None:
    wrong = {"stance": Stance.PAUSED, "reason": "x", "by_id": cast.admin.pk}
    for names in ({}, {"task_id": cast.task.pk, "host": "here"}, {"profile": "reader"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Halt.objects.create(**wrong, **names)
    Halt.objects.create(**wrong, host="here")
    with pytest.raises(IntegrityError), transaction.atomic():
        Halt.objects.create(**wrong, host="here")


def test_a_task_whose_worker_is_halted_gets_no_hints(cast: casts.Company) -> None:
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    assert work.waiting() == [cast.task.pk]
    for target in targets(cast)[:2]:
        operate.stand(target, Stance.DRAINING, by=cast.admin.pk, reason="wait")
        assert work.waiting() == []
        operate.stand(target, None, by=cast.admin.pk, reason="go")
    assert work.waiting() == [cast.task.pk]
