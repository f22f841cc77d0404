"""Work, score and route meet here: one batch of answers becomes attempts, scores and decisions in one transaction."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from slider.engine import calibration
from slider.engine.calibration import Calibration
from slider.engine.sanity.look import Look
from slider.engine.sanity.watch import Sight
from slider.flow import route, score, sentinels
from slider.flow import work as stage
from slider.flow.work import Finding, Kept
from slider.llm.records import Outcome
from slider.models import Task, Worker


def settle(findings: list[Finding], worker: Worker, task: Task) -> None:
    """Work, score and route of one batch, in one transaction: all of it is there, or none."""
    # Before the transaction: reading texts takes longer than writing rows, and needs no lock.
    looks = _looks(findings, worker, task)
    with transaction.atomic():
        kept = stage.record(findings, worker, max_tries=task.max_tries)
        if kept:
            _route(kept, task, looks)
        stage.spend(findings, worker)


def _route(kept: Sequence[Kept], task: Task, looks: Mapping[int, Look]) -> None:
    own = [one for one in kept if one.finding.fallback is None]
    others = [one for one in kept if one.finding.fallback is not None]
    sights = sentinels.weigh(task.pk, [looks[k.finding.claim.item_id] for k in own]) if own else []
    standing = route.lock(task.pk)
    rated = score.rate(_candidates(own, sights), Calibration.from_json(standing.policy.calibration))
    if others:
        # The calibration is about the task's own worker; of a fallback nothing is known.
        glances = sentinels.glance(task.pk, [looks[k.finding.claim.item_id] for k in others])
        rated += score.rate(_candidates(others, glances), calibration.prior())
    route.route(standing, rated)


def _looks(findings: Sequence[Finding], worker: Worker, task: Task) -> dict[int, Look]:
    """What each answer tells by itself, read as its own worker was asked."""
    by_worker: dict[int, tuple[Worker, list[Finding]]] = {}
    for finding in findings:
        by = finding.fallback or worker
        by_worker.setdefault(by.pk, (by, []))[1].append(finding)
    looks: dict[int, Look] = {}
    for by, own in by_worker.values():
        looks |= sentinels.look_at([_seen(finding) for finding in own], task, by)
    return looks


def _candidates(kept: Sequence[Kept], sights: Sequence[Sight]) -> list[score.Candidate]:
    return [
        score.Candidate(
            k.finding.claim.item_id, k.finding.claim.token, k.finding.claim.body, k.attempt, k.finding.answered, sight
        )
        for k, sight in zip(kept, sights, strict=True)
    ]


def _seen(finding: Finding) -> sentinels.Seen:
    claim, answered = finding.claim, finding.answered
    return sentinels.Seen(claim.item_id, claim.body, answered.answer, answered.outcome is Outcome.ANSWERED)
