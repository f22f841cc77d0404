"""What stands in each of a look's many forms, written without a template of its own: a desk draws it with every key."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from slider.queries.handed import Somebody

register = template.Library()


@register.simple_tag(takes_context=True)
def claim(context: Mapping[str, Any]) -> SafeString:
    """The claim that a form speaks under, and the token against forged requests."""
    hidden = {"csrfmiddlewaretoken": context["csrf_token"], "token": context["review"].token}
    if wanted := context.get("wanted"):
        hidden["task"] = wanted
    rows = (f'<input type="hidden" name="{name}" value="{escape(value)}" />' for name, value in hidden.items())
    return mark_safe("\n".join(rows))  # noqa: S308  # each value was escaped


@register.simple_tag
def people(colleagues: Iterable[Somebody], chosen: str) -> SafeString:
    """The options of a choice among people; a project may have hundreds."""
    rows = (
        f'<option value="{one.user_id}"{" selected" if chosen == str(one.user_id) else ""}>{escape(one.name)}</option>'
        for one in colleagues
    )
    return mark_safe("\n".join(rows))  # noqa: S308  # each name was escaped
