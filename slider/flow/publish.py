"""The publish stage: what is due to a receiver leaves by signed webhook until it has it or the schedule ends."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from slider import webhook
from slider.flow import envelopes, outcomes
from slider.flow.outcomes import Sending, Sent
from slider.models import Endpoint, EventType
from slider.models.endpoint import signing_secrets
from slider.models.sealing import Unopened

TIMEOUT_S = 15.0
AT_ONCE = 16
_MARGIN_S = 15.0
_ALONE = 7_341  # the advisory lock's number space: by endpoint, held while one is served


@dataclass(frozen=True, slots=True)
class _Door:
    """Where a round of sending goes, and what signs it."""

    url: str
    secrets: list[str] = field(repr=False)
    timeout_s: float


def waiting() -> list[int]:
    """The endpoints that something is due to right now and that nobody serves, in an order of chance.

    A test is due also to one that is off or rests. A hint that meets a sender at work, or that always stands behind
    the same others, would only run out in the queue.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH served AS MATERIALIZED (
                SELECT objid::bigint AS number FROM pg_locks
                WHERE locktype = 'advisory' AND classid = %(alone)s AND objsubid = 2
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            )
            SELECT e.id FROM slider_endpoint e
            WHERE e.removed_at IS NULL AND e.id %% 2147483648 NOT IN (SELECT number FROM served) AND (
                (e.disabled_at IS NULL AND coalesce(e.rest_until <= clock_timestamp(), true) AND EXISTS (
                    SELECT FROM slider_parcel p
                    WHERE p.endpoint_id = e.id AND p.state = 'due' AND p.next_try_at <= clock_timestamp()))
                OR EXISTS (SELECT FROM slider_parcel p WHERE p.endpoint_id = e.id AND p.state = 'due'
                           AND p.event = 'webhook.test' AND p.next_try_at <= clock_timestamp())
            ) ORDER BY random()
            """,
            {"alone": _ALONE},
        )
        return [endpoint_id for (endpoint_id,) in cursor.fetchall()]


@contextmanager
def alone(endpoint_id: int) -> Iterator[bool]:
    """Whether nobody else serves this endpoint: one that hangs must not take every sender there is."""
    numbers = [_ALONE, endpoint_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", numbers)
        (mine,) = cursor.fetchone()
    try:
        yield bool(mine)
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", numbers)


def deliver(endpoint_id: int, *, most: int = AT_ONCE, timeout_s: float = TIMEOUT_S) -> int:
    """Send what is due to an endpoint now, at most `most` parcels, all at once; returns how many were tried.

    A try is reserved and committed before anything is sent, so a crash repeats it later under the same
    `webhook-id` and with the same bytes: at least once on the wire, once for a receiver that looks at the id.
    One that took nothing the last time is asked with a single parcel, and the others lose no try over it. Where nothing
    can be signed nothing is reserved either, and no try is lost.
    """
    endpoint = Endpoint.objects.filter(pk=endpoint_id, removed_at=None).first()
    if endpoint is None:
        return 0
    if endpoint.failures:
        most = 1
    try:
        door = _Door(endpoint.url, _secrets(endpoint), timeout_s)
    except (Unopened, webhook.SecretError) as error:
        outcomes.unsigned(endpoint, str(error))
        return 0
    sendings = _reserve(endpoint_id, most=most, hold_s=timeout_s + _MARGIN_S)
    if not sendings:
        return 0
    with ThreadPoolExecutor(max_workers=len(sendings), thread_name_prefix="publish") as pool:
        sent = list(pool.map(lambda one: _send(one, door), sendings))
    outcomes.record(endpoint, sent)
    return len(sendings)


def _secrets(endpoint: Endpoint) -> list[str]:
    """What signs; raises Unopened or SecretError where nothing can."""
    found = signing_secrets(endpoint, now=datetime.now(UTC))
    for one in found:
        webhook.check_secret(one)
    return found


_RESERVE = """
WITH open AS (
    SELECT e.disabled_at IS NULL AND coalesce(e.rest_until <= clock_timestamp(), true) AS is_open
    FROM slider_endpoint e WHERE e.id = %(endpoint)s
), tests AS (
    SELECT p.id FROM slider_parcel p
    WHERE p.endpoint_id = %(endpoint)s AND p.state = 'due' AND p.event = 'webhook.test'
      AND p.next_try_at <= clock_timestamp()
    ORDER BY p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
), others AS (
    SELECT p.id FROM slider_parcel p
    WHERE p.endpoint_id = %(endpoint)s AND p.state = 'due' AND p.event <> 'webhook.test'
      AND p.next_try_at <= clock_timestamp() AND (SELECT is_open FROM open)
      AND (SELECT x.item_id FROM slider_publication o JOIN slider_emptied x ON x.item_id = o.item_id
           WHERE o.id = p.publication_id) IS NULL  -- asked of each that is taken, never of all that were deleted
    ORDER BY p.next_try_at, p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
), reserved AS (
    UPDATE slider_parcel p
    SET tries = p.tries + 1, next_try_at = clock_timestamp() + %(hold_s)s * interval '1 second'
    FROM (SELECT id FROM tests UNION ALL SELECT id FROM others) AS next WHERE p.id = next.id
    RETURNING p.*
)
SELECT r.id, r.tries, r.event, r.webhook_id::text, r.body, o.due_at, o.number, o.ending, o.answer::text, o.reason,
       i.id, i.external_id, t.slug, d.lane
FROM reserved r
LEFT JOIN slider_publication o ON o.id = r.publication_id
LEFT JOIN slider_item i ON i.id = o.item_id
LEFT JOIN slider_task t ON t.id = o.task_id
LEFT JOIN slider_decision d ON d.item_id = o.item_id
ORDER BY r.id
"""


def _reserve(endpoint_id: int, *, most: int, hold_s: float) -> list[Sending]:
    """Take parcels in hand, in one statement, so that no two senders try the same one at once."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, {"endpoint": endpoint_id, "most": most, "hold_s": hold_s})
        return [_sending(row) for row in cursor.fetchall()]


def _sending(row: Sequence[Any]) -> Sending:
    parcel_id, tries, kind, webhook_id, news, due_at, *told = row
    bytes_ = body(due_at, told) if news is None else news.encode()
    return Sending(parcel_id, tries, kind, webhook_id, bytes_)


def body(due_at: datetime, told: Sequence[Any]) -> bytes:
    """A result as it is sent: made of columns that never change, so each try sends the same bytes."""
    number, ending, answer, reason, item_id, external_id, task, lane = told
    kind = EventType.FINISHED if number == 1 else EventType.CORRECTED
    return envelopes.sealed(
        kind,
        due_at,
        {
            "item": item_id,
            "external_id": external_id,
            "task": task,
            "number": number,
            "ending": ending,
            "answer": None if answer is None else json.loads(answer),
            "reason": reason or None,
            "lane": lane,
        },
    )


def _send(sending: Sending, door: _Door) -> Sent:
    """One try on the wire. Runs in a thread and touches no database."""
    signed = webhook.sign(sending.body, webhook_id=sending.webhook_id, at=datetime.now(UTC), secrets=door.secrets)
    outcome = webhook.post(
        door.url,
        body=sending.body,
        headers={"Content-Type": "application/json", **signed},
        allow_hosts=settings.ENV.SLIDER_WEBHOOK_HOSTS,
        timeout_s=door.timeout_s,
    )
    return Sent(sending, outcome)
