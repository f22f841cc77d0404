"""What became of tries at webhooks: written down, tried again by the schedule, given up; and receivers turned off."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from slider import webhook
from slider.flow import arrays, bulk, notices, redacted
from slider.models import Endpoint, EventType, NoticeKind, Parcel, Try

log = structlog.get_logger(__name__)
# Seconds before each try, counted from the one before: the scheme's own, eight tries over a little more than a day.
SCHEDULE_S: tuple[float, ...] = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0)
LONGEST_WAIT_S = 24 * 3600.0
# An endpoint that took nothing is left alone for so long, after the first round, the second …
REST_S: tuple[float, ...] = (0.0, 5.0, 15.0, 60.0, 300.0)
LONGEST_REST_S = 3600.0  # that it can ask for
OFF_AFTER_S = 24 * 3600.0
_PROBLEM_MOST = 200


@dataclass(frozen=True, slots=True)
class Sending:
    """One try at one parcel, reserved for us: only a record under this count of tries counts."""

    parcel_id: int
    tries: int
    event: str
    webhook_id: str
    body: bytes = field(repr=False)

    @property
    def is_test(self) -> bool:
        return self.event == EventType.TEST


@dataclass(frozen=True, slots=True)
class Sent:
    """A try and how it ended."""

    sending: Sending
    outcome: webhook.Outcome

    @property
    def is_delivered(self) -> bool:
        return isinstance(self.outcome, webhook.Delivered)

    @property
    def wait_s(self) -> float | None:
        """How long the receiver wants to be left alone."""
        return self.outcome.retry_after_s if isinstance(self.outcome, webhook.Failed) else None

    @property
    def problem(self) -> str:
        return "" if isinstance(self.outcome, webhook.Delivered) else self.outcome.detail[:_PROBLEM_MOST]

    @property
    def reason(self) -> str:
        """Why it failed, as a word; empty when it was delivered."""
        match self.outcome:
            case webhook.Delivered():
                return ""
            case webhook.Failed():
                return str(self.outcome.reason)
            case webhook.Refused():
                return self.outcome.code


# Whoever has reserved it since: the receiver has it, and need not get it again.
_DELIVERED = """
UPDATE slider_parcel SET state = 'sent', delivered_at = clock_timestamp(), last_problem = ''
WHERE id = ANY(%(ids)s::bigint[]) AND state = 'due'
"""
_FAILED = """
UPDATE slider_parcel p SET
    state = CASE WHEN f.wait_s IS NULL THEN 'failed' ELSE 'due' END,
    next_try_at = clock_timestamp() + coalesce(f.wait_s, 0) * interval '1 second',
    last_problem = f.problem
FROM unnest(%(ids)s::bigint[], %(tries)s::int[], %(waits)s::float8[], %(problems)s::text[])
     AS f(id, tries, wait_s, problem)
WHERE p.id = f.id AND p.tries = f.tries AND p.state = 'due'
"""


def record(endpoint: Endpoint, sent: Sequence[Sent]) -> None:
    """Write down what became of a round of tries at one endpoint, and draw the conclusions for it."""
    delivered = [one.sending.parcel_id for one in sent if one.is_delivered]
    failed = [one for one in sent if not one.is_delivered]
    waits = [None if one.sending.is_test else pause(one.sending.tries, one.wait_s) for one in failed]
    with transaction.atomic(), connection.cursor() as cursor:
        if delivered:
            cursor.execute(_DELIVERED, {"ids": arrays.numbers(sorted(delivered))})
        if failed:
            cursor.execute(
                _FAILED,
                {
                    "ids": arrays.numbers([one.sending.parcel_id for one in failed]),
                    "tries": arrays.numbers([one.sending.tries for one in failed]),
                    "waits": arrays.literal(waits),
                    "problems": arrays.literal([one.problem for one in failed]),
                },
            )
        here = _there([one.sending.parcel_id for one in sent])
        bulk.insert([_logged(endpoint, one) for one in sent if one.sending.parcel_id in here])
        _conclude(endpoint, [one for one in sent if not one.sending.is_test])


def _there(parcel_ids: Sequence[int]) -> set[int]:
    """Those that are still there, and stay until this is written: news may be deleted while a sender has it."""
    held = Parcel.objects.select_for_update(no_key=True).filter(pk__in=parcel_ids).order_by("pk")
    return set(held.values_list("pk", flat=True))


UNSIGNED = "secret"  # why nothing was sent: no key of ours opens what signs
_UNSIGNED_REST_S = 60.0
_UNSIGNED = """
WITH tests AS (
    UPDATE slider_parcel SET state = 'failed', last_problem = %(problem)s
    WHERE endpoint_id = %(endpoint)s AND state = 'due' AND event = 'webhook.test' RETURNING id, tries
), first AS (
    SELECT id, tries FROM slider_parcel
    WHERE endpoint_id = %(endpoint)s AND state = 'due' AND event <> 'webhook.test' AND next_try_at <= clock_timestamp()
    ORDER BY next_try_at, id LIMIT 1
)
INSERT INTO slider_try (parcel_id, endpoint_id, number, reason, took_ms, problem, said)
SELECT id, %(endpoint)s, tries, %(reason)s, 0, %(problem)s, ''
FROM (SELECT id, tries FROM tests UNION ALL SELECT id, tries FROM first) AS told
"""


def unsigned(endpoint: Endpoint, why: str) -> None:
    """Nothing for this endpoint can be signed: it rests, its log says why, and nothing that is owed loses a try."""
    problem = f"nothing was sent: {why}"[:_PROBLEM_MOST]
    log.error("nothing can be signed for a receiver", endpoint=endpoint.pk, error=why[:500])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UNSIGNED, {"endpoint": endpoint.pk, "reason": UNSIGNED, "problem": problem})
        cursor.execute(
            "UPDATE slider_endpoint SET rest_until = clock_timestamp() + %s * interval '1 second' WHERE id = %s",
            [_UNSIGNED_REST_S, endpoint.pk],
        )


def pause(tries: int, retry_after_s: float | None) -> float | None:
    """Seconds until the next try after `tries` failed ones; None when the schedule has ended.

    A receiver may ask for a longer wait, up to a day, but not for a shorter one: all tries would be spent before
    anybody could have mended it.
    """
    if tries >= len(SCHEDULE_S):
        return None
    return min(max(_about(SCHEDULE_S[tries]), retry_after_s or 0.0), LONGEST_WAIT_S)


def _about(seconds: float) -> float:
    # Jitter keeps a receiver that comes back from getting everything at once; nothing depends on the draw.
    return seconds * random.uniform(1.0, 1.1)  # noqa: S311


def _logged(endpoint: Endpoint, sent: Sent) -> Try:
    outcome = sent.outcome
    made = Try(
        parcel_id=sent.sending.parcel_id,
        endpoint_id=endpoint.pk,
        number=sent.sending.tries,
        reason=sent.reason,
        took_ms=0,
        problem=sent.problem,
        said="",
    )
    if not isinstance(outcome, webhook.Refused):
        made.status, made.took_ms = outcome.status, round(outcome.latency_ms)
        made.said = redacted.answer(outcome.excerpt, of=sent.sending.body)
    return made


def _conclude(endpoint: Endpoint, sent: Sequence[Sent]) -> None:
    """Let an endpoint that took nothing rest, and turn one off that wants no more, or took nothing for a day."""
    if not sent:
        return
    same = Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url)  # not one that was mended meanwhile
    gone = next((one for one in sent if isinstance(one.outcome, webhook.Failed) and one.outcome.gone), None)
    if gone is not None:
        _turn_off(endpoint, gone.problem)
    elif any(one.is_delivered for one in sent):
        if endpoint.failures:
            same.update(failing_since=None, failures=0, rest_until=None)
    else:
        _rest(endpoint, sent)


_REST = """
UPDATE slider_endpoint SET
    failures = failures + 1,
    failing_since = coalesce(failing_since, clock_timestamp()),
    rest_until = clock_timestamp() + %(rest_s)s * interval '1 second'
WHERE id = %(endpoint)s AND url = %(url)s AND disabled_at IS NULL
RETURNING failing_since <= clock_timestamp() - %(off_s)s * interval '1 second'
"""


def _rest(endpoint: Endpoint, sent: Sequence[Sent]) -> None:
    asked = max((one.wait_s or 0.0 for one in sent), default=0.0)
    rest_s = max(_about(REST_S[min(endpoint.failures, len(REST_S) - 1)]), min(asked, LONGEST_REST_S))
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"endpoint": endpoint.pk, "url": endpoint.url, "rest_s": rest_s, "off_s": OFF_AFTER_S}
        cursor.execute(_REST, values)
        row = cursor.fetchone()
    if row is not None and row[0]:
        hours = OFF_AFTER_S / 3600
        _turn_off(endpoint, f"took nothing for {hours:.0f} hours; last: {sent[-1].problem}")


def _turn_off(endpoint: Endpoint, why: str) -> None:
    """Stop sending to an address and tell those who answer for the task; what is owed stays owed."""
    same = Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url, disabled_at=None)
    if same.update(disabled_at=Now(), disabled_why=why[:_PROBLEM_MOST]):
        where = urlsplit(endpoint.url).hostname or "a receiver"
        notices.tell(
            endpoint.task_id,
            NoticeKind.RECEIVER_OFF,
            f"{endpoint.description or where}: {why}. What is owed to it stays here until it is turned on again.",
            facts={"endpoint": endpoint.pk},
        )
