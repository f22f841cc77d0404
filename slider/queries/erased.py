"""Which items were erased on request: a list to be kept apart from the backups, as a restore brings them back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from slider.models import Cause, Emptied, Item


@dataclass(frozen=True, slots=True)
class Erased:
    """An erased item by its number and the moment it came in, and why it went; nothing of what it held, nor its id."""

    item: int
    came_at: datetime
    project: str
    task: str
    erased_at: datetime
    words: str


def erased() -> Iterator[Erased]:
    """Every one, the oldest request first."""
    found = Emptied.objects.filter(cause=Cause.REQUEST).select_related("item__task__project").order_by("at", "pk")
    for one in found.iterator():
        task = one.item.task
        yield Erased(one.pk, one.item.created_at, task.project.slug, task.slug, one.at, one.words)


def still_here(one: Erased) -> Item | None:
    """The item, where it is in this database; never another that was given its number in a database that was lost."""
    return Item.objects.select_related("task__project").filter(pk=one.item, created_at=one.came_at).first()
