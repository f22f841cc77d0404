"""What the privacy page shows: an item as a model would get it, and how far the deleting of contents is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slider import redaction
from slider.models import EmptyWalk, Item, Task, archived
from slider.models.emptied import ERASED, ROUND_S
from slider.redaction import Rules
from slider.redaction.masking import TOKEN

LONGEST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `token` where it stands for something."""

    text: str
    token: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """An item under rules: the text that leaves, what each token stands for, and how often what was found."""

    item: Item
    sent: Any
    parts: tuple[Part, ...]
    values: tuple[tuple[str, str], ...]
    counts: dict[str, int]
    cut: bool

    @property
    def said(self) -> str:
        """The counts in words."""
        return in_words(self.counts) or "nothing is masked or left out"


def in_words(counts: Mapping[str, int]) -> str:
    """What was masked or left out, by kind: «2 email masked, 1 field left out»."""
    masked = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if name != "left_out"]
    left_out = counts.get("left_out", 0)
    said = [f"{', '.join(masked)} masked"] if masked else []
    return ", ".join([*said, *([f"{left_out} left out"] if left_out else [])])


def preview(task: Task, rules: Rules, item_id: int | None) -> Preview | None:
    """The item of this number, else the newest that holds something; None where there is none in the task."""
    items = Item.objects.filter(task=task, emptied=None)
    found = items.filter(pk=item_id).first() if item_id is not None else items.order_by("-pk").first()
    if found is None:
        return None
    masked = redaction.mask(archived.carried(found.pk).body, rules)
    text = json.dumps(masked.value, ensure_ascii=False, indent=2)
    values = masked.restore.values
    return Preview(
        found,
        masked.value,
        tuple(_parts(text[:LONGEST_SHOWN], values)),
        tuple((token, _said(value)) for token, value in list(values.items())[:200]),
        masked.counts,
        cut=len(text) > LONGEST_SHOWN,
    )


def _parts(text: str, values: Any) -> list[Part]:
    found, at = [], 0
    for token in TOKEN.finditer(text):
        if token[0] in values:
            found += [Part(text[at : token.start()], token=False), Part(token[0], token=True)]
            at = token.end()
    return [*found, Part(text[at:], token=False)]


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


@dataclass(frozen=True, slots=True)
class Retention:
    """Of how many items the rule has deleted the contents, how many are past their day and still needed, and when
    was last looked; and how many were erased on request."""

    gone: int
    kept: int
    looked_at: datetime | None
    erased: int


def retention(task: Task) -> Retention:
    """How a task's rule stands, as the walk over its items has counted."""
    walk = EmptyWalk.objects.filter(pk=task.pk).first()
    erased = Item.objects.filter(task=task, external_id__startswith=ERASED).count()
    if walk is None:
        return Retention(0, 0, None, erased)
    looked_at = walk.rests_until - timedelta(seconds=ROUND_S) if walk.upto == 0 else None
    return Retention(walk.gone, walk.kept_last, looked_at, erased)
