"""What gives way when more waits than people carry: by the task's setting, written down, and never the share."""

import math

from django.db import transaction
from django.db.models.functions import Now

from slider.models import Overflow, Spell, Task

WORDS = "more waits than a day's reviewer hours carry"
_BEGINS, _ENDS = 1.0, 0.5  # days of work that wait; apart, so that a spell doesn't flicker


def tend(task_id: int, *, waiting: int, hours: float | None, oldest_h: float) -> Spell | None:
    """Begin, carry on or end the spell of a task as its load asks; returns the one that is open then.

    `waiting` looks take `hours` of people's work, None while no look has been timed, and the oldest has been owed for
    `oldest_h`. Where nobody said how many hours are staffed, nothing is known and nothing gives way.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
        spell = Spell.objects.filter(task=task, ended_at=None).first()
        days = None if hours is None or not task.staffed_hours else hours / task.staffed_hours
        extra = _extra(task, days, oldest_h=oldest_h)
        if extra != task.stretched_h:
            Task.objects.filter(pk=task.pk).update(stretched_h=extra)
        over = extra > 0 or (days is not None and days > (_BEGINS if spell is None else _ENDS))
        if spell is not None and (not over or spell.policy != task.overflow):
            Spell.objects.filter(pk=spell.pk).update(ended_at=Now())
            spell = None
        if over and spell is None:
            spell = Spell.objects.create(
                task=task,
                policy=task.overflow,
                waiting=waiting,
                hours=hours or 0.0,
                staffed_hours=task.staffed_hours or 0.0,
                extra_h=extra,
            )
        elif spell is not None and extra > spell.extra_h:
            spell.extra_h = extra
            spell.save(update_fields=["extra_h"])
        return spell


def _extra(task: Task, days: float | None, *, oldest_h: float) -> int:
    """By how many hours looks are due later: as many as the backlog needs, at most as many as they have anyway.

    A look that was given more time keeps it: what shrinks is never less than the oldest one has used already.
    """
    if task.overflow != Overflow.STRETCH:
        return 0
    needed = 0 if days is None else math.ceil(24 * days) - task.judge_within_h
    used = math.floor(oldest_h) + 1 - task.judge_within_h
    return max(0, min(task.judge_within_h, max(needed, min(task.stretched_h, used))))


def thins(task_id: int) -> bool:
    """Whether audits are drawn at the floor for now, by the task's own setting."""
    return Spell.objects.filter(task=task_id, ended_at=None, policy=Overflow.FEWER).exists()
