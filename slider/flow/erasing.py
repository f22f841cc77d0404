"""One item is erased on request: all that it holds and all that was made of it; its id stays as a keyed hash."""

from typing import Any

from django.db import transaction

from slider import strict
from slider.flow import emptying, exports, intake, news, setup
from slider.flow.emptying import Why
from slider.models import (
    OWED,
    Archived,
    Cause,
    Emptied,
    Item,
    PastRow,
    Payload,
    Review,
    ReviewState,
    Worker,
)
from slider.models.emptied import erased_id, known_digest
from slider.models.states import FINAL

LONGEST_WORDS = 250


class Unfit(ValueError):
    """What can't be erased so; the words say why."""


class Gone(Exception):
    """It was erased before; nothing was changed."""


def erase(item_id: int, *, by: int, words: str) -> None:
    """Erase an item in one transaction, whatever it is in the middle of. Raises Gone, or Unfit without a reason.

    One that is not final is withdrawn first: who has it in hand loses it and is told, whatever a worker brings back is
    not written. A result that waits to be sent is not sent any more. An owed look counts as a wrong answer, as it does
    where an item is withdrawn: nobody improves the evidence by erasing.
    """
    words = " ".join(words.replace("\x00", "").split())
    if not words or len(words) > LONGEST_WORDS:
        raise Unfit(f"say in 1 to {LONGEST_WORDS} characters who asked for it and why; it stands in the log")
    with transaction.atomic():
        # Reviews before the item, as a verdict takes them: the two can't wait for each other.
        list(Review.objects.select_for_update().filter(item_id=item_id).order_by("pk").values_list("pk"))
        item = Item.objects.select_for_update().get(pk=item_id)
        if Emptied.objects.filter(pk=item_id, cause=Cause.REQUEST).exists():
            raise Gone(f"item {item_id} was erased before")
        was_open = item.state not in FINAL
        if was_open:
            intake.withdraw(item_id, by=by, reason="withdrawn: erased on request")
        Review.objects.filter(item=item, state__in=OWED).update(state=ReviewState.VOID, lease_until=None)
        digest = _digest(item_id)
        emptying.empty(item.task_id, [item_id], Why(Cause.REQUEST, by=by, words=words))
        exports.drop_with(item.task_id, [item_id])
        called = erased_id(emptying.key(item.task_id), item.external_id)
        PastRow.objects.filter(past__task_id=item.task_id, external_id=item.external_id).update(external_id=called)
        exports.forget_name(item.task_id, item.external_id, called=called)
        Item.objects.filter(pk=item_id).update(external_id=called)
        if was_open:  # what was owed of it went with its contents: receivers hear it by the id that it has now
            item.refresh_from_db()
            news.withdrawn(item.task, item)
        _unlearn(item, digest, by=by)


def _digest(item_id: int) -> bytes:
    """That of what the item carries, or carried before a rule deleted it: then it is a keyed one."""
    kept = Payload.objects.filter(pk=item_id).values_list("sha256", flat=True).first()
    return bytes(kept or Archived.objects.get(pk=item_id).sha256 or b"")


def _unlearn(item: Item, digest: bytes, *, by: int) -> None:
    """Worked examples that were made of it go: a live worker has a new version without them, old ones lose them."""
    secret = emptying.key(item.task_id)

    def is_other(example: dict[str, Any]) -> bool:
        own = strict.digest(example["input"])
        return digest not in (own, known_digest(secret, own))

    def without(worker: Worker) -> dict[str, Any]:
        return {"examples": [one for one in worker.examples if is_other(one)]}

    taught = [
        worker
        for worker in Worker.objects.filter(task_id=item.task_id)
        if len(without(worker)["examples"]) < len(worker.examples)
    ]
    if any(worker.retired_at is None for worker in taught):
        setup.renew_workers(item.task, by=by, why="an example was erased on request", change=without)
    for worker in taught:
        Worker.objects.filter(pk=worker.pk).update(**without(worker))
