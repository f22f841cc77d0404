"""A look and a verdict as the API tells them: the same sheet that a person sees, and nothing more."""

from typing import Any

from slider import strict
from slider.models import Review
from slider.queries import handed, hidden, sheet
from slider.queries.sheet import Line


def look_told(review: Review, person: int) -> dict[str, Any]:
    """The sheet of a look; of a hidden draft nothing before the person has answered."""
    seen = sheet.of(review)
    own = hidden.own_answer(review, person)
    is_hidden = own is None and hidden.is_hidden(review, seen.proposal)
    if is_hidden:
        seen = hidden.bare(seen)
    return {
        "id": review.pk,
        "token": review.token,
        "lease_until": review.lease_until,
        "task": seen.task.slug,
        "item": review.item_id,
        "external_id": seen.external_id,
        "title": seen.title,
        "input": seen.body,
        "hidden": is_hidden,
        "proposal": seen.proposal,
        "fields": [_field(line) for line in seen.lines],
        "raw": seen.raw,
        "doubt": seen.reason,
        "p_correct": seen.p_correct,
        "distrusted": seen.distrusted,
        "own": None if own is None else own.answer,
        "words": [{"said": one.said, "note": one.note} for one in handed.words_on(review)],
        "reasons": [{"code": code, "words": words} for code, words in seen.task.reason_words.items()],
        "output_schema": seen.task.output_schema,
    }


def _field(line: Line) -> dict[str, Any]:
    return {
        "path": strict.pointer(line.part.name) if line.part.name else "",
        "label": line.part.label,
        "value": line.value,
        "doubt": line.doubt,
        "alternatives": [
            {"label": one.label, "value": one.value, "answer": one.answer, "support": one.support}
            for one in line.alternatives
        ],
    }


def decided_told(review: Review) -> dict[str, Any]:
    """A verdict as it stands."""
    return {
        "id": review.pk,
        "item": review.item_id,
        "token": review.token,
        "verdict": review.verdict,
        "answer": review.answer,
        "reason": review.reason,
        "decided_at": review.decided_at,
        "undo_until": review.undo_until,
    }
