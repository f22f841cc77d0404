"""A day like the last one: how many items, where they ranked, what a look and an answer take."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import connection

from slider.engine import capacity, certificate
from slider.engine.arrays import Floats
from slider.models import Why

PRICED = 300  # the newest items whose model cost is looked at
LOOKS = 500
FEW = 5  # looks, before their time is worth saying
LEAST_S = 1.0  # nobody reads an item in less: such looks were played, or answered unseen
LONGEST = 5.0  # medians; who takes longer for a look was called away

_ANSWERED = (Why.EASY, Why.HARD, Why.STALE, Why.HELD)


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """The last 24 hours. `by_bin` are the items with a usable answer by their rank, shape (len(certificate.CUTS),)."""

    items: float
    ruled: float  # items that a hard rule keeps with people, whatever the slider says
    by_bin: Floats
    seconds_a_look: float | None
    model_cost: float | None  # an item; None where the price is unknown
    look_cost: float

    @property
    def fixed(self) -> float:
        """The share that hard rules keep with people."""
        return self.ruled / self.items if self.items else 0.0

    def day(self, audit_chance: float) -> capacity.Day:
        """The same for the engine's sums, at one chance of an audit."""
        return capacity.Day(
            items=self.items,
            cuts=certificate.CUTS,
            by_bin=self.by_bin,
            audit_chance=audit_chance,
            seconds_a_look=self.seconds_a_look,
            model_cost=self.model_cost,
            look_cost=self.look_cost,
        )


def traffic(task_id: int, *, now: datetime) -> Traffic:
    """Sum the task's tallies of the last 24 hours: a few hundred rows, however many items there were.

    The oldest hour counts with the part of it that lies within the 24. `now` is the database's.
    """
    start = now - timedelta(days=1)
    edge = start.replace(minute=0, second=0, microsecond=0)
    within = 1 - (start - edge) / timedelta(hours=1)
    items, ruled, by_bin = 0.0, 0.0, np.zeros(len(certificate.CUTS))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT why, bin, sum(items * CASE WHEN hour = %(edge)s THEN %(within)s ELSE 1 END)::float8
            FROM slider_tally WHERE task_id = %(task)s AND hour >= %(edge)s GROUP BY 1, 2
            """,
            {"task": task_id, "edge": edge, "within": within},
        )
        cells = cursor.fetchall()
    for why, place, count in cells:
        items += count
        if why == Why.RULE:
            ruled += count
        elif why in _ANSWERED and 0 <= place < len(by_bin):
            by_bin[place] += count
    return Traffic(
        items=items,
        ruled=ruled,
        by_bin=by_bin,
        seconds_a_look=seconds_a_look(task_id),
        model_cost=model_cost(task_id),
        look_cost=float(settings.ENV.SLIDER_REVIEW_COST),
    )


def model_cost(task_id: int) -> float | None:
    """What the model has cost an item, over the newest ones; None while no price is known."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT avg(a.cost) FROM slider_attempt a JOIN (
                SELECT attempt_id FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ) AS d ON d.attempt_id = a.id
            """,
            [task_id, PRICED],
        )
        (cost,) = cursor.fetchone()
    return None if cost is None else float(cost)


def seconds_a_look(task_id: int) -> float | None:
    """The mean time between taking a look and deciding it, over the newest ones; None while it is not known.

    A mean, since hours are a sum; but no look counts as longer than five medians, since people are called away.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH looks AS (
                SELECT extract(epoch FROM decided_at - taken_at) AS s FROM (
                    SELECT decided_at, taken_at FROM slider_review
                    WHERE task_id = %s AND state = 'decided' AND taken_at IS NOT NULL AND decided_at IS NOT NULL
                    ORDER BY decided_at DESC LIMIT %s
                ) AS newest
            ), middle AS (
                SELECT count(*) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS s FROM looks
            )
            SELECT middle.n, middle.s, (SELECT avg(least(looks.s, %s * middle.s)) FROM looks) FROM middle
            """,
            [task_id, LOOKS, LONGEST],
        )
        looked, median, mean = cursor.fetchone()
    return float(mean) if looked >= FEW and median >= LEAST_S else None
