"""What the frame of a page asks for: a person's rights in a project, and how much waits on the desk."""

from typing import Any

from django import template

from slider.models import Project
from slider.queries import frame

register = template.Library()


@register.simple_tag(takes_context=True)
def rights(context: dict[str, Any], project: Project) -> frozenset[str]:
    """The verbs that the person at the page may use in a project."""
    return frame.rights(context["request"].user, project)


@register.simple_tag(takes_context=True)
def waiting(context: dict[str, Any]) -> frame.Desk:
    """What waits on this person's desk."""
    return frame.desk(context["request"].user)


@register.filter
def starts_with(text: str, beginning: str) -> bool:
    return text.startswith(str(beginning))
