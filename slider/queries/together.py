"""Like items for one verdict: the open gates of a task that are offered for it, narrowed to those that are alike."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from slider import strict
from slider.engine import together
from slider.models import Payload, Review, ReviewKind, ReviewState, Task, Verdict, Why
from slider.models.review import TOGETHER
from slider.queries import desk, offered, shape

MOST = 100
SCANNED = 1000  # open looks that are looked through, the oldest ones
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Row:
    """One look that can be decided with others."""

    review_id: int
    item_id: int
    title: str
    answer: str
    why: str
    distrusted: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to narrow the list by, and how many looks have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """The looks that are alike, at most `MOST`; `more` says that there are others."""

    rows: tuple[Row, ...]
    more: bool
    answers: tuple[Choice, ...]
    whys: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    pk: int
    item_id: int
    why: str
    answer: Any


def find(task: Task, user_id: int, *, answer: str = "", why: str = "", like: int = 0) -> Found:
    """The open gates that this person may decide together, oldest first.

    `answer` is one value of a field of the proposal (see `Choice`), `why` the reason they are with people, `like` a
    look whose whole proposal they share.
    """
    looks = _looks(task, user_id)
    fields = _choosable(task.output_schema)
    answers = Counter(value for look in looks for value in _values(look.answer, fields))
    whys = Counter(look.why for look in looks)
    if like:
        model = next((_canonical(look.answer) for look in looks if look.pk == like), b"")
        looks = [look for look in looks if model and _canonical(look.answer) == model]
    looks = [
        look
        for look in looks
        if (not why or look.why == why) and (not answer or answer in _values(look.answer, fields))
    ]
    return Found(
        _rows(task, looks[:MOST]),
        len(looks) > MOST,
        tuple(Choice(value, _label(value, fields), count) for value, count in answers.most_common(60)),
        tuple(Choice(value, str(Why(value).label), count) for value, count in whys.most_common()),
    )


def chosen(task: Task, user_id: int, ids: Sequence[int]) -> tuple[Row, ...]:
    """Those of these looks that can still be decided together, in the order of the list."""
    wanted = set(ids)
    return _rows(task, [look for look in _looks(task, user_id) if look.pk in wanted])


def _looks(task: Task, user_id: int) -> list[_Look]:
    looks = Review.objects.filter(
        offered.to(user_id),
        task=task,
        kind=ReviewKind.GATE,
        state=ReviewState.OPEN,
        looks=None,
        item__decision__isnull=False,
    )
    looks = looks.exclude(declines__user_id=user_id).order_by("pk")
    looks = looks.select_related("item__decision__attempt")[:SCANNED]
    found = [_read(look) for look in looks if not _is_hidden(look, task)]
    may = together.offered(bytes(task.coin_secret), [look.item_id for look in found])
    return [look for look, ok in zip(found, may, strict=True) if ok]


def _is_hidden(look: Review, task: Task) -> bool:
    """Whether people answer before they see the draft of this look: a list would show it to them."""
    look.task = task
    return look.is_drawn_hidden and _draft(look) is not None


def _read(look: Review) -> _Look:
    return _Look(look.pk, look.item_id, look.item.decision.why, _draft(look))


def _draft(look: Review) -> Any:
    attempt = look.item.decision.attempt
    return attempt.answer if attempt is not None else None


def _rows(task: Task, looks: Sequence[_Look]) -> tuple[Row, ...]:
    bodies = {
        pk: (body, name)
        for pk, body, name in Payload.objects.filter(pk__in=[look.item_id for look in looks])
        .annotate(name=F("item__external_id"))
        .values_list("pk", "body", "name")
    }
    return tuple(
        Row(
            look.pk,
            look.item_id,
            task.title(*bodies[look.item_id]),
            _in_words(task, look.answer),
            str(Why(look.why).label),
            look.why == Why.SENTINEL,
        )
        for look in looks
    )


def _in_words(task: Task, answer: Any) -> str:
    """The proposal in one line."""
    if answer is None:
        return ""
    parts = [(part, shape.as_text(shape.held(answer, part))) for part in shape.parts(task.output_schema, answer)]
    words = ", ".join(f"{part.label}: {text}" if len(parts) > 1 else text for part, text in parts if text)
    words = " ".join(words.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _choosable(schema: Mapping[str, Any]) -> dict[str, str]:
    """The fields that have few values, with their labels."""
    fields = schema.get("properties")
    if not isinstance(fields, dict):
        return {}
    return {
        name: str(one.get("title", name))
        for name, one in fields.items()
        if isinstance(one, dict) and ("enum" in one or one.get("type") == "boolean")
    }


def _values(answer: Any, fields: Mapping[str, str]) -> list[str]:
    if not isinstance(answer, dict):
        return []
    return [f"{name}={json.dumps(answer[name], ensure_ascii=False)}" for name in fields if name in answer]


def _label(value: str, fields: Mapping[str, str]) -> str:
    name, _, text = value.partition("=")
    held = json.loads(text)
    return f"{fields[name]}: {'yes' if held is True else 'no' if held is False else held}"


def _canonical(answer: Any) -> bytes:
    return b"" if answer is None else strict.canonical(answer)


@dataclass(frozen=True, slots=True)
class Said:
    """A look that this person decided together with others, and can still take back."""

    review_id: int
    item_id: int
    title: str
    verdict: str
    left_s: int


def said(task: Task, user_id: int) -> tuple[Said, ...]:
    """What this person decided in one go and can still take back, the newest first."""
    looks = Review.objects.filter(
        task=task, undo_until__gt=Now(), holder=user_id, page=TOGETHER, state=ReviewState.DECIDED, kind=ReviewKind.GATE
    )
    looks = looks.select_related("item__payload").annotate(left=desk.LEFT).order_by("-decided_at", "-pk")
    return tuple(
        Said(
            look.pk,
            look.item_id,
            task.title(look.item.payload.body, look.item.external_id),
            str(Verdict(look.verdict).label),
            desk.seconds(look.left),
        )
        for look in looks[:MOST]
    )
