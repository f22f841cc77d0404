"""The sentinels at work: answers are looked at without a lock, then weighed by what their task has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from slider.engine.sanity import look, watch
from slider.engine.sanity.look import Brief, Case, Look
from slider.engine.sanity.names import Sentinel
from slider.engine.sanity.watch import Sight, State
from slider.models import Pulse, Task, Worker


@dataclass(frozen=True, slots=True)
class Seen:
    """What came in and what a worker made of it; `answer` means something only where it `answered`."""

    item_id: int
    body: Mapping[str, Any]
    answer: Any
    answered: bool


def brief(task: Task, worker: Worker) -> Brief:
    """What a worker of this task is given, as the sentinels read it."""
    return Brief(task.input_schema, task.output_schema, worker.instructions)


def look_at(answers: Sequence[Seen], task: Task, worker: Worker) -> dict[int, Look]:
    """What each item and its answer tell by themselves, by item. It may take a while: call it outside transactions."""
    cases = [Case(one.body, one.answer, one.answered) for one in answers]
    looks = look.looks(cases, brief(task, worker))
    return {one.item_id: found for one, found in zip(answers, looks, strict=True)}


def weigh(task_id: int, looks: Sequence[Look]) -> list[Sight]:
    """Judge looks in the order of routing, and remember them; inside the transaction that writes the answers.

    Locks the task's pulse until that ends. The switches are those of this moment, not of when the shift began.
    """
    pulse = Pulse.locked(task_id)
    state = remembered(pulse)
    sights, state = watch.weigh(looks, state, off=pulse.task.sentinels_off, at=timezone.now().timestamp())
    Pulse.objects.filter(pk=task_id).update(state=state.to_json(), updated_at=Now())
    return sights


def glance(task_id: int, looks: Sequence[Look]) -> list[Sight]:
    """Judge looks by what the task has seen, and remember nothing of them: another worker's answers are no habit."""
    if not looks:
        return []
    pulse = Pulse.objects.select_related("task").filter(pk=task_id).first()
    off = pulse.task.sentinels_off if pulse is not None else Task.objects.get(pk=task_id).sentinels_off
    return watch.weigh(looks, remembered(pulse), off=off, at=timezone.now().timestamp())[0]


def remembered(pulse: Pulse | None) -> State:
    """What the sentinels know of a task. What another version wrote and this one can't read is learned anew."""
    try:
        return State.from_json(pulse.state if pulse is not None else {})
    except ValueError:
        return State()


def alarms(task_id: int) -> tuple[str, ...]:
    """The names of the meters whose alarm stands: reasons for suspicion, none of which stops anything by itself."""
    pulse = Pulse.objects.select_related("task").filter(pk=task_id).first()
    if pulse is None or Sentinel.COLLAPSE in pulse.task.sentinels_off:
        return ()
    return tuple(name for name, meter in remembered(pulse).meters.items() if meter.alarm is not None)
