"""The publish stage: results that are due leave by signed webhook until the receiver has them or the schedule ends."""

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from slider import strict, webhook
from slider.models import Delivery, Endpoint, Publication

TIMEOUT_S = 15.0
AT_ONCE = 8
_MARGIN_S = 15.0
LONGEST_WAIT_S = 27 * 3600.0  # a day, with its jitter
# Seconds before each try, counted from the one before: ten tries over a little more than three days.
SCHEDULE_S = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One try at one result, reserved for us: only a record under this count of tries counts."""

    publication_id: int
    task_id: int
    tries: int
    url: str
    secret: str = field(repr=False)
    webhook_id: str
    body: bytes


def waiting() -> list[int]:
    """The tasks that owe a webhook right now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT p.task_id FROM slider_publication p
            JOIN slider_endpoint e ON e.task_id = p.task_id AND e.disabled_at IS NULL
            WHERE p.delivery = 'due' AND p.next_try_at <= clock_timestamp() ORDER BY p.task_id
            """
        )
        return [task_id for (task_id,) in cursor.fetchall()]


def deliver(task_id: int, *, most: int = AT_ONCE, timeout_s: float = TIMEOUT_S) -> int:
    """Send what a task owes now, at most `most` results, a few at once; returns how many were tried.

    A try is reserved and committed before anything is sent, so a crash repeats it later under the same
    `webhook-id` and with the same bytes: at least once on the wire, once for a receiver that looks at the id.
    """
    parcels = _reserve(task_id, most=most, hold_s=timeout_s * -(-most // AT_ONCE) + _MARGIN_S)
    if not parcels:
        return 0
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(parcels)), thread_name_prefix="publish") as pool:
        outcomes = list(pool.map(lambda parcel: _send(parcel, timeout_s), parcels))
    for parcel, outcome in zip(parcels, outcomes, strict=True):
        _record(parcel, outcome)
    return len(parcels)


_RESERVE = """
WITH next AS (
    SELECT p.id FROM slider_publication p
    WHERE p.task_id = %(task)s AND p.delivery = 'due' AND p.next_try_at <= clock_timestamp()
      AND EXISTS (SELECT FROM slider_endpoint e WHERE e.task_id = p.task_id AND e.disabled_at IS NULL)
    ORDER BY p.next_try_at, p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
), reserved AS (
    UPDATE slider_publication p
    SET tries = p.tries + 1, next_try_at = clock_timestamp() + %(hold_s)s * interval '1 second'
    FROM next WHERE p.id = next.id
    RETURNING p.*
)
SELECT r.id, r.tries, e.url, e.secret, r.webhook_id::text, r.due_at, r.number, r.ending, r.answer::text, r.reason,
       i.id, i.external_id, t.slug, d.lane
FROM reserved r
JOIN slider_endpoint e ON e.task_id = r.task_id
JOIN slider_item i ON i.id = r.item_id
JOIN slider_task t ON t.id = r.task_id
LEFT JOIN slider_decision d ON d.item_id = r.item_id
ORDER BY r.id
"""


def _reserve(task_id: int, *, most: int, hold_s: float) -> list[Parcel]:
    """Take results in hand, in one statement, so that no two senders try the same one at once."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, {"task": task_id, "most": most, "hold_s": hold_s})
        return [_parcel(task_id, row) for row in cursor.fetchall()]


def _parcel(task_id: int, row: Sequence[Any]) -> Parcel:
    publication_id, tries, url, secret, webhook_id, due_at, *told = row
    return Parcel(publication_id, task_id, tries, url, secret, webhook_id, body(due_at, told))


def body(due_at: datetime, told: Sequence[Any]) -> bytes:
    """The event as it is sent: made of columns that never change, so each try sends the same bytes."""
    number, ending, answer, reason, item_id, external_id, task, lane = told
    return strict.canonical(
        {
            "type": "item.finished" if number == 1 else "item.corrected",
            "timestamp": due_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {
                "item": item_id,
                "external_id": external_id,
                "task": task,
                "number": number,
                "ending": ending,
                "answer": None if answer is None else json.loads(answer),
                "reason": reason or None,
                "lane": lane,
            },
        }
    )


def _send(parcel: Parcel, timeout_s: float) -> webhook.Delivered | webhook.Failed | webhook.Refused:
    """One try on the wire. Runs in a thread and touches no database."""
    signed = webhook.sign(parcel.body, webhook_id=parcel.webhook_id, at=datetime.now(UTC), secrets=[parcel.secret])
    return webhook.post(
        parcel.url,
        body=parcel.body,
        headers={"Content-Type": "application/json", **signed},
        allow_hosts=settings.ENV.SLIDER_WEBHOOK_HOSTS,
        timeout_s=timeout_s,
    )


def _record(parcel: Parcel, outcome: webhook.Delivered | webhook.Failed | webhook.Refused) -> None:
    rows = Publication.objects.filter(pk=parcel.publication_id, delivery=Delivery.DUE)
    if isinstance(outcome, webhook.Delivered):
        # Whoever has reserved it since: the receiver has it, and need not get it again.
        rows.update(delivery=Delivery.SENT, delivered_at=Now(), last_problem="")
        return
    wanted = outcome.retry_after_s if isinstance(outcome, webhook.Failed) else None
    wait_s = pause(parcel.tries, wanted)
    problem = outcome.detail[:200]
    mine = rows.filter(tries=parcel.tries)
    if wait_s is None:
        mine.update(delivery=Delivery.FAILED, last_problem=problem)
        _give_up(parcel, problem)
    else:
        mine.update(next_try_at=Now() + timedelta(seconds=wait_s), last_problem=problem)
    if isinstance(outcome, webhook.Failed) and outcome.gone:
        _disable(parcel.task_id, problem, url=parcel.url)


def pause(tries: int, retry_after_s: float | None) -> float | None:
    """Seconds until the next try after `tries` failed ones; None when the schedule has ended.

    A receiver may ask for a longer wait, up to a day, but not for a shorter one: ten quick tries would be spent
    before anybody could have mended it.
    """
    if tries >= len(SCHEDULE_S):
        return None
    # Jitter keeps a receiver that comes back from getting everything at once; nothing depends on the draw.
    planned = SCHEDULE_S[tries] * random.uniform(1.0, 1.1)  # noqa: S311
    return min(max(planned, retry_after_s or 0.0), LONGEST_WAIT_S)


def _give_up(parcel: Parcel, problem: str) -> None:
    """Say it on the endpoint, unless it took something else meanwhile: then only this result was at fault."""
    first = Publication.objects.values("created_at").get(pk=parcel.publication_id)["created_at"]
    if not Publication.objects.filter(task_id=parcel.task_id, delivered_at__gt=first).exists():
        _disable(
            parcel.task_id, f"took nothing in {len(SCHEDULE_S)} tries over three days; last: {problem}", url=parcel.url
        )


def _disable(task_id: int, why: str, *, url: str) -> None:
    """Stop sending to an address, with the reason; what is due stays due for when a person turns it on again."""
    same = Endpoint.objects.filter(task_id=task_id, url=url, disabled_at=None)  # not one that was mended meanwhile
    same.update(disabled_at=Now(), disabled_why=why[:200])
