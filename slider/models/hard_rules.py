"""Hard rules: which items never run unattended, whatever the slider says. What can't be read keeps an item with people.

A rule is one of `{"field": name, "equals": value}`, `{"field": name, "at_least": number}`, `{"field": name, "at_most":
number}` and `{"source": "key"}`, `{"source": "key:crm"}`, where the kinds of source are `SOURCES`.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

SOURCES = ("key", "import", "person")
MOST = 100
_SHAPES = "it is a field with equals, at_least or at_most, or a source such as key or key:crm."

# What intake writes down of who pushed an item.
_KEPT = 60  # so much of a file's name is kept at least
_ORIGINS = (
    ("key", re.compile(r"key (?P<name>.*)", re.DOTALL)),
    ("import", re.compile(r"import \d+(: (?P<name>.*))?", re.DOTALL)),
    ("person", re.compile(r"(?P<name>.*) by hand", re.DOTALL)),
)


def broken(rules: Sequence[Any], body: Mapping[str, object], origin: str) -> str:
    """The first rule that keeps this item with people, in words, or nothing."""
    return next((words for rule in rules if (words := _broken(rule, body, origin))), "")


def check(value: Any) -> None:
    """Refuse what is no list of rules that can be read. Raises ValidationError."""
    if not isinstance(value, list) or len(value) > MOST:
        raise ValidationError(f"Hard rules are a list of at most {MOST}.", code="rules")
    for place, rule in enumerate(value):
        if not _is_rule(rule):
            raise ValidationError(f"Rule {place + 1} can't be read: {_SHAPES}", code="rules")


def _is_rule(rule: Any) -> bool:
    if not isinstance(rule, Mapping):
        return False
    if set(rule) == {"source"}:
        source = rule["source"]
        return isinstance(source, str) and len(source) <= 200 and source.partition(":")[0] in SOURCES
    if not (isinstance(rule.get("field"), str) and 0 < len(rule["field"]) <= 200 and len(rule) == 2):
        return False
    if "equals" in rule:
        return not isinstance(rule["equals"], list | Mapping)
    return any(name in rule and _number(rule[name]) is not None for name in ("at_least", "at_most"))


def problem(rules: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> str:
    """Why a rule would never keep anything, or everything, going by what an item may hold; empty where all can."""
    for rule in rules:
        field = rule.get("field")
        if field is None:
            continue
        if field not in fields:
            return f"An item has no field {field[:60]!r}; it has {', '.join(list(fields)[:20])}."
        kinds = fields[field].get("type") if isinstance(fields[field], Mapping) else None
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "equals" not in rule and not {"number", "integer", None} & set(kinds):
            return f"{field[:60]} is no number in an item, so it has no stake: write {field[:60]} = value instead."
    return ""


def ask_for_source(rules: Sequence[Any]) -> bool:
    """Whether any rule wants to know who pushed an item."""
    return any(isinstance(rule, Mapping) and "source" in rule for rule in rules)


def _broken(rule: Any, body: Mapping[str, object], origin: str) -> str:
    if isinstance(rule, Mapping):
        if isinstance(source := rule.get("source"), str):
            return f"it came from {origin}" if _is_from(origin, source) else ""
        if isinstance(field := rule.get("field"), str):
            if "equals" in rule:
                return _equals(field, body.get(field), rule["equals"])
            if (least := _number(rule.get("at_least"))) is not None:
                return _stake(field, body.get(field), least, above=True)
            if (most := _number(rule.get("at_most"))) is not None:
                return _stake(field, body.get(field), most, above=False)
    return "a hard rule can't be read: correct it in the task's settings"


def _equals(field: str, held: object, wanted: object) -> str:
    # «zip = 12345» is meant for the number and for the text: a rule that is read too narrowly fails open.
    return f"{field} is {wanted}" if held == wanted or _written(held) == _written(wanted) else ""


def _stake(field: str, held: object, bound: float, *, above: bool) -> str:
    """By stake: a stake that is not known is taken for a high one."""
    found = _number(held)
    if found is None:
        return f"{field} is not known as a number"
    if above:
        return f"{field} is {bound:g} or more" if found >= bound else ""
    return f"{field} is {bound:g} or less" if found <= bound else ""


def _number(value: object) -> float | None:
    """A finite number, also written as text; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _is_from(origin: str, source: str) -> bool:
    """Whether an item came this way: of a kind, or of one by its name; an import's name may go on."""
    kind, _, name = source.partition(":")
    for known, form in _ORIGINS:
        if (found := form.fullmatch(origin)) is not None:
            return known == kind.strip() and _is_named(found["name"], name.strip(), begins=known == "import")
    # Nobody knows who pushed it: it may be the one that is meant.
    return True


def _is_named(own: str | None, wanted: str, *, begins: bool) -> bool:
    """Whether this is the one that is meant: any where no name is, and perhaps this where it has none."""
    if not wanted or own is None:
        return True
    mine, meant = own.casefold(), wanted.casefold()
    # The origin of a file with a long name is cut.
    return mine.startswith(meant[: max(_KEPT, len(mine))]) if begins else mine == meant


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
