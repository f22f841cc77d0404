"""Skills: short names of what people know and of what an item takes, always written alike."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Exact

LONGEST = 40
MOST = 20
WRONG = f"Skills are a list of at most {MOST} names of 1 to {LONGEST} characters."


def named(word: object) -> str:
    """How a skill is written: small letters, single spaces, nothing around it."""
    text = word if isinstance(word, str) else json.dumps(word, ensure_ascii=False, sort_keys=True)
    return " ".join(text.replace("\x00", " ").replace(",", " ").casefold().split())[:LONGEST].strip()


def listed(words: Iterable[object]) -> list[str]:
    """Skills in order, each once."""
    return sorted({name for word in words if (name := named(word))})


def read(text: str) -> list[str]:
    """What somebody typed, with commas or line ends between."""
    return listed(text.replace("\n", ",").split(","))


def check(value: Any) -> None:
    """Refuse what is no list of skills. Raises ValidationError."""
    fits = isinstance(value, list) and len(value) <= MOST
    if not fits or any(not isinstance(one, str) or not one or named(one) != one for one in value):
        raise ValidationError(WRONG, code="skills")


def wanted(always: Sequence[str], value: object) -> list[str] | None:
    """What a look takes: the task's skills, and the one that a field's value names; None where that is nothing.

    A value that is missing or is no single one (a list, an object) names no skill.
    """
    by_value = [] if value is None or isinstance(value, list | dict) else [value]
    return listed([*always, *by_value]) or None


def is_list(field: str) -> Exact:
    """A condition that the database can hold of such a column."""
    return Exact(models.Func(models.F(field), function="jsonb_typeof", output_field=models.CharField()), "array")
