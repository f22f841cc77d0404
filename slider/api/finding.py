"""What a request is about: the key it came with, whom it acts for, and the task it names in that key's project."""

from django.http import HttpRequest

from slider.api import body, keys
from slider.api.faults import Fault, not_found
from slider.models import ApiKey, Task
from slider.queries import results


def key(request: HttpRequest) -> ApiKey:
    """The key that let this request in."""
    found = getattr(request, "auth", None)
    assert isinstance(found, ApiKey)
    return found


def person(of: ApiKey) -> int:
    """Whom the key acts for. What a person answers for takes a personal key: the table holds scopes to that."""
    if of.person_id is None:
        raise Fault(403, "person", "This takes a key that acts for a person.", hint="Make one on the page My API keys.")
    return of.person_id


def is_blind(of: ApiKey) -> bool:
    """People who only review must not see which items are audited: they would look at them otherwise."""
    return of.person_id is not None and keys.may(of, "review") and not keys.may(of, "steer")


def task(of: ApiKey, slug: str) -> Task:
    """The task of this short name in the key's project; else it is not found."""
    found = results.task_named(of.project_id, body.slug(slug))
    if found is None:
        raise not_found()
    return found
