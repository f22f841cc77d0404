"""What people marked of an item, with the words that were marked, for its story and for exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from slider import strict
from slider.models import Item, Mark, MarkKind, MarkSide, Review, ReviewState, Task
from slider.queries import shape


@dataclass(frozen=True, slots=True)
class Said:
    """A mark as a page shows it; `number` names a passage beside its text and in the list below."""

    number: int
    look: int
    side: MarkSide
    path: str
    label: str
    kind: MarkKind
    start: int
    end: int
    quote: str
    reason: str
    who: str

    @property
    def is_span(self) -> bool:
        return self.kind == MarkKind.SPAN


def of(item: Item, looks: Sequence[Review], *, body: Any, answer: Any) -> tuple[Said, ...]:
    """The marks of decided looks, in the order of looks; passages are numbered from 1. Looks bring their holders."""
    told = {look.pk: look for look in looks if look.state == ReviewState.DECIDED}
    labels, words, found = labels_of(item.task), item.task.reason_words, []
    number = 0
    for mark in Mark.objects.filter(review__in=told).order_by("review", "number"):
        number += mark.kind == MarkKind.SPAN
        holder = told[mark.review_id].holder
        found.append(
            Said(
                number=number if mark.kind == MarkKind.SPAN else 0,
                look=mark.review_id,
                side=MarkSide(mark.side),
                path=mark.path,
                label=label(mark.path, labels),
                kind=MarkKind(mark.kind),
                start=mark.start or 0,
                end=mark.end or 0,
                quote=quote(mark, body if mark.side == MarkSide.SOURCE else answer),
                reason=words.get(mark.reason, mark.reason),
                who=holder.get_username() if holder is not None else "somebody",
            )
        )
    return tuple(found)


def labels_of(task: Task) -> dict[str, str]:
    """The names of an answer's fields by their pointers."""
    return {strict.pointer(part.name): part.label for part in shape.parts(task.output_schema) if part.name}


def label(path: str, labels: dict[str, str]) -> str:
    """A field in words: by its name where the schema gives one, else by its steps."""
    return labels.get(path) or path.removeprefix("/") or "Answer"


def quote(mark: Mark, whole: Any) -> str:
    """What was marked; empty for a field, and for a text that can't be found."""
    try:
        return mark.quote(whole)
    except LookupError:
        return ""


_EXPORTED = """
SELECT r.item_id, r.id, r.kind, m.side, m.path, m.kind, m.start, m."end", m.reason, a.answer::text
FROM slider_review r JOIN slider_mark m ON m.review_id = r.id
LEFT JOIN slider_decision d ON d.item_id = r.item_id LEFT JOIN slider_attempt a ON a.id = d.attempt_id
WHERE r.item_id = ANY(%s) AND r.state = 'decided' AND r.decided_at <= %s AND (r.undo_until > %s) IS NOT TRUE
ORDER BY r.id, m.number
"""


def exported(bodies: dict[int, Any], *, as_of: datetime) -> dict[int, list[dict[str, Any]]]:
    """The marks of many items, given their bodies by id, as an export of that moment holds them."""
    if not bodies:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_EXPORTED, [list(bodies), as_of, as_of])
        rows = cursor.fetchall()
    found: dict[int, list[dict[str, Any]]] = {}
    for item, look, of_kind, side, path, kind, start, end, reason, answer in rows:
        told = {"look": look, "as": of_kind, "side": side, "path": path, "kind": kind}
        if kind == MarkKind.SPAN:
            mark = Mark(side=side, path=path, kind=kind, start=start, end=end)
            whole = bodies[item] if side == MarkSide.SOURCE else strict.loads(answer) if answer else None
            told |= {"start": start, "end": end, "text": quote(mark, whole)}
        found.setdefault(item, []).append(told | ({"reason": reason} if reason else {}))
    return found
