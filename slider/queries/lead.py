"""The lead's view of a task: who works on what, how fast, what waits, and when it will be done."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from slider.engine import forecast
from slider.engine.arrays import Floats
from slider.engine.forecast import Forecast, Seen
from slider.models import Gauge, Review, ReviewState, Spell, Task
from slider.queries import load, traffic
from slider.queries.load import Load

MOST_HELD = 200
TIMED = 500  # the newest looks whose times are drawn from
ARRIVALS_H = 7 * 24  # hours whose arrivals are drawn from
LEVEL = 0.8


@dataclass(frozen=True, slots=True)
class Held:
    """A look in somebody's hands; of which kind it is stands nowhere, as whoever reads this may have to take it."""

    review_id: int
    token: int
    item_id: int
    title: str
    who: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Pace:
    """What one person did; `seconds` is the median time of their looks today, None where none was timed."""

    who: str
    last_hour: int
    today: int
    seconds: float | None
    newest: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast, and what it goes by; `found` is None while it is not known yet, and `missing` says why."""

    found: Forecast | None
    missing: str
    staffed_a_day: float
    is_said: bool  # the staffed hours were said in the settings, not measured
    empty_at: tuple[datetime | None, datetime | None]


def held(task: Task) -> tuple[Held, ...]:
    """Every look in somebody's hands, the one that was taken first at the top."""
    looks = Review.objects.filter(task=task, state=ReviewState.HELD).select_related("holder", "item__payload")
    return tuple(
        Held(
            look.pk,
            look.token,
            look.item_id,
            task.title(look.item.payload.body, look.item.external_id),
            look.holder.get_username() if look.holder is not None else "",
            look.taken_at,
            look.lease_until,
        )
        for look in looks.order_by("taken_at", "pk")[:MOST_HELD]
    )


def paces(task_id: int) -> tuple[Pace, ...]:
    """What each person decided today (UTC) and in the last hour, whoever was at it last at the top."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT u.username, count(*) FILTER (WHERE r.decided_at > clock_timestamp() - interval '1 hour'),
                   count(*) FILTER (WHERE r.decided_at >= date_trunc('day', clock_timestamp(), 'UTC')),
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.decided_at - r.taken_at)::float8)
                       FILTER (WHERE r.decided_at >= date_trunc('day', clock_timestamp(), 'UTC')),
                   max(r.decided_at)
            FROM slider_review r JOIN auth_user u ON u.id = r.holder_id
            WHERE r.task_id = %s AND r.decided_at >= least(
                date_trunc('day', clock_timestamp(), 'UTC'), clock_timestamp() - interval '1 hour')
            GROUP BY 1 ORDER BY 5 DESC, 1
            """,
            [task_id],
        )
        return tuple(Pace(*row) for row in cursor.fetchall())


def outlook(task: Task, waits: Load, *, now: datetime) -> Outlook:
    """When nothing will wait any more, by simulation. The seed is what is known, so a reload says the same."""
    times, coming = _times(task.pk), arrivals(task, now=now)
    staffed = task.staffed_hours
    a_day = _worked(task.pk) if staffed is None else staffed
    seen = Seen(waits.waiting, times, coming, a_day)
    found = forecast.forecast(seen, seed=task.pk * 1_000_003 + waits.waiting, level=LEVEL)
    missing = ""
    if times.size < forecast.LEAST_LOOKS:
        missing = f"{times.size} looks were timed so far; it takes {forecast.LEAST_LOOKS} to say."
    elif coming.size < forecast.LEAST_HOURS:
        missing = f"Items have come in for {coming.size} whole hours; it takes {forecast.LEAST_HOURS} to say."
    return Outlook(found, missing, a_day, staffed is not None, _when(found, now))


def _when(found: Forecast | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    if found is None:
        return None, None
    low, high = (
        now + timedelta(hours=hours) if np.isfinite(hours) else None
        for hours in (found.empty_h.low, found.empty_h.high)
    )
    return low, high


def _times(task_id: int) -> Floats:
    """Seconds of the newest timed looks; none counts as longer than five medians, since people are called away."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT extract(epoch FROM decided_at - taken_at)::float8 FROM slider_review
            WHERE task_id = %s AND state = 'decided' AND taken_at IS NOT NULL AND decided_at IS NOT NULL
              AND decided_at > taken_at
            ORDER BY decided_at DESC LIMIT %s
            """,
            [task_id, TIMED],
        )
        times = np.array([row[0] for row in cursor.fetchall()], dtype=np.float64)
    if not times.size or np.median(times) < traffic.LEAST_S:
        return np.array([])
    return np.minimum(times, traffic.LONGEST * np.median(times))


def arrivals(task: Task, *, now: datetime) -> Floats:
    """Looks that came in each whole hour: what went to people, audits at their chance, and looks at the reviewers.

    An item that goes to several people brings as many looks, and one more where a lead has to settle it.
    From the task's tallies: a few hundred rows, however many items there were.
    """
    policy = Gauge.objects.select_related("policy").get(pk=task.pk).policy
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    start = this_hour - timedelta(hours=ARRIVALS_H)
    twice = 1.0 + task.second_rate  # no second looks where several people have looked
    looks = twice if task.looks == 1 else task.looks + load.settled(task.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT hour, sum(items * CASE WHEN why = 'easy' THEN %(audits)s ELSE %(looks)s END)::float8
            FROM slider_tally WHERE task_id = %(task)s AND hour >= %(start)s AND hour < %(until)s GROUP BY 1
            """,
            {
                "audits": policy.audit_chance * twice,
                "looks": looks,
                "task": task.pk,
                "start": start,
                "until": this_hour,
            },
        )
        by_hour = dict(cursor.fetchall())
    if not by_hour:
        return np.array([])
    first = min(by_hour)
    hours = [first + timedelta(hours=n) for n in range(int((this_hour - first) / timedelta(hours=1)))]
    beside = 1.0 + task.known_rate
    return np.array([by_hour.get(hour, 0.0) * beside for hour in hours], dtype=np.float64)


def _worked(task_id: int) -> float:
    """Hours that people spent on looks in the last day: what is staffed, where nobody said it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH looks AS (
                SELECT extract(epoch FROM decided_at - taken_at) AS s FROM slider_review
                WHERE task_id = %s AND decided_at > clock_timestamp() - interval '1 day' AND taken_at IS NOT NULL
            ), middle AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS s FROM looks)
            SELECT coalesce(sum(least(looks.s, %s * middle.s)), 0) / 3600 FROM looks, middle
            """,
            [task_id, traffic.LONGEST],
        )
        (hours,) = cursor.fetchone()
    return float(hours)


def spells(task: Task) -> tuple[Spell, ...]:
    """The newest times in which more waited than people carry, the one that lasts first."""
    return tuple(Spell.objects.filter(task=task)[:5])


def spell_now(task_id: int) -> Spell | None:
    """The spell that lasts, if more waits than people carry."""
    return Spell.objects.filter(task=task_id, ended_at=None).first()


def waits(task: Task) -> Load:
    """What is owed in a task."""
    return load.of(task.pk)
