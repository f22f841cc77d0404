"""That somebody looked up what is held under an id stands in the log: the items, and a keyed digest of the id."""

from collections.abc import Mapping, Sequence

from slider.flow import emptying, log
from slider.models import Item, Kind, Project
from slider.models.emptied import asked_digest


def told(project: Project, external_id: str, items: Sequence[Item], *, by: int, how: Mapping[str, object]) -> None:
    """Write it down. The digest is under the key of the first item's task: nobody guesses the id by it."""
    facts = {"what": "subject", "items": [item.pk for item in items], **how}
    if items:
        facts["id"] = asked_digest(emptying.key(items[0].task_id), external_id)
    log.write(Kind.EXPORT, by=by, facts=facts, project_id=project.pk)
