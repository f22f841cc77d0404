"""Batches on their way: gathered, uploaded, sent, asked after, collected; a process may die between any two steps."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, InternalError, transaction
from django.utils import timezone

from slider import redaction
from slider.celery import app
from slider.flow import batches as hand
from slider.flow import halts
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import Bill, Finding
from slider.llm import batches as api
from slider.llm import client
from slider.models import Batch, BatchState, Stance, Task, Worker
from tasks import keys, presence
from tasks.asking import Asking
from tasks.logged import plainly
from tasks.settle import settle

log = structlog.get_logger(__name__)
CHUNK = 200
UNSENT_MOST = timedelta(hours=1)
_GONE = "the worker was replaced before its batch was sent"
_PAUSED = "it was paused before its batch was sent"


@app.task(name="tasks.batches.batches")
def batches() -> int:
    """Gather what is ready for a batch, and take each batch that is due one step further; returns how many were."""
    hand.renew_all()
    for worker in Worker.objects.filter(batch=True, retired_at=None).select_related("task"):
        _gather(worker)
    due = hand.due()
    for batch_id in due:
        with hand.alone(batch_id) as batch:
            if batch is not None:
                step(batch)
    return len(due)


def _gather(worker: Worker) -> None:
    first = Worker.objects.filter(task_id=worker.task_id, retired_at=None).order_by("rung").first()
    task = worker.task
    gather_s = settings.ENV.SLIDER_BATCH_GATHER_S
    if first is None or first.pk != worker.pk or not hand.may_gather(worker):
        return
    if not stage.is_on(worker, host=presence.HOST):
        return
    if not hand.is_due(task.pk, gather_s=gather_s, max_tries=task.max_tries):
        return
    left = stage.calls_left(worker)
    most = hand.MOST_ITEMS if left is None else left - hand.held(worker)
    if most > 0:
        hand.gather(worker, most=most, max_tries=task.max_tries, by=f"{presence.HOST}:{os.getpid()}")


def step(batch: Batch) -> None:
    """One step further, or a wait; whatever the endpoint does is written on the batch."""
    worker = batch.worker
    address = worker.base_url or settings.ENV.OPENAI_BASE_URL
    steps: dict[str, Callable[[Batch, api.Batches], None]] = {
        BatchState.GATHERED: _upload,
        BatchState.UPLOADED: _send,
        BatchState.SENT: _ask_after,
        BatchState.BACK: _collect,
    }
    try:
        inside = keys.only_public(worker)
        with api.Batches(address, api_key=keys.key_of(worker), only_public=inside) as endpoint:
            try:
                if batch.sent_at is None and not batch.submitting and (why := _stopped(worker)):
                    _hand_back(batch, why, endpoint)
                else:
                    steps[batch.state](batch, endpoint)
            except api.Away as error:
                _stumbled(batch, str(error), endpoint)
            except api.Refused as error:
                _refused(batch, str(error), endpoint)
    except api.Refused as error:  # an address that may not be asked at all
        _refused(batch, str(error), None)


def _stopped(worker: Worker) -> str:
    """Why nothing of this worker's may be begun any more; what drains still sends what it has gathered."""
    standing = halts.read(worker.pk, host=presence.HOST)
    return _GONE if standing.is_retired else _PAUSED if standing.stance is Stance.PAUSED else ""


def _hand_back(batch: Batch, why: str, endpoint: api.Batches | None) -> None:
    hand.hand_back(batch, why)
    _clear(batch, endpoint)


def _clear(batch: Batch, endpoint: api.Batches | None) -> None:
    """What was asked and answered does not stay with the provider once nobody reads it any more."""
    if endpoint is not None:
        endpoint.clear([one for one in (batch.file_id, *batch.results) if one])


def _upload(batch: Batch, endpoint: api.Batches) -> None:
    worker = batch.worker
    asking = Asking(worker.task, worker)
    lines = [
        api.line(
            f"{claim.item_id}.{claim.token}",
            client.body(asking.whole, base_url=asking.base_url, last=asking.item(claim.body).text),
        )
        for claim in hand.claimed(batch)
    ]
    if not lines:
        hand.end(batch, ending="none of its items waited for it any more")
        return
    file_id = endpoint.upload(f"slider-{batch.mark}.jsonl", b"".join(lines))
    written = {"redaction": worker.task.redaction, "taken": sorted(asking.taken)}
    hand.note(batch, state=BatchState.UPLOADED, file_id=file_id, **written)


def _send(batch: Batch, endpoint: api.Batches) -> None:
    mark = str(batch.mark)
    sent = endpoint.find(mark) if batch.submitting else None  # a process may have died right after it was sent
    if sent is None:
        hand.note(batch, submitting=True)
        sent = endpoint.send(batch.file_id, mark=mark)
    hand.note(batch, wait_s=hand.POLL_S, state=BatchState.SENT, batch_id=sent.batch_id, sent_at=timezone.now())
    if batch.worker.trouble:
        hand.tell(batch.worker, "")


def _ask_after(batch: Batch, endpoint: api.Batches) -> None:
    found = endpoint.look(batch.batch_id)
    if found.is_over:
        ending = found.status + (f": {found.words}" if found.words else "")
        hand.note(batch, state=BatchState.BACK, results=list(found.results), ending=ending[:300])
    elif batch.worker.retired_at is not None and not batch.cancelling:
        # Nobody would trust these answers any more: what is not answered yet is not paid for.
        endpoint.cancel(batch.batch_id)
        hand.note(batch, wait_s=hand.POLL_S, cancelling=True)
    else:
        hand.note(batch, wait_s=hand.POLL_S)


def _collect(batch: Batch, endpoint: api.Batches) -> None:
    """Write every answer that came; items without one are tried again, as long as they may be."""
    # By the rules that it was written under, and past the same examples: else its tokens would stand for other values.
    rules = redaction.read(batch.redaction)
    asking = Asking(batch.worker.task, batch.worker, rules=rules, taken=batch.taken)
    open_claims = {f"{claim.item_id}.{claim.token}": claim for claim in hand.claimed(batch)}
    for file_id in batch.results:
        found: list[tuple[Claim, dict[str, Any]]] = []
        for custom_id, row in api.read(endpoint.lines(file_id)):
            claim = open_claims.pop(custom_id, None)
            if claim is not None:
                found.append((claim, row))
        for start in range(0, len(found), CHUNK):
            _settle(batch, [_finding(batch, asking, *one) for one in found[start : start + CHUNK]])
    words = f"The batch ended without an answer to it ({batch.ending})."
    rest = [Finding(claim, api.unanswered(words), None, (_nothing(batch),)) for claim in open_claims.values()]
    for start in range(0, len(rest), CHUNK):
        _settle(batch, rest[start : start + CHUNK])
    _clear(batch, endpoint)
    hand.end(batch, ending=batch.ending)


def _finding(batch: Batch, asking: Asking, claim: Claim, row: dict[str, Any]) -> Finding:
    """What a row of results says of its item; one that the endpoint never got to was no call."""
    item = asking.item(claim.body)
    answered = replace(api.answered(row, ask=asking.whole, restore=item.restore), masked=item.masked)
    whole = asking.cost(answered)
    cost = None if whole is None else whole * api.PRICE
    calls = int(row.get("response") is not None)
    return Finding(
        claim,
        answered,
        cost,
        (Bill(batch.worker_id, calls, answered.tokens_in or 0, answered.tokens_out or 0, cost),),
    )


def _nothing(batch: Batch) -> Bill:
    return Bill(batch.worker_id, 0, 0, 0, Decimal(0))


def _settle(batch: Batch, findings: Sequence[Finding]) -> None:
    """Write findings and that they are written, in one transaction; one that the database refuses stands alone."""
    worker: Worker = batch.worker
    task: Task = worker.task
    try:
        with transaction.atomic():
            fresh = hand.settle(batch, [finding.claim.item_id for finding in findings])
            if own := [finding for finding in findings if finding.claim.item_id in fresh]:
                settle(own, worker, task)
    except (DataError, IntegrityError, InternalError) as error:
        if len(findings) > 1:
            for finding in findings:
                _settle(batch, [finding])
            return
        # Its lease runs out; after max_tries the sweep hands the item to people.
        log.error("finding refused", item=findings[0].claim.item_id, **plainly(error))
        hand.settle(batch, [findings[0].claim.item_id])


def _stumbled(batch: Batch, problem: str, endpoint: api.Batches) -> None:
    if batch.sent_at is None and not batch.submitting and timezone.now() - batch.created_at > UNSENT_MOST:
        _hand_back(batch, f"it could not be sent: {problem}", endpoint)
        return
    log.warning("batch waits for its endpoint", batch=batch.pk, state=batch.state, problem=problem)
    hand.stumble(batch, problem)


def _refused(batch: Batch, problem: str, endpoint: api.Batches | None) -> None:
    """The endpoint wants none of it: before it was sent its items wait again, afterwards they have no answer."""
    log.warning("batch refused by its endpoint", batch=batch.pk, state=batch.state, problem=problem)
    if batch.sent_at is None:
        hand.tell(batch.worker, f"The endpoint takes no batch: {problem}")
        _hand_back(batch, f"refused: {problem}", endpoint)
        return
    words = f"The batch was lost at the endpoint: {problem}"
    claims = hand.claimed(batch)
    for start in range(0, len(claims), CHUNK):
        rest = claims[start : start + CHUNK]
        _settle(batch, [Finding(claim, api.unanswered(words), None, (_nothing(batch),)) for claim in rest])
    hand.end(batch, ending=f"lost: {problem}")
    _clear(batch, endpoint)
