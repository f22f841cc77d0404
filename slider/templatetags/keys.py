"""The key of something the desk does, as the person who looks has it: printed on its button."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def key(context: Mapping[str, Any], name: str) -> SafeString:
    """The person's key for a deed of the table; nothing where it is switched off."""
    return _printed(context["keys"].by_deed[name])


@cache
def _printed(own: str) -> SafeString:
    return format_html("<kbd>{}</kbd>", own.upper()) if own else SafeString()
