"""What the frame of a page asks for: a person's rights in a project, and how much waits on the desk."""

from typing import Any

from django import template

from slider.models import Project, Task
from slider.queries import frame, notices

register = template.Library()


@register.simple_tag(takes_context=True)
def rights(context: dict[str, Any], project: Project) -> frozenset[str]:
    """The verbs that the person at the page may use in a project."""
    return frame.rights(context["request"].user, project)


@register.simple_tag(takes_context=True)
def waiting(context: dict[str, Any]) -> frame.Desk:
    """What waits on this person's desk."""
    return frame.desk(context["request"].user)


@register.simple_tag(takes_context=True)
def runs_fleet(context: dict[str, Any]) -> bool:
    """Whether the person at the page runs any part of the fleet."""
    user = context["request"].user
    return bool(user.is_superuser or frame.fleet_reach(user))


@register.simple_tag(takes_context=True)
def page_project(context: dict[str, Any]) -> Project | None:
    """The project that the page is about; None where it is about all of a person's projects."""
    task, project = context.get("task"), context.get("project")
    if isinstance(task, Task):
        return task.project
    return project if isinstance(project, Project) else None


@register.simple_tag(takes_context=True)
def unseen(context: dict[str, Any], project: Project | None) -> notices.Banners:
    """What the person at the page has to hear of."""
    return notices.unseen(context["request"].user, project=project)


@register.filter
def starts_with(text: str, beginning: str) -> bool:
    return text.startswith(str(beginning))
