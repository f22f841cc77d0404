"""What is new since the guard last looked: verdicts as they arrived, verdicts in routing order, and routed items.

Each read begins where the last one ended and takes a bounded number of rows, found by an index, one by one: what it
costs is a matter of what is new and never of how old the task is. `LATERAL ... LIMIT 1` keeps it so whatever the
planner thinks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import audit, certificate, regions
from slider.engine.arrays import Bools, Floats, Ints

HEARD_MOST = 20_000  # verdicts that a round listens to; further ones wait for the next
CHUNK = 5_000  # decisions that one statement walks over
CHUNKS_MOST = 40
_FIRST_CHUNKS = (50, 500)  # mostly the oldest look is still owed, and there is little to walk over

LEAST = "CASE WHEN p.effective > 0 THEN p.audit_chance ELSE 1 END"
"""The smallest chance of the policy in force, in SQL: where nothing runs unattended, everything is looked at."""

FINAL = "(r.undo_until > clock_timestamp()) IS NOT TRUE"
"""Whether a verdict can't be taken back any more, in SQL: none is heard, counted or learnt from before."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Verdicts in the order of arrival. `ids` are the rows to be crossed off, those of other epochs among them.

    `quarantined` holds the regions of those whose item lay in a closed one when it was routed; -1 for the others.
    """

    ids: list[int]
    bins: Ints
    classes: Ints
    rungs: Ints
    places: Ints
    wrong: Bools
    lane: Bools
    looked_back: Bools
    aimed: Bools
    quarantined: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Routed:
    """Ranked items in routing order up to the place `to`; `scores` is NaN where another calibration made it."""

    scores: Floats
    unattended: Bools
    audited: Bools
    to: int


_HEARD = f"""
SELECT u.id, d.epoch, d.bin, d.rank, d.lane, d.audit_chance, {LEAST}, r.kind, r.aimed, r.verdict <> 'accept',
    d.seq
FROM (SELECT id, review_id FROM slider_unheard WHERE task_id = %s ORDER BY id LIMIT %s) AS u
CROSS JOIN LATERAL (SELECT * FROM slider_review r WHERE r.id = u.review_id AND {FINAL} LIMIT 1) AS r
LEFT JOIN LATERAL (SELECT * FROM slider_decision d WHERE d.item_id = r.item_id LIMIT 1) AS d ON true
LEFT JOIN slider_policy p ON p.id = d.policy_id
ORDER BY u.id
"""  # noqa: S608  # nothing in it comes from outside


def heard(task_id: int, *, epoch: int) -> Heard:
    """The verdicts that nobody has heard yet; of those, only the ones of this epoch say anything about it."""
    with connection.cursor() as cursor:
        cursor.execute(_HEARD, [task_id, HEARD_MOST])
        rows = cursor.fetchall()
    mine = [row for row in rows if row[1] == epoch and row[2] is not None]
    bins, ranks = [row[2] for row in mine], [row[3] for row in mine]
    back = [row[7] == "lookback" for row in mine]
    classes = [0 if was else _class(row[5], row[6]) for was, row in zip(back, mine, strict=True)]
    return Heard(
        ids=[row[0] for row in rows],
        bins=np.array(bins, dtype=np.int64),
        classes=np.array(classes, dtype=np.int64),
        rungs=np.array([audit.rung(row[5]) if row[4] == "unattended" else 0 for row in mine], dtype=np.int64),
        places=np.array([row[10] for row in mine], dtype=np.int64),
        wrong=np.array([row[9] for row in mine], dtype=np.bool_),
        lane=np.array([row[4] == "unattended" for row in mine], dtype=np.bool_),
        looked_back=np.array(back, dtype=np.bool_),
        aimed=np.array([row[8] for row in mine], dtype=np.bool_),
        quarantined=_closed(ranks, bins),
    )


def _class(chance: float, least: float) -> int:
    return audit.weight_class(chance, least=least)


def _closed(ranks: list[float], bins: list[int]) -> Ints:
    """The closed region that each item lay in, -1 for none: it stands in the last bin, whatever its rank."""
    own = certificate.bins(np.array(ranks, dtype=np.float64))
    result: Ints = np.where(own == np.array(bins, dtype=np.int64), -1, regions.OF_BIN[own])
    return result


_ROUTED = """
SELECT d.seq, d.bin IS NOT NULL, d.lane = 'unattended', d.audit, s.difficulty, s.calibration
FROM (SELECT * FROM slider_decision WHERE task_id = %(task)s AND seq >= %(since)s ORDER BY seq LIMIT %(most)s) AS d
LEFT JOIN LATERAL (SELECT * FROM slider_score s WHERE s.attempt_id = d.attempt_id LIMIT 1) AS s ON true
ORDER BY d.seq
"""


def routed(task_id: int, *, since: int, calibration: str) -> Iterator[Routed]:
    """The ranked items from the place `since` on, in pieces; `calibration` is the key whose scores are wanted."""
    at = since
    for _ in range(CHUNKS_MOST):
        found = rows(_ROUTED, {"task": task_id, "since": at, "most": CHUNK})
        if not found:
            return
        ranked = [row for row in found if row[1]]
        scores = [-row[4] if row[5] == calibration else _unanswered(row[4]) for row in ranked]
        at = found[-1][0] + 1
        yield Routed(
            scores=np.array(scores, dtype=np.float64),
            unattended=np.array([row[2] for row in ranked], dtype=np.bool_),
            audited=np.array([row[3] for row in ranked], dtype=np.bool_),
            to=at,
        )
        if len(found) < CHUNK:
            return


def _unanswered(difficulty: float | None) -> float:
    """Without an attempt there is no score under any calibration, and the item ranks last."""
    return -HARDEST if difficulty is None else float("nan")


HARDEST = 1e6  # as `score.HARDEST`: stages do not import each other


def outstanding(task_id: int, *, since: int) -> int:
    """How many looks at ranked items are owed from the place `since` on; the count stops at 10,000."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
                SELECT FROM slider_review r JOIN slider_decision d ON d.item_id = r.item_id
                WHERE r.task_id = %s AND r.state IN ('waiting', 'open', 'held') AND r.kind IN ('gate', 'audit')
                  AND d.seq >= %s AND d.bin IS NOT NULL LIMIT 10000
            ) AS owed
            """,
            [task_id, since],
        )
        return int(cursor.fetchone()[0])


def chunks() -> Iterator[int]:
    """How many decisions each statement walks over, one after the other."""
    yield from _FIRST_CHUNKS
    for _ in range(CHUNKS_MOST):
        yield CHUNK


def rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
