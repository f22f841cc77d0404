"""The looks that people have done and still owe, how old the oldest is, who could take them, and the pace."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from slider.models import Membership, Task
from slider.models.project import RIGHTS

NEWEST = 2_000  # so many looks give the pace
MOST_ROUTED = 10_000  # so many decisions of the last day give what comes in
MANY = 10_000  # counting owed looks stops here
ENOUGH = 0.9  # of what comes in: a pace is never known better than that


@dataclass(frozen=True, slots=True)
class Owed:
    """Looks that somebody still has to do. `oldest` is when the oldest was routed."""

    all: int
    audits: int
    overdue: int  # audits beyond the task's deadline: they count as wrong until they are judged
    held: int  # audits that somebody has open now
    holders: int
    orphans: int  # audits that nobody may take: everybody who reviews has skipped them, or nobody reviews
    oldest: datetime | None
    due_by: datetime | None  # when the oldest one begins to count as wrong
    reviewers: int


@dataclass(frozen=True, slots=True)
class Pace:
    """A day, from the last 24 hours and the newest looks of a week; None: not known yet."""

    looks_done: float | None
    audits_done: float | None
    looks_due: float
    audits_due: float

    @property
    def keeps_up(self) -> bool | None:
        """Whether as many looks are done as come in; None while nothing is known."""
        return None if self.looks_done is None else self.looks_done >= ENOUGH * self.looks_due


def owed(task: Task) -> Owed:
    """Count what is owed; the audits among it one by one, since there are few of them."""
    roles = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    people = Membership.objects.filter(project=task.project, role__in=roles, user__is_active=True)
    reviewers = list(people.values_list("user_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM (
                       SELECT FROM slider_review WHERE task_id = %(task)s AND state IN ('open', 'held') LIMIT %(many)s
                   ) AS waiting),
                   count(*), count(*) FILTER (WHERE d.created_at <= clock_timestamp() - %(hours)s * interval '1 hour'),
                   count(r.holder_id), count(DISTINCT r.holder_id),
                   count(*) FILTER (WHERE r.holder_id IS NULL AND (
                       SELECT count(*) FROM slider_decline x WHERE x.review_id = r.id AND x.user_id = ANY(%(people)s)
                   ) >= %(reviewers)s),
                   min(d.created_at)
            FROM (
                SELECT id, item_id, holder_id FROM slider_review
                WHERE task_id = %(task)s AND kind = 'audit' AND state IN ('open', 'held') LIMIT %(many)s
            ) AS r JOIN slider_decision d ON d.item_id = r.item_id
            """,
            {
                "task": task.pk,
                "hours": task.due_within_h,
                "many": MANY,
                "people": reviewers,
                "reviewers": len(reviewers),
            },
        )
        looks, audits, overdue, held, holders, orphans, oldest = cursor.fetchone()
    due_by = oldest + timedelta(hours=task.due_within_h) if oldest else None
    return Owed(looks, audits, overdue, held, holders, orphans, oldest, due_by, len(reviewers))


def pace(task_id: int) -> Pace:
    """How many looks are done and how many come in."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE kind = 'audit'),
                   greatest(extract(epoch FROM clock_timestamp() - min(decided_at)), 3600)
            FROM (
                SELECT kind, decided_at FROM slider_review
                WHERE task_id = %s AND decided_at > clock_timestamp() - interval '7 days' AND holder_id IS NOT NULL
                ORDER BY decided_at DESC LIMIT %s
            ) AS r
            """,
            [task_id, NEWEST],
        )
        done, audits_done, done_s = cursor.fetchone()
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE lane = 'people'), count(*) FILTER (WHERE audit),
                   extract(epoch FROM clock_timestamp() - min(created_at)),
                   (SELECT (1 + known_rate) * (1 + second_rate) FROM slider_task WHERE id = %s),
                   (SELECT looks FROM slider_task WHERE id = %s)
            FROM (
                SELECT lane, audit, created_at FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ) AS d WHERE created_at > clock_timestamp() - interval '1 day'
            """,
            [task_id, task_id, task_id, MOST_ROUTED],
        )
        routed, to_people, audits_due, routed_s, beside, looks = cursor.fetchone()
    # A full window tells a rate; one that is not full is the day itself.
    day = 86_400 / float(routed_s) if routed == MOST_ROUTED else 1.0
    rate = 86_400 / max(float(done_s), 86_400.0) if done < NEWEST and done else 86_400 / float(done_s) if done else 0.0
    return Pace(
        looks_done=done * rate if done else None,
        audits_done=audits_done * rate if done else None,
        looks_due=(to_people * looks + audits_due) * beside * day,  # with known answers and second looks
        audits_due=audits_due * day,
    )
