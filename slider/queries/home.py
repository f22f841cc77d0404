"""The home page: one card a task, quick however many items there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from slider.models import Gauge, Membership, Project, Spend, Task, Worker
from slider.models.project import RIGHTS
from slider.queries import clock, endpoints, errors, shares

MANY = 10_000  # counting stops here, so that no page grows slower with its backlog


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts up to `MANY`; the oldest is what has waited longest of the open items."""

    ready: int
    working: int
    looks: int
    done_today: int
    oldest: datetime | None

    @property
    def slow(self) -> bool:
        """Whether something has waited for longer than a day."""
        return self.oldest is not None and timezone.now() - self.oldest > timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Money:
    """What the model has cost today, as far as prices are known; `budget` is None where none is set."""

    spent: Decimal | None  # None: no price is known
    budget: Decimal | None
    unpriced: Sequence[str] = ()  # the models whose calls of today are in no sum

    @property
    def share(self) -> float:
        return min(1.0, float(self.spent / self.budget)) if self.spent is not None and self.budget else 0.0

    @property
    def used_up(self) -> bool:
        return self.spent is not None and self.budget is not None and self.spent >= self.budget


@dataclass(frozen=True, slots=True)
class Card:
    task: Task
    shares: shares.Shares
    backlog: Backlog
    error: errors.Measured
    error_limit: float
    money: Money
    trouble: str


@dataclass(frozen=True, slots=True)
class Section:
    """A project with its tasks, and what the person may do there."""

    project: Project
    rights: frozenset[str]
    cards: Sequence[Card]


def sections(user: User) -> list[Section]:
    """All projects of a person, by name, each with its tasks in the order they were made."""
    own = Membership.objects.filter(user=user).select_related("project").order_by("project__name", "pk")
    gauges = Gauge.objects.select_related("task", "policy").filter(
        task__project__in=[membership.project_id for membership in own]
    )
    now = clock.now()
    by_project: dict[int, list[Card]] = {}
    for gauge in gauges.order_by("task_id"):
        by_project.setdefault(gauge.task.project_id, []).append(card(gauge, now=now))
    return [
        Section(membership.project, RIGHTS[membership.role], by_project.get(membership.project_id, []))
        for membership in own
    ]


def card(gauge: Gauge, *, now: datetime) -> Card:
    """All that the card of one task says."""
    worker = Worker.objects.filter(task_id=gauge.task_id, retired_at=None).order_by("rung").first()
    return Card(
        task=gauge.task,
        shares=shares.shares(gauge, now=now),
        backlog=backlog(gauge.task_id),
        error=errors.unattended(gauge.policy),
        error_limit=gauge.policy.error_limit,
        money=money(gauge.task_id, budget=worker.daily_budget if worker else None),
        trouble=endpoints.trouble(worker) if worker else "no worker is set up",
    )


def backlog(task_id: int) -> Backlog:
    """Count what is open and what was finished today, each on an index and never past `MANY`."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    # BETWEEN and the order by state first: only the index by state gives that, whatever the planner guesses.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT
              (SELECT count(*) FROM (SELECT FROM slider_item
               WHERE task_id = %(task)s AND state = 'ready' LIMIT %(many)s) AS a),
              (SELECT count(*) FROM (SELECT FROM slider_item
               WHERE task_id = %(task)s AND state = 'working' LIMIT %(many)s) AS b),
              (SELECT count(*) FROM (SELECT FROM slider_review
               WHERE task_id = %(task)s AND state = 'open' LIMIT %(many)s) AS c)
              + (SELECT count(*) FROM slider_review WHERE task_id = %(task)s AND state = 'held'),
              (SELECT count(*) FILTER (WHERE created_at >= %(today)s) FROM (SELECT created_at FROM slider_publication
               WHERE task_id = %(task)s AND number = 1 ORDER BY id DESC LIMIT %(many)s) AS d),
              least(
                (SELECT created_at FROM slider_item WHERE task_id = %(task)s AND state BETWEEN 'ready' AND 'ready'
                 ORDER BY state DESC, id LIMIT 1),
                (SELECT created_at FROM slider_item WHERE task_id = %(task)s AND state BETWEEN 'review' AND 'review'
                 ORDER BY state DESC, id LIMIT 1))
            """,
            {"task": task_id, "many": MANY, "today": today},
        )
        ready, working, looks, done_today, oldest = cursor.fetchone()
    return Backlog(ready, working, looks, done_today, oldest)


def money(task_id: int, *, budget: Decimal | None) -> Money:
    """What today's calls have cost, over all workers and versions of a task."""
    spends = Spend.objects.filter(worker__task_id=task_id, day=timezone.now().date(), calls__gt=0).select_related(
        "worker"
    )
    priced, unpriced = [], set()
    for spend in spends:
        own = spend.worker.price_in is not None and spend.worker.price_out is not None
        if own or spend.cost > 0:  # the public catalogue knew a price
            priced.append(spend.cost)
        else:
            unpriced.add(spend.worker.model)
    spent = sum(priced, Decimal(0)) if priced or not unpriced else None
    return Money(spent, budget, sorted(unpriced))
