"""Whether a task's settings fit together: what its items hold, who looks at them, where its worker is called."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from slider.llm import prices, reach
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
    if not is_trusted(url):
        _refuse_inside(url)
    return url


def is_trusted(url: str) -> bool:
    """Whether an endpoint may be anywhere: it is the installation's own, or an operator allowed its host by name."""
    parts, own = urlsplit(url.lower()), urlsplit(settings.ENV.OPENAI_BASE_URL.lower())
    allowed = {host.lower().strip("[]").rstrip(".") for host in settings.ENV.SLIDER_MODEL_HOSTS}
    return not url or parts.netloc == own.netloc or (parts.hostname or "").rstrip(".") in allowed


def _refuse_inside(url: str) -> None:
    """What can be seen of an address without asking anybody; the rest is seen when it is called."""
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValidationError("This is no web address: write https://host/v1.") from None
    if not host:
        raise ValidationError("This address names no host: write https://host/v1.")
    # 127.1, 0x7f.1 and 2130706433 are addresses, too, for whoever looks names up.
    is_number = re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", host)
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        raise ValidationError(reach.words(host))
    try:
        reach.refuse_literal(host)
    except OSError as error:
        raise ValidationError(str(error)) from None
    if is_number and host.count(".") != 3:
        raise ValidationError(reach.words(host))


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
