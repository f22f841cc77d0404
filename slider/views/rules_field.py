"""Hard rules as people write them, one a line: by a field's value, by stake, by source."""

import json
import math
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from slider import strict
from slider.models.hard_rules import MOST, SOURCES

_FORMS = "channel = legal, amount >= 1000 or from key: crm"
_SOURCE = re.compile(r"from\s+(?P<kind>[^\W\d_]+)\s*(:\s*(?P<name>.*))?", re.DOTALL | re.IGNORECASE)
_STAKE = re.compile(r"(?P<field>[^<>=]+?)\s*(?P<sign>[<>]=?)\s*(?P<bound>.*)", re.DOTALL)
_BOUNDS = {">=": "at_least", "<=": "at_most"}


class RulesField(forms.CharField):
    """Hard rules, one a line; its value is the list that a task keeps."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        lines = enumerate(str(super().clean(value) or "").splitlines(), start=1)
        rules = [_rule(number, line.strip()) for number, line in lines if line.strip()]
        if len(rules) > MOST:
            raise ValidationError(f"There are {len(rules)} rules; at most {MOST} are taken.")
        return rules

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(_line(rule) for rule in value) if isinstance(value, list) else value


def _rule(number: int, line: str) -> dict[str, Any]:
    """One line as a rule of the task, or a ValidationError that says what is wrong with it."""
    if (source := _SOURCE.fullmatch(line)) is not None:
        kind, name = source["kind"].lower(), (source["name"] or "").strip()
        if kind not in SOURCES:
            raise ValidationError(f"Line {number}: items come from a key, an import or a person; {kind!r} is none.")
        return {"source": f"{kind}:{name}" if name else kind}
    if (stake := _STAKE.fullmatch(line)) is not None:
        return _stake(number, stake["field"].strip(), stake["sign"], stake["bound"].strip())
    field, sign, wanted = (part.strip() for part in line.partition("="))
    if wanted.startswith(("<", ">")):
        raise ValidationError(f"Line {number}: write {wanted[0]}= with the sign in front, such as amount >= 1000.")
    if not sign or not field:
        raise ValidationError(f"Line {number}: write a rule as field = value, such as {_FORMS}.")
    return {"field": field, "equals": _value(wanted)}


def _stake(number: int, field: str, sign: str, bound: str) -> dict[str, Any]:
    if sign not in _BOUNDS:
        raise ValidationError(f"Line {number}: write {sign}= instead of {sign}, so that the bound itself is clear.")
    wanted = _value(bound)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not math.isfinite(wanted):
        raise ValidationError(f"Line {number}: {bound[:40]!r} is no number; write one such as 1000 or 0.5.")
    return {"field": field, _BOUNDS[sign]: wanted}


def _line(rule: Any) -> str:
    """A stored rule as it is written in the form; one that nobody understands as it is stored."""
    if isinstance(rule, dict):
        if isinstance(source := rule.get("source"), str):
            return f"from {source.replace(':', ': ', 1)}"
        if isinstance(field := rule.get("field"), str):
            for sign, name in (("=", "equals"), (">=", "at_least"), ("<=", "at_most")):
                if name in rule:
                    return f"{field} {sign} {_written(rule[name])}"
    return json.dumps(rule, ensure_ascii=False)


def _value(text: str) -> Any:
    """true, false, null and numbers as JSON says them; everything else is text, quoted or not."""
    try:
        found = strict.loads(text)
    except strict.StrictError:
        return text
    return text if isinstance(found, (dict, list)) else found


def _written(value: Any) -> str:
    if isinstance(value, str) and _value(value) == value:
        return value
    return strict.canonical(value).decode()
