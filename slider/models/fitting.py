"""Whether a task's settings fit together: what its items hold, who looks at them, where its worker is called."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from slider.llm import prices
from slider.models import hard_rules
from slider.schema import Schema, SchemaError


def item_schema(document: Any) -> Schema:
    """The compiled schema of an item, which is an object. Raises SchemaError."""
    schema = Schema.compile(document)
    if schema.document.get("type") != "object":
        raise SchemaError('An item is a JSON object: the schema needs "type": "object".')
    return schema


def title(field: str, input_schema: Mapping[str, Any]) -> str:
    """Why no item could be named by this field; empty where one can."""
    fields = input_schema.get("properties")
    return "" if not field or not fields or field in fields else _none(repr(field), fields)


def rules(
    input_schema: Mapping[str, Any],
    *,
    skill_field: str,
    stake_field: str,
    never_unattended: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """What names a field that no item has, by the setting: it would never keep anything, or everything."""
    fields = input_schema.get("properties")
    if not fields or input_schema.get("additionalProperties") is not False:
        return {}
    if skill_field and skill_field not in fields:
        return {"skill_field": _none(repr(skill_field), fields)}
    if stake_field and stake_field not in fields:
        return {"stake_field": _none(stake_field[:40], fields)}
    words = hard_rules.problem(never_unattended, fields)
    return {"never_unattended": words} if words else {}


def nowhere(pointer: str, input_schema: Mapping[str, Any]) -> str:
    """Why no item has anything at this JSON pointer; empty where one may. Only the first step is looked at."""
    fields = input_schema.get("properties")
    first = pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
    if not fields or input_schema.get("additionalProperties") is not False or first in fields or first == "*":
        return ""
    return _none(repr(first[:40]), fields)


def staffed(looks: int, reviewers: int) -> str:
    """Why so many people can't look at each item: it would wait for ever; empty where they can."""
    if looks == 1 or looks <= reviewers:
        return ""
    return f"{reviewers} review in this project: {looks} can't look at each item. Bring people in first."


def address(url: str) -> str:
    """A worker's own endpoint as it is kept. Raises ValidationError."""
    url = url.strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise ValidationError("An address starts with http:// or https:// and includes /v1.")
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ValidationError("Leave name and password out of the address: name a key instead.")
    return url


def unpriced(model: str, *, base_url: str, daily_budget: Decimal | None, prices_given: bool) -> str:
    """Why a budget can't be kept; empty where it can, or where there is none."""
    if (daily_budget or 0) <= 0 or not model or prices_given:
        return ""
    endpoint = base_url or settings.ENV.OPENAI_BASE_URL
    if prices.cost(model, base_url=endpoint, tokens_in=1, tokens_out=1).usd is not None:
        return ""
    return f"What {model} costs at its endpoint is not known: give both prices to keep a budget."


def _none(field: str, fields: Mapping[str, Any]) -> str:
    return f"An item has no field {field}; it has {', '.join(list(fields)[:20])}."
