"""What a request is about: the key it came with, and the task it names in that key's project."""

from django.http import HttpRequest

from slider.api import body
from slider.api.faults import not_found
from slider.models import ApiKey, Task
from slider.queries import results


def key(request: HttpRequest) -> ApiKey:
    """The key that let this request in."""
    found = getattr(request, "auth", None)
    assert isinstance(found, ApiKey)
    return found


def task(of: ApiKey, slug: str) -> Task:
    """The task of this short name in the key's project; else it is not found."""
    found = results.task_named(of.project_id, body.slug(slug))
    if found is None:
        raise not_found()
    return found
