"""People, tasks and items for tests and scratch databases, made by the product's own flow and never by hand.

cast = casts.company()
casts.route_all(cast.task, {"m1": casts.says({"topic": "refund", "urgent": False})}, bodies={"m1": {...}})
review = casts.take(cast.reviewer, cast.task)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from slider import strict
from slider.engine import calibration
from slider.engine.calibration import Calibration
from slider.engine.sanity.watch import Sight
from slider.flow import claims, intake, policies, review, route, score, sentinels, setup, steer, work
from slider.flow.intake import Row
from slider.llm.records import Alternative, Answered, FieldEvidence, Sample
from slider.llm.records import Outcome as CallOutcome
from slider.models import Item, Maker, Membership, Mode, Project, Review, Role, Task, Verdict, Worker

PASSWORD = "a quiet morning in november"
TOPICS = ("delivery", "refund", "product", "account", "other")
INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "maxLength": 200},
        "text": {"type": "string", "minLength": 1, "maxLength": 4000},
        "channel": {"type": "string", "enum": ["mail", "chat", "form"]},
        "orders": {"type": "integer", "minimum": 0},
        "vip": {"type": "boolean"},
        "received": {"type": "string", "format": "date"},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["text"],
    "additionalProperties": False,
}
OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "enum": list(TOPICS), "title": "Topic"},
        "urgent": {"type": "boolean"},
        "amount": {"type": "number", "minimum": 0},
        "reply": {"type": "string", "maxLength": 2000},
    },
    "required": ["topic", "urgent"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Company:
    """One project with a person of each role, an outsider of another project, and one task."""

    project: Project
    task: Task
    worker: Worker
    viewer: User
    reviewer: User
    colleague: User  # a second reviewer
    tuner: User
    admin: User
    outsider: User  # an admin, but of another project


def company(*, share: float = 0.0, mode: Mode = Mode.TRIAL, prefix: str = "", **changes: Any) -> Company:
    """A project with its people and one task.

    `share` and `mode` are the slider's start, `changes` are fields of the task. `prefix` keeps the names of
    two companies in one database apart.
    """
    place = project(f"{prefix}Support desk")
    people = {
        role.value: person(f"{prefix}{role.value}", role=role, of=place)
        for role in (Role.VIEWER, Role.REVIEWER, Role.TUNER, Role.ADMIN)
    }
    made = task(place, by=people["admin"], share=share, mode=mode, **changes)
    return Company(
        project=place,
        task=made,
        worker=made.workers.get(retired_at=None),
        colleague=person(f"{prefix}colleague", role=Role.REVIEWER, of=place),
        outsider=person(f"{prefix}outsider", role=Role.ADMIN, of=project(f"{prefix}Elsewhere")),
        viewer=people["viewer"],
        reviewer=people["reviewer"],
        tuner=people["tuner"],
        admin=people["admin"],
    )


def project(name: str) -> Project:
    return Project.objects.create(name=name, slug="-".join(name.lower().split()))


def everybody(company: Company) -> Company:
    """The company with somebody of each role; those that it lacks are called like their role."""
    for role in Role:
        if not company.project.memberships.filter(role=role).exists():
            person(role.value, role=role, of=company.project)
    return company


def person(name: str, *, role: Role | None = None, of: Project | None = None) -> User:
    """Somebody who can sign in with PASSWORD; with a role, a member of that project."""
    made = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
    if role is not None and of is not None:
        Membership.objects.create(project=of, user=made, role=role)
    return made


def task(of: Project, *, by: User, share: float = 0.0, mode: Mode = Mode.TRIAL, **changes: Any) -> Task:
    """A task that sorts messages, with one worker that gives three samples; `changes` are its fields."""
    fields: dict[str, Any] = {
        "name": "Sort messages",
        "input_schema": INPUT_SCHEMA,
        "output_schema": OUTPUT_SCHEMA,
        "title_field": "subject",
    }
    worker = Worker(name="reader", model="small-model", instructions="Read the message and say its topic.", samples=3)
    start = setup.Start(share, mode, "the cast's start")
    return setup.create_task(of, Task(**(fields | changes)), worker, by=by.pk, start=start)


def says(
    answer: Any,
    *,
    others: Sequence[Any] = (),
    p: float = 0.9,
    confidence: float | None = None,
    field: str = "topic",
) -> Answered:
    """What the llm floor returns when the model answers.

    `others` are the other samples' answers (None: one that failed); `p`, 0-1, is the probability of the least
    certain value token, which stands in `field`.
    """
    samples = tuple(_sample(value) for value in (answer, *others))
    alternatives = tuple(
        Alternative(str(other[field]), math.log(max(1 - p, 1e-6)), 1 / len(samples))
        for other in _distinct(others)
        if isinstance(answer, dict) and isinstance(other, dict) and other.get(field, answer[field]) != answer[field]
    )
    return Answered(
        outcome=CallOutcome.ANSWERED,
        detail="",
        answer=answer,
        confidence=confidence,
        samples=samples,
        value_logprobs=(math.log(p),),
        fields=(FieldEvidence(field, math.log(p), alternatives),),
        tokens_in=420,
        tokens_out=24,
        latency_ms=812.0,
        finish_reason="stop",
    )


def _sample(value: Any) -> Sample:
    if value is None:
        return Sample(CallOutcome.MALFORMED, detail="the answer is no valid JSON")
    return Sample(CallOutcome.ANSWERED, strict.canonical(value).decode(), value)


def _distinct(values: Sequence[Any]) -> list[Any]:
    return list({strict.canonical(value): value for value in values}.values())


def fails(outcome: CallOutcome = CallOutcome.REFUSED, *, detail: str = "the model refused", raw: str = "") -> Answered:
    """What the llm floor returns when there is no usable answer."""
    return Answered(
        outcome=outcome,
        detail=detail,
        raw=raw,
        tokens_in=420,
        tokens_out=9,
        latency_ms=512.0,
        finish_reason="stop",
    )


def bring_in(of: Task, bodies: Mapping[str, Mapping[str, Any]]) -> list[Item]:
    """Items by external id, through intake; every one of them must be good."""
    arrivals = intake.add(of, [Row(dict(body), name) for name, body in bodies.items()], origin="the cast")
    assert all(arrival.item_id is not None for arrival in arrivals), arrivals
    return list(Item.objects.filter(pk__in=[arrival.item_id for arrival in arrivals]).order_by("pk"))


def answer_all(of: Task, answers: Mapping[str, Answered]) -> int:
    """Work, score and route the ready items of a task; returns how many. `answers` stand by external id.

    The same composition as the fleet's, in one transaction; an item without an answer here is one that the
    model refused.
    """
    worker = of.workers.get(retired_at=None)
    taken = claims.claim(of.pk, most=len(answers), max_tries=of.max_tries, lease_s=60, by="the cast")
    names = dict(Item.objects.filter(pk__in=[c.item_id for c in taken]).values_list("pk", "external_id"))
    findings = [work.Finding(claim, answers.get(names[claim.item_id], fails()), Decimal("0.00021")) for claim in taken]
    looks = sentinels.look_at([_seen(finding) for finding in findings], of, worker)
    with transaction.atomic():
        kept = work.record(findings, worker, max_tries=of.max_tries)
        sights = sentinels.weigh(of.pk, [looks[one.finding.claim.item_id] for one in kept])
        standing = route.lock(of.pk)
        candidates = [_candidate(one, sight) for one, sight in zip(kept, sights, strict=True)]
        rated = score.rate(candidates, Calibration.from_json(standing.policy.calibration))
        routed = route.route(standing, rated)
        work.spend(findings, worker)
    return routed


def _seen(finding: work.Finding) -> sentinels.Seen:
    claim, answered = finding.claim, finding.answered
    return sentinels.Seen(claim.item_id, claim.body, answered.answer, answered.outcome is CallOutcome.ANSWERED)


def _candidate(kept: work.Kept, sight: Sight) -> score.Candidate:
    claim, answered = kept.finding.claim, kept.finding.answered
    return score.Candidate(claim.item_id, claim.token, claim.body, kept.attempt, answered, sight)


def route_all(of: Task, answers: Mapping[str, Answered], *, bodies: Mapping[str, Mapping[str, Any]]) -> list[Item]:
    """Bring items in and route them at once; the items as they stand afterwards, in the order of `bodies`."""
    items = bring_in(of, bodies)
    answer_all(of, answers)
    return list(Item.objects.filter(pk__in=[item.pk for item in items]).order_by("pk"))


def one(of: Task, name: str = "m1", answered: Answered | None = None, **body: Any) -> Item:
    """One routed item; without more, a refund message that the model answers."""
    answered = answered or says({"topic": "refund", "urgent": False})
    bodies = {name: {"subject": f"Message {name}", "text": "I want my money back."} | body}
    return route_all(of, {name: answered}, bodies=bodies)[0]


def audited(of: Task, name: str = "a1", answered: Answered | None = None, **body: Any) -> Item:
    """An item that ran unattended and was drawn for an audit: the slider opens wide and audits all."""
    Task.objects.filter(pk=of.pk).update(audit_floor=1.0)
    by = of.policies.values_list("made_by", flat=True).first()
    steer.apply(of.pk, share=1.0, mode=Mode.TRIAL, reason="the cast audits", by=by or 0)
    of.refresh_from_db()
    return one(of, name, answered, **body)


def calibrate(of: Task, *, p_correct: float, labels: int = 50) -> None:
    """Put a calibration in force that gives every answer this chance of being right, as after `labels` verdicts."""
    known = replace(calibration.prior(), rates=(p_correct,), labels=labels, weight=float(labels))
    evidence = policies.Evidence(allowed=None, calibration=known.to_json(), certificate={}, labels=labels)
    policies.make(of.pk, policies.Change(evidence=evidence), maker=Maker.GUARD, reason="the cast knows")


def take(who: User, of: Task) -> Review:
    """The review this person holds from now on; there must be one."""
    held = review.take(who.pk, task_ids=[of.pk], lease_s=600)
    assert held is not None, "no review is open: route an item to people first"
    return held


def decide(who: User, of: Task, *, verdict: Verdict = Verdict.ACCEPT, **said: Any) -> Review:
    """Take the next review and decide it."""
    held = take(who, of)
    return review.decide(held.pk, user_id=who.pk, token=held.token, said=review.Said(verdict, **said))


def time_passes(of: Task) -> None:
    """Let the undo windows of this task run out: what people have said so far is out, and counts."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # a result's time never changes otherwise
        cursor.execute(
            """
            UPDATE slider_review SET undo_until = decided_at WHERE task_id = %(task)s AND undo_until IS NOT NULL;
            UPDATE slider_parcel w SET due_at = p.created_at, next_try_at = p.created_at FROM slider_publication p
            WHERE p.id = w.publication_id AND p.task_id = %(task)s AND p.due_at > clock_timestamp();
            UPDATE slider_publication SET due_at = created_at
            WHERE task_id = %(task)s AND due_at > clock_timestamp();
            UPDATE slider_correction c SET undo_until = c.created_at FROM slider_item i
            WHERE i.id = c.item_id AND i.task_id = %(task)s;
            """,
            {"task": of.pk},
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
