"""Walking through the open looks of some tasks for a person: so far in one request, and on from there in the next.

Where the first looks of a task are none for this person, what lies behind them has to be found without a request that
goes through them all. A walk remembers how far it has come; at the end it begins anew, as does one that has stood
still for an hour, since what lay in front may be for this person by now.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper

STEP = 5_000  # so many looks of each task are asked in one statement whether they are for this person
ROWS = 100_000  # so many of all tasks in one request, but for a step from the front and one beyond, at least
PATIENCE_S = 1.0  # nor longer than this, where looks take long to ask about
STALE_S = 3_600
FIRST, LAST = ("-infinity", 0), ("infinity", 2**63 - 1)

_BEGUN = """
SELECT w.task_id, w.turn::text, w.look FROM slider_walk w
WHERE w.user_id = %(user)s AND w.task_id = ANY(%(tasks)s::bigint[])
  AND w.at > clock_timestamp() - %(stale_s)s * interval '1 second'
"""
_ENDS = """
SELECT t.id, e.turn::text, e.id
FROM unnest(%(tasks)s::bigint[], %(turns)s::timestamptz[], %(looks)s::bigint[]) AS t(id, turn, look)
CROSS JOIN LATERAL (
    SELECT r.turn, r.id FROM slider_review r
    WHERE r.state = 'open' AND r.task_id = t.id AND (r.turn, r.id) > (t.turn, t.look)
    ORDER BY r.turn, r.id OFFSET {step} - 1 LIMIT 1
) AS e
"""
_KEEP = """
INSERT INTO slider_walk AS w (user_id, task_id, turn, look)
SELECT %(user)s, t.id, t.turn, t.look
FROM unnest(%(tasks)s::bigint[], %(turns)s::timestamptz[], %(looks)s::bigint[]) AS t(id, turn, look)
ON CONFLICT (user_id, task_id) DO UPDATE SET turn = excluded.turn, look = excluded.look, at = clock_timestamp()
WHERE (w.turn, w.look) <> (excluded.turn, excluded.look)
"""
_FORGET = "DELETE FROM slider_walk WHERE user_id = %(user)s AND task_id = ANY(%(tasks)s::bigint[])"

Place = tuple[str, int]  # a turn as PostgreSQL writes it, and the look's id


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one statement goes through: of each task the looks after one place, up to another."""

    starts: dict[int, Place]
    ends: dict[int, Place]

    @property
    def values(self) -> dict[str, Any]:
        """As the statement takes them."""
        ends = [self.ends.get(task, LAST) for task in self.starts]
        values = _places(self.starts)
        return values | {"end_turns": [turn for turn, _ in ends], "end_looks": [look for _, look in ends]}


class Walk:
    """One request's walk. The person is locked."""

    def __init__(self, cursor: CursorWrapper, user_id: int, task_ids: list[int]) -> None:
        self._cursor, self._user_id = cursor, user_id
        cursor.execute(_BEGUN, {"user": user_id, "tasks": task_ids, "stale_s": STALE_S})
        self._begun: dict[int, Place] = {task: (turn, look) for task, turn, look in cursor.fetchall()}
        self._steps = max(2, ROWS // (STEP * max(1, len(task_ids))))
        self._at: dict[int, Place] = dict.fromkeys(task_ids, FIRST)
        self._ended: set[int] = set()
        self._taken = 0
        self._began = time.monotonic()

    def next(self) -> Stretch | None:
        """The next stretch; None where the walk is at its end, or has gone far enough for one request."""
        is_long = self._taken >= 2 and time.monotonic() - self._began > PATIENCE_S
        if not self._at or self._taken >= self._steps or is_long:
            return None
        self._taken += 1
        self._cursor.execute(_ENDS.format(step=STEP), _places(self._at))
        return Stretch(dict(self._at), {task: (turn, look) for task, turn, look in self._cursor.fetchall()})

    def passed(self, stretch: Stretch) -> None:
        """Nothing more of this stretch is for the person."""
        self._ended |= set(stretch.starts) - set(stretch.ends)
        self._at = dict(stretch.ends)
        if self._taken == 1:  # the front was gone through anew: on from where the last request stopped
            self._at |= {task: place for task, place in self._begun.items() if task in self._at}

    def keep(self) -> None:
        """Write down how far it came."""
        if forgotten := sorted(self._ended & set(self._begun)):
            self._cursor.execute(_FORGET, {"user": self._user_id, "tasks": forgotten})
        if reached := {task: place for task, place in self._at.items() if place != FIRST}:
            self._cursor.execute(_KEEP, {"user": self._user_id, **_places(reached)})


def _places(of: dict[int, Place]) -> dict[str, Any]:
    return {"tasks": list(of), "turns": [turn for turn, _ in of.values()], "looks": [look for _, look in of.values()]}
