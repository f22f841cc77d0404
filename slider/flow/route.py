"""The route stage: each scored item gets its lane, its audit draw and its Decision, in one locked step a task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from slider.engine import audit, certificate, coins, lanes, regions
from slider.flow import bulk, known, moves, news, outbox, several, worth
from slider.flow.records import Rated
from slider.models import (
    Decision,
    Ending,
    EventType,
    Gauge,
    Lane,
    Mode,
    Payload,
    Policy,
    Review,
    ReviewKind,
    State,
    Task,
    Why,
    hard_rules,
)

Bar = tuple[Why, str]


_NOW = f"SELECT clock_timestamp(), {news.WANTED}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A task's routing state, locked until the transaction ends."""

    task: Task
    gauge: Gauge
    policy: Policy
    stale: bool
    tells_waiting: bool = False  # whether a receiver wants to hear of items that go to people


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ranking put an item: inside the share or not, its rank (0 easiest) and its bin on the grid.

    One whose stretch of the ranking is in quarantine counts as the hardest of all: it stands in the last bin.
    """

    inside: bool
    rank: float
    bin: int
    quarantined: bool


def lock(task_id: int) -> Standing:
    """Lock the task's gauge: a pull-back waits for this transaction, and after it nothing more runs unattended."""
    gauge = Gauge.locked(task_id)
    with connection.cursor() as cursor:
        # The database's clock, not this machine's, says how long the guard has been silent.
        cursor.execute(_NOW, {"task": task_id, "event": EventType.WAITING.value})
        now, tells = cursor.fetchone()
    return Standing(gauge.task, gauge, gauge.policy, gauge.is_silent(now), tells)


def route(standing: Standing, rated: Sequence[Rated], *, source: State = State.WORKING) -> int:
    """Give each item its lane and write all that follows from it; returns how many were routed.

    Barred items (hard rules, an unknown worker version) never enter the ranking; every other item does, an
    unanswered or distrusted one as the hardest of all, so that the share is one of the items that the slider can
    choose among. The caller holds the items' rows.
    """
    if not rated:
        return 0
    task, gauge, policy = standing.task, standing.gauge, standing.policy
    origins = _origins(task, rated)
    barred = [_barred(standing, r, origins.get(r.item_id, "")) for r in rated]
    ranked = [place for place, bar in enumerate(barred) if bar is None]
    routed = lanes.choose(
        lanes.Track.from_json(gauge.track) if gauge.track else lanes.Track(),
        scores=np.array([rated[p].trust for p in ranked], dtype=float),
        ties=coins.coins(bytes(task.coin_secret), [rated[p].item_id for p in ranked], "tie"),
        share=_share(standing),
        cap=1.0 if policy.mode == Mode.TRIAL else max(policy.effective, policy.allowed or 0.0),
    )
    chosen = dict(zip(ranked, _places(routed, policy), strict=True))
    draws = audit.draws(
        bytes(task.coin_secret), [r.item_id for r in rated], chance=policy.audit_chance, epoch=policy.epoch
    )
    decisions = [
        _decision(standing, r, seq=gauge.routed + n, bar=barred[n], place=chosen.get(n), drawn=bool(draws[n]))
        for n, r in enumerate(rated)
    ]
    closed = {rated[p].item_id for p, place in chosen.items() if place.quarantined}
    _write(standing, rated, decisions, source, closed=closed)
    gauge.track = routed.track.to_json()
    gauge.routed += len(rated)
    gauge.unattended += sum(decision.lane == Lane.UNATTENDED for decision in decisions)
    gauge.save(update_fields=["track", "routed", "unattended", "worths"])
    return len(rated)


def _places(routed: lanes.Routed, policy: Policy) -> list[Place]:
    """Where each ranked item stands. Regions that the guard has closed are taken out of the ranking."""
    bins = certificate.bins(routed.ranks)
    closed = np.isin(regions.OF_BIN[bins], policy.certificate.get("closed_regions", []))
    bins = np.where(closed, len(certificate.CUTS) - 1, bins)
    rows = zip(routed.lanes.tolist(), routed.ranks.tolist(), bins.tolist(), closed.tolist(), strict=True)
    return [Place(*row) for row in rows]


def _origins(task: Task, rated: Sequence[Rated]) -> dict[int, str]:
    """Who pushed each item, where a hard rule asks for it."""
    if not hard_rules.ask_for_source(task.never_unattended):
        return {}
    return dict(Payload.objects.filter(pk__in=[r.item_id for r in rated]).values_list("pk", "origin"))


def _share(standing: Standing) -> float:
    """The share in force this very moment: nothing is unattended without a live guard."""
    return 0.0 if standing.stale or standing.policy.held else standing.policy.effective


def _decision(
    standing: Standing, rated: Rated, *, seq: int, bar: Bar | None, place: Place | None, drawn: bool
) -> Decision:
    policy = standing.policy
    why, detail = bar or _why(standing, rated, place)
    lane = Lane.UNATTENDED if why == Why.EASY else Lane.PEOPLE
    audited = lane == Lane.UNATTENDED and drawn
    return Decision(
        item_id=rated.item_id,
        task_id=standing.task.pk,
        attempt_id=None if rated.attempt is None else rated.attempt.pk,
        policy_id=policy.pk,
        seq=seq,
        epoch=policy.epoch,
        lane=lane,
        why=why,
        detail=detail[:300],
        p_correct=rated.p_correct,
        rank=None if place is None else place.rank,
        bin=None if place is None else place.bin,
        share=_share(standing),
        audit=audited,
        audit_chance=policy.audit_chance if lane == Lane.UNATTENDED else 1.0,
    )


def _barred(standing: Standing, rated: Rated, origin: str) -> Bar | None:
    """What keeps an item with people whatever its rank, so that it takes no part in the share."""
    if rule := standing.task.hard_rule(rated.body, origin):
        return Why.RULE, rule
    policy, attempt = standing.policy, rated.attempt
    if attempt is not None and attempt.instead_of:
        # On trial as well: evidence, and a person's word, are about the worker that the policy names.
        return Why.FALLBACK, f"answered by {attempt.worker}, as {attempt.get_instead_of_display()}"
    if attempt is not None and attempt.worker_id != policy.worker_id:
        # On trial as well: nobody vouched for the old version, and its answers are no evidence about the new one.
        return Why.STALE, "answered by a worker version that is replaced by now"
    return None


def _why(standing: Standing, rated: Rated, place: Place | None) -> Bar:
    """The first reason that keeps a ranked item with people, or EASY; anything unknown keeps it there."""
    policy = standing.policy
    if not rated.answered:
        return Why.NO_ANSWER, rated.trouble
    if rated.veto:
        return Why.SENTINEL, rated.veto
    if policy.held:
        return Why.HELD, policy.reason
    if standing.stale:
        return Why.STALE, "the guard gave no sign of life in time"
    if place is None or not place.inside:
        return Why.HARD, ""
    return (Why.QUARANTINE, "") if place.quarantined else (Why.EASY, "")


def _write(
    standing: Standing, rated: Sequence[Rated], decisions: Sequence[Decision], source: State, *, closed: set[int]
) -> None:
    """Write all that follows. What a `closed` region sent to people says nothing about the rest of the ranking."""
    task, gauge = standing.task, standing.gauge
    bulk.insert(decisions)
    looks = [
        look
        for r, d in zip(rated, decisions, strict=True)
        if d.lane == Lane.PEOPLE or d.audit
        for look in _looks(task, d, in_bin=None if d.item_id in closed else d.bin, skills=task.wants(r.body))
    ]
    worths = {r.item_id: worth.of(r, task) for r in rated}
    worth.weigh(gauge, looks, worths)
    bulk.insert(known.among(task, looks))
    worth.remember(gauge, looks, worths)
    outbox.owe(
        task.pk,
        [
            outbox.Result(r.item_id, Ending.UNATTENDED, r.attempt.answer)
            for r, d in zip(rated, decisions, strict=True)
            if d.lane == Lane.UNATTENDED and r.attempt is not None
        ],
        undo_s=0,
    )
    if standing.tells_waiting:
        news.waiting(task, [decision for decision in decisions if decision.lane == Lane.PEOPLE])
    steps = [
        moves.Step(
            r.item_id,
            r.token,
            State.DONE if d.lane == Lane.UNATTENDED else State.REVIEW,
            f"{d.get_why_display()}{': ' if d.detail else ''}{d.detail}",
        )
        for r, d in zip(rated, decisions, strict=True)
    ]
    moved = moves.move_all(steps, source=source)
    if len(moved) != len(steps):
        # The rows were locked by this transaction: a miss is a defect, and nothing of it may be kept.
        raise moves.Lost(f"{len(steps) - len(moved)} of {len(steps)} items moved under a lock that should hold them")


def _looks(task: Task, decision: Decision, *, in_bin: int | None, skills: list[str] | None) -> list[Review]:
    if decision.lane == Lane.PEOPLE:
        return several.looks(task, decision, in_bin=in_bin, skills=skills)
    kind, place = ReviewKind.AUDIT, decision.seq
    return [Review(item_id=decision.item_id, task=task, kind=kind, place=place, bin=in_bin, skills=skills)]
