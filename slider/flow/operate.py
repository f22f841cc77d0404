"""An operator's hand on the fleet: pause, drain and resume a task, a worker or a machine, each with its reason."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models.functions import Now

from slider.models import Halt, Operation, OperationKind, Stance, Task, Worker

REASON_MOST = 500
_HOSTS = 7_320  # the advisory lock's own number space: by the name of a machine
_KINDS = {Stance.PAUSED: OperationKind.PAUSE, Stance.DRAINING: OperationKind.DRAIN, None: OperationKind.RESUME}


class Unfit(ValueError):
    """What was asked can't be done; the words are for the person who asked."""


@dataclass(frozen=True, slots=True)
class Target:
    """A task, one worker of it by its name, or a machine."""

    task_id: int | None = None
    profile: str = ""
    host: str = ""

    def __post_init__(self) -> None:
        if (self.task_id is None) == (not self.host) or (self.host and self.profile):
            raise ValueError(f"{self} names no one thing: give a task, a worker of a task, or a host")


def stand(target: Target, stance: Stance | None, *, by: int, reason: str) -> Operation | None:
    """Let something stand still, or go on again (None); None where it stood so already.

    One row in `Halt` says how it stands, one in `Operation` who did it and why, both in one transaction. Two people
    at once follow one on the other: the row of the task, or the machine's name, is locked.
    """
    words = said(reason)
    with transaction.atomic():
        _lock(target)
        halts = Halt.objects.filter(profile=target.profile, host=target.host, task=target.task_id)
        halt = halts.select_for_update().first()
        if _stands(target, halt) == stance:
            return None
        if stance is None:
            halts.delete()
        elif halt is None:
            Halt.objects.create(
                task_id=target.task_id,
                profile=target.profile,
                host=target.host,
                stance=stance,
                reason=words,
                by_id=by,
            )
        else:
            halts.update(stance=stance, reason=words, by_id=by, since=Now())
        if target.task_id is not None and not target.profile:
            Task.objects.filter(pk=target.task_id).update(paused=stance is not None)
        return write(target, _KINDS[stance], by=by, reason=words)


def _lock(target: Target) -> None:
    """Wait for whoever moves the same thing; a worker that the task does not have is refused."""
    if target.task_id is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_HOSTS, target.host])
        return
    Task.objects.select_for_update(no_key=True).get(pk=target.task_id)
    if target.profile and not Worker.objects.filter(task_id=target.task_id, name=target.profile).exists():
        raise Unfit("This task has no worker of that name: load the page anew.")


def _stands(target: Target, halt: Halt | None) -> Stance | None:
    if halt is not None:
        return Stance(halt.stance)
    if target.task_id is None or target.profile:
        return None
    return Stance.PAUSED if Task.objects.filter(pk=target.task_id, paused=True).exists() else None


def write(
    target: Target, kind: OperationKind, *, by: int, reason: str, facts: dict[str, object] | None = None
) -> Operation:
    """Write down what was done; runs in the transaction of the act."""
    return Operation.objects.create(
        kind=kind,
        task_id=target.task_id,
        profile=target.profile,
        host=target.host,
        reason=reason,
        facts=facts or {},
        by_id=by,
    )


def said(reason: str) -> str:
    """The reason as one line, or Unfit."""
    words = " ".join(reason.replace("\x00", "").split())
    if not words:
        raise Unfit("Say why, in a few words: it stands in the history of what operators did.")
    if len(words) > REASON_MOST:
        raise Unfit(f"The reason has {len(words)} characters; at most {REASON_MOST} are kept.")
    return words
