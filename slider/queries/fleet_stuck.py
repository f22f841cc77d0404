"""What is stuck and may be sent on its way once more: how many, which, and what it would do, before anything moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.models import Outcome
from slider.models.requeueable import GIVEN_UP, NO_ANSWER, STUCK

MOST = 2_000  # as many as one click sends; more are said to be «at least» so many
EXAMPLES = 10
_ALL = 2**62
WHATS = ("no_answer", "publications")
OUTCOME_WORDS = {GIVEN_UP: "tried too often; each time the worker was lost or gave no answer"} | {
    value: str(label) for value, label in Outcome.choices if value != Outcome.ANSWERED
}


@dataclass(frozen=True, slots=True)
class Example:
    item_id: int | None  # None: news of no item
    name: str  # its external id, or which news
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Dry:
    """A dry run: `count` up to `MOST`; nothing above `upto` would move."""

    what: str
    outcome: str
    count: int
    upto: int
    examples: Sequence[Example]

    @property
    def is_more(self) -> bool:
        return self.count >= MOST


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Items of a task without a usable answer by their outcome."""

    outcome: str
    count: int

    @property
    def words(self) -> str:
        return OUTCOME_WORDS.get(self.outcome, self.outcome)


# Nothing but fragments of `requeueable` goes into these texts.
_NO_ANSWER = f"""
WITH found AS MATERIALIZED (
    SELECT i.id, i.external_id, coalesce(a.outcome, 'none') AS outcome,
           coalesce(nullif(a.detail, ''), d.detail) AS words, d.created_at {NO_ANSWER} ORDER BY i.id LIMIT %(most)s
)
SELECT id, external_id, outcome, words, created_at, (SELECT count(*) FROM found), (SELECT max(id) FROM found)
FROM found ORDER BY id LIMIT %(examples)s
"""  # noqa: S608
_OUTCOMES = f"""
SELECT outcome, count(*) FROM (
    SELECT coalesce(a.outcome, 'none') AS outcome {NO_ANSWER} ORDER BY i.id LIMIT %(most)s
) AS found GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608
_STUCK = f"""
WITH found AS MATERIALIZED (
    SELECT p.id, p.publication_id, p.event, p.last_problem, p.state, p.due_at {STUCK} ORDER BY p.id LIMIT %(most)s
)
SELECT i.id, coalesce(i.external_id, f.event), f.state, f.last_problem, f.due_at, (SELECT count(*) FROM found),
       (SELECT max(id) FROM found)
FROM found f LEFT JOIN slider_publication o ON o.id = f.publication_id LEFT JOIN slider_item i ON i.id = o.item_id
ORDER BY f.id LIMIT %(examples)s
"""  # noqa: S608


def dry(task_id: int, what: str, *, outcome: str = "") -> Dry:
    """Look at what would move; changes nothing."""
    statement = _NO_ANSWER if what == "no_answer" else _STUCK
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"task": task_id, "outcome": outcome, "upto": _ALL, "most": MOST, "examples": EXAMPLES}
        )
        rows = cursor.fetchall()
    examples = [
        Example(item_id, name, _words(what, kind, words), since) for item_id, name, kind, words, since, *_ in rows
    ]
    count, upto = (rows[0][5], rows[0][6]) if rows else (0, 0)
    return Dry(what, outcome, count, upto, examples)


def _words(what: str, kind: str, words: str) -> str:
    if what == "no_answer":
        return words or OUTCOME_WORDS.get(kind, kind)
    return f"{'given up' if kind == 'failed' else 'waits for a later try'}{': ' if words else ''}{words}"


def outcomes(task_id: int) -> list[Outcomes]:
    """The outcomes that a task's items without an answer had, most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, {"task": task_id, "outcome": "", "upto": _ALL, "most": MOST})
        return [Outcomes(*row) for row in cursor.fetchall()]
