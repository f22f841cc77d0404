"""The work stage: what the workers brought back becomes attempts; what may be tried again goes back to the queue."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from slider.flow import bulk, halts, moves
from slider.flow.claims import Claim
from slider.llm.records import Answered, FieldEvidence
from slider.models import Attempt, Outcome, State, Worker

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 120.0
TROUBLE_WAIT_S = 30.0
CALLS_UNTIL_KNOWN = 8  # calls in flight before the first of a day has shown what one costs
# The whole installation is set up wrongly, not this item: it costs no try, and the worker says so on the pages.
TROUBLES = frozenset({Outcome.UNAUTHORISED, Outcome.UNKNOWN_MODEL})


@dataclass(frozen=True, slots=True)
class Bill:
    """What one worker's calls for one item have taken; `cost` is None where the price is unknown."""

    worker_id: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came back for one claim; `cost` is all that was paid for it, None where the price is unknown.

    Without `bills` it was one call of the worker whose shift it is. `fallback` is who answered in its place and
    `instead_of` why; a claim with `free` costs no try: its call found out whether the endpoint is back.
    """

    claim: Claim
    answered: Answered
    cost: Decimal | None
    bills: tuple[Bill, ...] = ()
    fallback: Worker | None = None
    instead_of: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding whose claim still stood and which is final for the worker: to be scored and routed."""

    finding: Finding
    attempt: Attempt


def record(findings: Sequence[Finding], worker: Worker, *, max_tries: int) -> list[Kept]:
    """Write the attempts, send back what may be tried again, and return the rest for scoring.

    Runs inside the finishing transaction, which ends with `spend`. Findings whose claim is lost change nothing.
    """
    standing = moves.hold([(f.claim.item_id, f.claim.token) for f in findings])
    held = [finding for finding in findings if finding.claim.item_id in standing]
    attempts = [_attempt(finding, worker) for finding in held]
    bulk.insert(attempts, given=("instead_of", "masked"))
    again: list[moves.Step] = []
    refunded: list[moves.Step] = []
    kept: list[Kept] = []
    for finding, attempt in zip(held, attempts, strict=True):
        if attempt.outcome in TROUBLES:
            refunded.append(_step(finding, TROUBLE_WAIT_S))
        elif finding.free and finding.answered.outcome.retryable:
            refunded.append(_step(finding, FIRST_WAIT_S))
        elif finding.answered.outcome.retryable and finding.claim.tries < max_tries:
            again.append(_step(finding, backoff(finding.claim.tries, finding.answered.retry_after_s)))
        else:
            kept.append(Kept(finding, attempt))
    moves.move_all(again, source=State.WORKING)
    moves.move_all(refunded, source=State.WORKING, refund=1)
    _note_trouble(worker, held)
    return kept


def backoff(tries: int, retry_after_s: float | None) -> float:
    """Seconds until the next try: what the endpoint asked for, else doubling with jitter, up to two minutes."""
    # Jitter spreads retries; nothing depends on it, so an unseeded draw is right here.
    wait: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
    return wait if retry_after_s is None else min(LONGEST_WAIT_S, max(retry_after_s, wait / 4))


def _step(finding: Finding, wait_s: float) -> moves.Step:
    reason = f"{Outcome(finding.answered.outcome.value).label}; again in {wait_s:.0f} s"
    return moves.Step(finding.claim.item_id, finding.claim.token, State.READY, reason, wait_s)


def _attempt(finding: Finding, worker: Worker) -> Attempt:
    answered = finding.answered
    attempt = Attempt(
        item_id=finding.claim.item_id,
        worker_id=worker.pk,
        instead_of=finding.instead_of[:20],
        token=finding.claim.token,
        outcome=Outcome(answered.outcome.value),
        detail=answered.detail[:300],
        answer=answered.answer,
        samples=[sample.answer for sample in answered.chosen_first[1:]],
        fields=[_stored(field) for field in answered.fields],
        raw=answered.raw if answered.answer is None else "",
        finish_reason=answered.finish_reason[:40],
        tokens_in=answered.tokens_in or 0,
        tokens_out=answered.tokens_out or 0,
        cost=finding.cost,
        latency_ms=round(answered.latency_ms),
        masked=dict(answered.masked),
    )
    if finding.fallback is not None:
        attempt.worker = finding.fallback  # whose name its decision tells
    return attempt


def _stored(field: FieldEvidence) -> dict[str, object]:
    """Spelt out, as `asdict` copies every value deeply, and this runs for each field of each answer."""
    return {
        "name": field.name,
        "logprob": field.logprob,
        "alternatives": [{"text": a.text, "logprob": a.logprob, "share": a.share} for a in field.alternatives],
    }


def spend(findings: Sequence[Finding], worker: Worker) -> None:
    """Add up what each worker's calls have cost today, those for a lost claim too; in the order of the workers' ids.

    Last in the finishing transaction: all processes add to one row, and who has it holds up the others until then.
    """
    bills = [bill for finding in findings for bill in finding.bills or (_one_call(worker, finding),)]
    with connection.cursor() as cursor:
        for worker_id in sorted({bill.worker_id for bill in bills}):
            own = [bill for bill in bills if bill.worker_id == worker_id]
            cursor.execute(
                """
                INSERT INTO slider_spend AS s (worker_id, day, calls, tokens_in, tokens_out, cost)
                VALUES (%s, %s, %s, %s, %s, %s)
                ON CONFLICT (worker_id, day) DO UPDATE SET
                    calls = s.calls + excluded.calls, tokens_in = s.tokens_in + excluded.tokens_in,
                    tokens_out = s.tokens_out + excluded.tokens_out, cost = s.cost + excluded.cost
                """,
                [
                    worker_id,
                    timezone.now().date(),
                    sum(bill.calls for bill in own),
                    sum(bill.tokens_in for bill in own),
                    sum(bill.tokens_out for bill in own),
                    sum((bill.cost or Decimal(0) for bill in own), Decimal(0)),
                ],
            )


def _one_call(worker: Worker, finding: Finding) -> Bill:
    answered = finding.answered
    return Bill(worker.pk, 1, answered.tokens_in or 0, answered.tokens_out or 0, finding.cost)


def _note_trouble(worker: Worker, held: Sequence[Finding]) -> None:
    """Say on each worker what keeps it from working, and take it back with its first answer."""
    by_worker: dict[int, tuple[Worker, list[Finding]]] = {}
    for finding in held:
        by = finding.fallback or worker
        by_worker.setdefault(by.pk, (by, []))[1].append(finding)
    for _, (by, own) in sorted(by_worker.items()):
        trouble = next((f.answered.detail for f in own if Outcome(f.answered.outcome.value) in TROUBLES), "")
        if trouble or by.trouble:
            Worker.objects.filter(pk=by.pk).exclude(trouble=trouble[:300]).update(trouble=trouble[:300])
            by.trouble = trouble[:300]


def is_on(worker: Worker, *, host: str) -> bool:
    """Whether this version may begin items here: nobody halted it, its task or this host, or replaced it."""
    return halts.read(worker.pk, host=host).may_begin


def calls_left(worker: Worker) -> int | None:
    """How many calls today's budget still pays for, at what a call has cost today; None without a budget.

    All versions of a worker share its budget. Before the first call of a day it is taken on trust: one call at least
    is allowed while any money is left.
    """
    if worker.daily_budget is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(s.cost), 0), coalesce(sum(s.calls), 0)
            FROM slider_spend s JOIN slider_worker w ON w.id = s.worker_id
            WHERE w.task_id = %s AND w.name = %s AND s.day = %s
            """,
            [worker.task_id, worker.name, timezone.now().date()],
        )
        spent, calls = cursor.fetchone()
    left = worker.daily_budget - Decimal(spent)
    if left <= 0:
        return 0
    return CALLS_UNTIL_KNOWN if not spent else max(1, int(left / (Decimal(spent) / calls)))


def waiting() -> list[int]:
    """Tasks that have a ready item whose time has come and a worker that may take it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id FROM slider_task t
            WHERE NOT t.paused
              AND EXISTS (
                  SELECT FROM (SELECT w.name, w.batch FROM slider_worker w
                               WHERE w.task_id = t.id AND w.retired_at IS NULL ORDER BY w.rung LIMIT 1) AS w
                  WHERE NOT w.batch  -- it sends batches, and has no pump
                    AND NOT EXISTS (SELECT FROM slider_halt h WHERE h.task_id = t.id AND h.profile IN ('', w.name)))
              AND EXISTS (SELECT FROM slider_item i WHERE i.task_id = t.id AND i.state = 'ready'
                          AND i.run_at <= statement_timestamp() AND i.tries < t.max_tries)
            ORDER BY t.id
            """
        )
        return [row[0] for row in cursor.fetchall()]


def give_up(task_id: int, *, max_tries: int, most: int = 500) -> list[tuple[int, int]]:
    """Find, and lock, ready items that have been tried too often to be tried again: (item, token) pairs."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, token FROM slider_item
            WHERE task_id = %s AND state = 'ready' AND tries >= 1 AND tries >= %s  -- 1: the index of tried items
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [task_id, max_tries, most],
        )
        return [(item_id, token) for item_id, token in cursor.fetchall()]
