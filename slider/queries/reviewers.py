"""What is known of the people who review: what they do, how often known answers find them right, how they agree.

Nothing here is shown to anybody but those who answer for the task, and to each person their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import agreement, reviewers
from slider.engine.agreement import Agreement
from slider.engine.proportion import Share, share
from slider.models import Policy, Task, Verdict

DELTA = 0.05
FEW = 5  # known answers below which a share is no number
LOOKS = 50_000  # the newest looks of a task, over which people are counted
PAIRS = 5_000  # the newest second looks
_WORDS = tuple(Verdict.values)


@dataclass(frozen=True, slots=True)
class Person:
    """One person on one task. Shares are None where too few known answers were judged to say."""

    user_id: int
    name: str
    looks: int
    seconds: float | None  # the median time from taking a look to deciding it
    known: int
    accuracy: Share | None
    missed: Share | None
    alarms: Share | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who looked at the same items, each without the other."""

    first: str
    second: str
    kappa: Agreement


@dataclass(frozen=True, slots=True)
class Team:
    """All people of a task together."""

    people: tuple[Person, ...]
    whole: Person
    alpha: Agreement
    pairs: tuple[Pair, ...]
    known_right: int
    known_wrong: int
    waiting: int


def team(task: Task) -> Team:
    """Everybody who has reviewed in this task."""
    people = persons(task)
    both = _both(task.pk)
    right, wrong, waiting = _stock(task.pk)
    return Team(people, _whole(task.pk), _alpha(both), _pairs(both), right, wrong, waiting)


def persons(task: Task, *, user_id: int | None = None, before: datetime | None = None) -> tuple[Person, ...]:
    """Everybody who has decided a look, or one of them; with `before`, known answers only of what was decided then."""
    judged = _judged(task.pk, user_id=user_id, before=before)
    return tuple(
        _person(who, name, looks, seconds, judged.get(who, ((0, 0), (0, 0))))
        for who, name, looks, seconds in _work(task.pk, user_id=user_id)
    )


_Known = tuple[tuple[int, int], tuple[int, int]]  # wrong drafts and how many passed, right ones and how many did not


def _person(who: int, name: str, looks: int, seconds: float | None, judged: _Known) -> Person:
    (wrong, missed), (right, alarms) = judged
    known = wrong + right
    return Person(
        who,
        name,
        looks,
        seconds,
        known,
        _share(known - missed - alarms, known),
        _share(missed, wrong),
        _share(alarms, right),
    )


def _share(hits: int, of: int) -> Share | None:
    return share(hits, of, delta=DELTA) if of >= FEW else None


def _whole(task_id: int) -> Person:
    judged = list(_judged(task_id, user_id=None, before=None).values())
    wrong, right = (tuple(sum(one[side][n] for one in judged) for n in (0, 1)) for side in (0, 1))
    looks = _work(task_id, user_id=None, together=True)
    _, _, count, seconds = looks[0] if looks else (0, "", 0, None)
    return _person(0, "all together", count, seconds, ((wrong[0], wrong[1]), (right[0], right[1])))


def _work(task_id: int, *, user_id: int | None, together: bool = False) -> list[tuple[int, str, int, float | None]]:
    """Looks and the median seconds of each person, or of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN %(together)s THEN 0 ELSE r.holder_id END AS who,
                   CASE WHEN %(together)s THEN '' ELSE min(u.username) END, count(*),
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.decided_at - r.taken_at)::float8)
            FROM (
                SELECT holder_id, decided_at, taken_at FROM slider_review
                WHERE task_id = %(task)s AND decided_at IS NOT NULL
                  AND (%(user)s::bigint IS NULL OR holder_id = %(user)s)
                ORDER BY decided_at DESC LIMIT %(most)s
            ) AS r JOIN auth_user u ON u.id = r.holder_id
            GROUP BY 1 ORDER BY 2
            """,
            {"task": task_id, "user": user_id, "most": LOOKS, "together": together},
        )
        return list(cursor.fetchall())


def _judged(task_id: int, *, user_id: int | None, before: datetime | None) -> dict[int, _Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.holder_id,
                   count(*) FILTER (WHERE NOT k.draft_right),
                   count(*) FILTER (WHERE NOT k.draft_right AND r.verdict = 'accept'),
                   count(*) FILTER (WHERE k.draft_right),
                   count(*) FILTER (WHERE k.draft_right AND r.verdict <> 'accept')
            FROM slider_review r JOIN slider_known k ON k.item_id = r.item_id
            WHERE r.task_id = %(task)s AND r.kind = 'known' AND r.state = 'decided' AND k.retired_at IS NULL
              AND (%(user)s::bigint IS NULL OR r.holder_id = %(user)s)
              AND (%(before)s::timestamptz IS NULL OR r.decided_at < %(before)s)
              AND NOT EXISTS (  -- in a second tab, at the same moment: they had been told
                SELECT FROM slider_practice p
                WHERE p.item_id = r.item_id AND p.person_id = r.holder_id AND p.at < r.decided_at
              )
            GROUP BY 1
            """,
            {"task": task_id, "user": user_id, "before": before},
        )
        return {who: ((wrong, missed), (right, alarms)) for who, wrong, missed, right, alarms in cursor.fetchall()}


def _stock(task_id: int) -> tuple[int, int, int]:
    """Known answers there are, right and wrong drafts, and how many of them stand in the queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE draft_right), count(*) FILTER (WHERE NOT draft_right),
                   (SELECT count(*) FROM slider_review WHERE task_id = %(task)s AND kind = 'known'
                    AND state IN ('open', 'held'))
            FROM slider_known WHERE task_id = %(task)s AND retired_at IS NULL
            """,
            {"task": task_id},
        )
        right, wrong, waiting = cursor.fetchone()
    return right, wrong, waiting


# -- agreement --------------------------------------------------------------------------------------------------------

_Both = tuple[str, str, str, str]  # who looked first and what they said, who looked second and what they said


def _both(task_id: int) -> list[_Both]:
    """First and second looks at the same items: drawn by coins, so they are a sample of all decided looks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.username, f.verdict, b.username, s.verdict
            FROM (
                SELECT * FROM slider_review WHERE task_id = %s AND kind = 'second' AND state = 'decided'
                ORDER BY decided_at DESC LIMIT %s
            ) AS s
            JOIN slider_review f ON f.item_id = s.item_id AND f.kind NOT IN ('known', 'second', 'peer') AND f.slot = 1
            JOIN auth_user a ON a.id = f.holder_id JOIN auth_user b ON b.id = s.holder_id
            WHERE f.state = 'decided' ORDER BY s.id
            """,
            [task_id, PAIRS],
        )
        return list(cursor.fetchall())


def _alpha(both: Sequence[_Both]) -> Agreement:
    said = np.zeros((len(both), len(_WORDS)), dtype=np.int64)
    for n, (_, one, _, other) in enumerate(both):
        said[n, _WORDS.index(one)] += 1
        said[n, _WORDS.index(other)] += 1
    return agreement.alpha(said, delta=DELTA, seed=len(both))


def _pairs(both: Sequence[_Both]) -> tuple[Pair, ...]:
    """Each two people, whoever of them looked first."""
    tables: dict[tuple[str, str], Any] = {}
    for first, one, second, other in both:
        if second < first:
            first, one, second, other = second, other, first, one
        table = tables.setdefault((first, second), np.zeros((len(_WORDS), len(_WORDS)), dtype=np.int64))
        table[_WORDS.index(one), _WORDS.index(other)] += 1
    return tuple(
        Pair(first, second, agreement.kappa(table, delta=DELTA, seed=int(table.sum())))
        for (first, second), table in sorted(tables.items())
    )


# -- what follows for the promise -------------------------------------------------------------------------------------


def taken(policy: Policy) -> str:
    """As what the evidence takes the people who review, in a sentence; without counts, which would tell looks apart."""
    at_most = policy.certificate.get("reviewers", {}).get("at_most")
    if at_most is None:
        return "Reviewers are taken to catch every error: too few known wrong answers were judged to say otherwise."
    tested = policy.error_limit * (1.0 - at_most)
    return (
        f"Known answers show that reviewers miss at most {at_most * 100:.0f} % of the errors, so their verdicts are "
        f"tested at {tested * 100:.2g} % instead of {policy.error_limit * 100:.2g} %."
    )


def to_measure(task_id: int) -> int:
    """How many more known wrong answers have to be judged until they are measured; 0: they are."""
    wrong = [one[0] for one in _judged(task_id, user_id=None, before=None).values()]
    judged, missed = sum(one for one, _ in wrong), sum(two for _, two in wrong)
    return 0 if reviewers.is_measured(missed, judged) else reviewers.LEAST_JUDGED - judged
