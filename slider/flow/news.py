"""What receivers can hear of besides results: owed in the transaction of the fact, and nothing where nobody asked."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from slider.flow import arrays, envelopes
from slider.models import Decision, EventType, Item, Maker, Policy, Task

# One statement whatever the number of words and endpoints. A `word` has one name for all of its receivers.
_OWE = """
INSERT INTO slider_parcel (endpoint_id, event, webhook_id, body)
SELECT e.id, %(event)s::text, w.name, w.body
FROM slider_endpoint e
CROSS JOIN unnest(%(names)s::uuid[], %(bodies)s::text[]) WITH ORDINALITY AS w(name, body, nth)
WHERE e.task_id = %(task)s AND e.disabled_at IS NULL AND e.removed_at IS NULL AND e.events ? %(event)s::text
ORDER BY w.nth, e.id
"""
# Whether anybody wants to hear it, as a piece of a statement that is asked anyway.
WANTED = """EXISTS (SELECT FROM slider_endpoint e WHERE e.task_id = %(task)s AND e.disabled_at IS NULL
                    AND e.removed_at IS NULL AND e.events ? %(event)s::text)"""


@dataclass(frozen=True, slots=True)
class _Named:
    """An item by its id and its name at the source."""

    item_id: int
    external_id: str


def waiting(task: Task, decisions: Sequence[Decision]) -> None:
    """Items went to people. Why is told as a code: the words may hold what the item holds."""
    whys = {decision.item_id: str(decision.why) for decision in decisions}
    if whys:
        now = datetime.now(UTC)
        _owe(
            task,
            EventType.WAITING,
            [
                envelopes.sealed(EventType.WAITING, now, _item(one, task) | {"why": whys[one.item_id]})
                for one in _named(list(whys))
            ],
        )


def withdrawn(task: Task, item: Item) -> None:
    """An item was taken back by its source or a person."""
    if _is_wanted(task.pk, EventType.WITHDRAWN):
        body = envelopes.sealed(EventType.WITHDRAWN, datetime.now(UTC), _item(_Named(item.pk, item.external_id), task))
        _owe(task, EventType.WITHDRAWN, [body])


def moved(task: Task, old: Policy, new: Policy) -> None:
    """A new policy is in force: told where what it does is different, and once more where the guard pulled back."""
    now = datetime.now(UTC)
    if _shares(old) != _shares(new) and _is_wanted(task.pk, EventType.MOVED):
        _owe(task, EventType.MOVED, [envelopes.sealed(EventType.MOVED, now, _policy(task, new))])
    pulled_back = new.maker == Maker.GUARD and new.held and not old.held
    if pulled_back and _is_wanted(task.pk, EventType.PULLED_BACK):
        _owe(task, EventType.PULLED_BACK, [envelopes.sealed(EventType.PULLED_BACK, now, _policy(task, new))])


def _shares(policy: Policy) -> tuple[object, ...]:
    return policy.requested, policy.effective, policy.mode, policy.held


def _policy(task: Task, policy: Policy) -> dict[str, object]:
    return {
        "task": task.slug,
        "policy": policy.number,
        "mode": str(policy.mode),
        "requested": policy.requested,
        "allowed": policy.allowed,
        "effective": policy.effective,
        "held": policy.held,
        "by": str(policy.maker),
        "reason": policy.reason,
    }


def _item(one: _Named, task: Task) -> dict[str, object]:
    return {"item": one.item_id, "external_id": one.external_id, "task": task.slug}


def _named(item_ids: Sequence[int]) -> list[_Named]:
    found = Item.objects.filter(pk__in=item_ids).order_by("pk").values_list("pk", "external_id")
    return [_Named(item_id, external_id) for item_id, external_id in found]


def _is_wanted(task_id: int, kind: EventType) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {WANTED}", {"task": task_id, "event": str(kind)})
        return bool(cursor.fetchone()[0])


def _owe(task: Task, kind: EventType, bodies: Sequence[bytes]) -> None:
    names = arrays.literal([str(uuid.uuid4()) for _ in bodies])
    texts = arrays.literal([body.decode() for body in bodies])
    with connection.cursor() as cursor:
        cursor.execute(_OWE, {"task": task.pk, "event": str(kind), "names": names, "bodies": texts})
