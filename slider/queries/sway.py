"""How far the draft sways people: what they say where it was hidden from them first, beside what they say where not.

A coin decides at which looks it is hidden, so both kinds are alike in all else: the difference is the draft's doing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from slider.engine import together
from slider.engine.difference import Difference, difference
from slider.engine.proportion import Share, share
from slider.models import Task, Verdict
from slider.models.review import TOGETHER
from slider.queries import shape
from slider.queries.shape import Kind

DELTA = 0.05
FEW = 5  # looks of either kind below which nothing is said
LOOKS = 20_000  # the newest looks of a task


@dataclass(frozen=True, slots=True)
class Look:
    """A decided look with a draft, drawn at the chance in force. `same`: the own answer was the draft; None: shown."""

    same: bool | None
    accepted: bool
    is_known: bool
    known_wrong: bool
    found_wrong: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One group of looks. `swayed` is how much oftener people say what the draft says where they see it."""

    words: str
    shown: Share | None
    hidden: Share | None
    swayed: Difference | None
    switched: Share | None  # of those who had answered otherwise than the draft: who then took it

    @property
    def is_known(self) -> bool:
        return self.swayed is not None or self.switched is not None


@dataclass(frozen=True, slots=True)
class Sway:
    """`chance` is the one that the counted looks were drawn with: at another one they would be other looks."""

    rows: tuple[Row, ...]
    chance: float
    hidden: int
    shown: int


_LOOKS = """
SELECT r.item_id, r.kind = 'gate', r.page = %(together)s,
       own.same, r.verdict, r.kind = 'known', r.kind = 'known' AND NOT k.draft_right,
       r.kind NOT IN ('known', 'second') AND coalesce(s.verdict <> 'accept', false)
FROM (
    SELECT * FROM slider_review WHERE task_id = %(task)s AND decided_at IS NOT NULL AND hidden_chance = %(chance)s
    ORDER BY decided_at DESC LIMIT %(most)s
) AS r
JOIN slider_decision d ON d.item_id = r.item_id JOIN slider_attempt a ON a.id = d.attempt_id
LEFT JOIN slider_ownanswer own ON own.review_id = r.id AND own.by_id = r.holder_id
LEFT JOIN slider_known k ON k.item_id = r.item_id AND r.kind = 'known'
LEFT JOIN slider_review s ON s.item_id = r.item_id AND s.kind = 'second' AND s.state = 'decided' AND r.slot = 1
    AND s.id <> r.id
WHERE r.state = 'decided' AND (r.kind = 'peer' OR r.looks IS NULL)
  AND a.answer IS NOT NULL AND a.answer <> 'null' AND k.retired_at IS NULL
  AND NOT EXISTS (
    SELECT FROM slider_practice p
    WHERE p.item_id = r.item_id AND p.person_id = r.holder_id AND p.at < r.decided_at
  )
"""


def of(task: Task) -> Sway:
    """What the newest looks of a task say, all people together."""
    chance = _newest_chance(task)
    looks = _looks(task, chance) if chance else []
    groups = (
        ("wrong drafts, known", [one for one in looks if one.known_wrong]),
        ("wrong drafts, as a second look says", [one for one in looks if one.found_wrong]),
        ("all drafts of live items", [one for one in looks if not one.is_known]),
    )
    hidden = sum(one.same is not None for one in looks)
    return Sway(tuple(row(words, part) for words, part in groups), chance, hidden, len(looks) - hidden)


def _newest_chance(task: Task) -> float:
    """The chance in force; where no draft is hidden any more, the newest there was."""
    if task.hidden_rate:
        return task.hidden_rate
    newest = task.reviews.filter(hidden_chance__gt=0, decided_at__isnull=False).order_by("-decided_at")
    return newest.values_list("hidden_chance", flat=True).first() or 0.0


def _looks(task: Task, chance: float) -> list[Look]:
    """The newest looks. What several people came to is nobody's look, and who settles it has read what they said.

    Where like items are decided together none of those that are offered for it is counted: a shown draft may have been
    decided in a list, and a hidden one can't be.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"task": task.pk, "chance": chance, "most": LOOKS, "together": TOGETHER})
        rows = cursor.fetchall()
    if any(was_together for _, _, was_together, *_ in rows):
        may = together.offered(bytes(task.coin_secret), [item_id for item_id, *_ in rows])
        rows = [row for row, ok in zip(rows, may, strict=True) if not (row[1] and ok)]
    return [
        Look(same, verdict == Verdict.ACCEPT, is_known, bool(wrong), found)
        for _, _, _, same, verdict, is_known, wrong, found in rows
    ]


def row(words: str, looks: Sequence[Look]) -> Row:
    """The figures of one group; None where there are too few looks to say."""
    shown = [one.accepted for one in looks if one.same is None]
    hidden = [one.same for one in looks if one.same is not None]
    switched = [one.accepted for one in looks if one.same is False]
    is_enough = len(shown) >= FEW and len(hidden) >= FEW
    pairs = (sum(shown), len(shown)), (sum(map(bool, hidden)), len(hidden))
    return Row(
        words,
        _share(shown),
        _share([bool(one) for one in hidden]),
        difference(*pairs, delta=DELTA) if is_enough else None,
        _share(switched),
    )


def _share(hits: Sequence[bool]) -> Share | None:
    return share(sum(hits), len(hits), delta=DELTA) if len(hits) >= FEW else None


def has_texts(task: Task) -> bool:
    """Whether an answer holds free text, which two people seldom write in the same words."""
    return any(part.kind in (Kind.TEXT, Kind.LONG) and not part.choices for part in shape.parts(task.output_schema))
