"""Batches in the tables: items are gathered under long leases, each step is written when it is done."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from slider.flow import claims
from slider.flow.claims import Claim
from slider.models import Batch, BatchItem, BatchState, Payload, Worker

MOST_ITEMS = 2_000
MOST_BYTES = 50 * 1024 * 1024  # of items; endpoints take files of 200 MB
MOST_OPEN = 5  # batches of one worker at once
LEASE_S = 900.0
POLL_S = 30.0
LONGEST_WAIT_S = 300.0
REST_S = 600.0  # after an endpoint has refused a batch
_LOCKS = 7_306  # the advisory locks' own number space


def gather(worker: Worker, *, most: int, max_tries: int, by: str) -> Batch | None:
    """Claim up to `most` ready items of a worker's task as its next batch; None where there is nothing to claim."""
    with transaction.atomic():
        taken = claims.claim(
            worker.task_id, most=min(most, MOST_ITEMS), max_tries=max_tries, lease_s=LEASE_S, by=f"{by}, for a batch"
        )
        kept = _that_fit(taken)
        if len(kept) < len(taken):
            too_much = [(claim.item_id, claim.token) for claim in taken[len(kept) :]]
            claims.give_back(too_much, reason="the batch is full")
        if not kept:
            return None
        batch = Batch.objects.create(worker=worker)
        BatchItem.objects.bulk_create(
            [BatchItem(batch=batch, item_id=one.item_id, token=one.token, tries=one.tries) for one in kept]
        )
    return batch


def _that_fit(taken: Sequence[Claim]) -> list[Claim]:
    """The first ones, as many as one file may hold; one at least."""
    kept: list[Claim] = []
    size = 0
    for claim in taken:
        size += len(str(claim.body))
        if kept and size > MOST_BYTES:
            break
        kept.append(claim)
    return kept


def is_due(task_id: int, *, gather_s: float, max_tries: int) -> bool:
    """Whether a batch is worth sending: enough items are ready, or one has waited for long enough."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM (SELECT FROM slider_item WHERE task_id = %(task)s AND state = 'ready'
                    AND run_at <= clock_timestamp() AND tries < %(tries)s LIMIT %(most)s) AS a) >= %(most)s
                OR EXISTS (SELECT FROM slider_item WHERE task_id = %(task)s AND state = 'ready' AND tries < %(tries)s
                           AND run_at <= clock_timestamp() - %(gather_s)s * interval '1 second')
            """,
            {"task": task_id, "tries": max_tries, "most": MOST_ITEMS, "gather_s": gather_s},
        )
        return bool(cursor.fetchone()[0])


def may_gather(worker: Worker) -> bool:
    """Whether one more batch may be open, and the endpoint has not just refused one."""
    newest = list(Batch.objects.filter(worker=worker).order_by("-pk")[:MOST_OPEN])
    if sum(batch.state != BatchState.ENDED for batch in newest) >= MOST_OPEN:
        return False
    return not Batch.objects.filter(
        worker=worker, sent_at=None, ended_at__gt=Now() - timedelta(seconds=REST_S), pk__in=[b.pk for b in newest]
    ).exists()


def held(worker: Worker) -> int:
    """How many items of a worker's batches are not paid for yet."""
    return BatchItem.objects.filter(batch__worker=worker, settled=False).count()


def due() -> list[int]:
    """The batches that it is time to ask after."""
    found = Batch.objects.exclude(state=BatchState.ENDED).filter(next_at__lte=Now())
    return list(found.order_by("next_at").values_list("pk", flat=True))


@contextmanager
def alone(batch_id: int) -> Iterator[Batch | None]:
    """The batch, for one process at a time; None where another is at it, or it has ended meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, batch_id % 2**31])
        (mine,) = cursor.fetchone()
    if not mine:
        yield None
        return
    try:
        batch = Batch.objects.select_related("worker__task").get(pk=batch_id)
        yield None if batch.state == BatchState.ENDED else batch
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, batch_id % 2**31])


def renew_all() -> None:
    """A sign of life for all that batches hold, wherever they are; half a lease before it would run out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_item i SET lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            FROM (
                SELECT i.id, b.token FROM slider_batchitem b JOIN slider_item i ON i.id = b.item_id
                WHERE NOT b.settled AND i.token = b.token AND i.state = 'working'
                  AND i.lease_until < clock_timestamp() + %(lease_s)s / 2 * interval '1 second'
                ORDER BY i.id FOR UPDATE OF i
            ) AS c WHERE i.id = c.id AND i.token = c.token AND i.state = 'working'
            """,
            {"lease_s": LEASE_S},
        )


def claimed(batch: Batch, item_ids: Sequence[int] | None = None) -> list[Claim]:
    """The claims of a batch that are not settled yet, with what the items carry."""
    rows = BatchItem.objects.filter(batch=batch, settled=False).order_by("item_id")
    if item_ids is not None:
        rows = rows.filter(item_id__in=item_ids)
    found = list(rows)
    bodies = dict(Payload.objects.filter(pk__in=[row.item_id for row in found]).values_list("pk", "body"))
    return [Claim(row.item_id, row.token, row.tries, bodies[row.item_id]) for row in found]


def settle(batch: Batch, item_ids: Sequence[int]) -> set[int]:
    """Mark items as settled, inside the transaction that writes them; those that were not before are returned."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_batchitem b SET settled = true FROM (
                SELECT id FROM slider_batchitem WHERE batch_id = %s AND item_id = ANY(%s) AND NOT settled
                ORDER BY item_id FOR UPDATE
            ) AS own WHERE b.id = own.id RETURNING b.item_id
            """,
            [batch.pk, list(item_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def note(batch: Batch, *, wait_s: float = 0.0, **changed: Any) -> None:
    """Write how far a batch is; a step that went well ends the count of tries."""
    values: Mapping[str, Any] = {"tries": 0, "problem": ""} | changed
    Batch.objects.filter(pk=batch.pk).update(next_at=Now() + timedelta(seconds=wait_s), **values)
    batch.refresh_from_db()


def stumble(batch: Batch, problem: str) -> None:
    """The endpoint could not be asked; it is again after a while that doubles up to five minutes."""
    wait_s = min(LONGEST_WAIT_S, 5.0 * 2.0 ** min(batch.tries, 10))
    note(batch, wait_s=wait_s, tries=F("tries") + 1, problem=problem[:300])


def hand_back(batch: Batch, reason: str) -> None:
    """The end of a batch that never reached the endpoint: its items wait again, without the loss of a try."""
    with transaction.atomic():
        rows = BatchItem.objects.filter(batch=batch, settled=False).order_by("item_id").values_list("item_id", "token")
        claims.give_back(list(rows), reason=reason)
        settle(batch, [item_id for item_id, _ in rows])
        end(batch, ending=reason)


def end(batch: Batch, *, ending: str) -> None:
    note(batch, state=BatchState.ENDED, ended_at=Now(), ending=ending[:300])


def tell(worker: Worker, trouble: str) -> None:
    """Say on the worker's page why it sends no batches; nothing takes it back."""
    Worker.objects.filter(pk=worker.pk).exclude(trouble=trouble[:300]).update(trouble=trouble[:300])
