"""The only maker of a Policy: a slider setting frozen with its evidence, put in force under the gauge's lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from slider.engine import audit, calibration, certificate, lanes
from slider.flow import news, watches
from slider.models import Gauge, Maker, Mode, Policy, Task, Worker

REASON_MOST = 500
_MANY = 10**12  # items after which audits have thinned out to the floor


class Superseded(Exception):
    """Somebody moved the slider since this page was read; `newest` is the policy now in force."""

    def __init__(self, newest: Policy) -> None:
        super().__init__(f"the slider was moved meanwhile: policy {newest.number} is in force ({newest.reason})")
        self.newest = newest


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the guard found: `allowed` is None while nothing is known yet, and what it orders, the brake included, else.

    A new calibration ranks anew: `window` then holds the ranking scores that it gives to the items routed last, oldest
    first, so that the next ones are compared with their like. None keeps the window as it is.
    """

    allowed: float | None
    calibration: dict[str, Any]
    certificate: dict[str, Any]
    labels: int
    window: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different from the policy in force; None keeps what stands."""

    requested: float | None = None
    mode: Mode | None = None
    held: bool | None = None
    evidence: Evidence | None = None
    worker: Worker | None = None
    audit_chance: float | None = None
    state: Mapping[str, Any] | None = None
    """What the watch over a new epoch begins with: evidence that was there before its first item."""
    begins_epoch: bool = False
    """The evidence given stands alone: what was counted before it, live or not, is of an epoch that ends here."""


def first(task: Task, *, worker: Worker | None, requested: float, mode: Mode, by: int | None, reason: str) -> Policy:
    """Open a new task's slider: its first policy, without evidence, and its gauge."""
    policy = Policy.objects.create(
        task=task,
        number=1,
        requested=requested,
        allowed=None,
        effective=effective(requested=requested, proven={}, mode=mode, held=False),
        mode=mode,
        error_limit=task.error_limit,
        delta=task.delta,
        audit_chance=_audit_chance(task, lane_items=0),
        worker=worker,
        calibration=calibration.prior().to_json(),
        maker=Maker.PERSON,
        made_by_id=by,
        reason=reason[:REASON_MOST],
    )
    Gauge.objects.create(task=task, policy=policy)
    watches.begin(task.pk, epoch=policy.epoch, at=0)
    return policy


def make(
    task_id: int,
    change: Change,
    *,
    maker: Maker,
    reason: str,
    by: int | None = None,
    expected: int | None = None,
) -> Policy:
    """Add the next policy and put it in force with the next item.

    `expected` is the number of the policy that the decision was based on: if another is in force by now, nothing
    changes and Superseded is raised. A new worker ends the evidence's epoch: what was known was known of another.
    When this returns, no item is routed by an older policy any more.
    """
    with transaction.atomic():
        gauge = Gauge.locked(task_id)
        old, task = gauge.policy, gauge.task
        if expected is not None and old.number != expected:
            raise Superseded(old)
        new_worker = change.worker is not None and change.worker.pk != old.worker_id
        limits_moved = (task.error_limit, task.delta) != (old.error_limit, old.delta)
        ends_epoch = new_worker or limits_moved
        policy = _next(old, task, change, ends_epoch=ends_epoch)
        if policy.epoch != old.epoch:
            gauge.unattended = 0
            begun = change.state if change.begins_epoch and policy.certificate else None
            watches.begin(task_id, epoch=policy.epoch, at=gauge.routed, state=begun or {}, labels=policy.labels)
        policy.maker, policy.made_by_id, policy.reason = maker, by, reason[:REASON_MOST]
        policy.save(force_insert=True)
        gauge.policy = policy
        if maker == Maker.GUARD:
            gauge.checked_at = Now()  # a person's move says nothing about whether the guard is alive
        gauge.track = _track(gauge, change, new_worker=new_worker)
        gauge.save(update_fields=["policy", "checked_at", "unattended", "track"])
        news.moved(task, old, policy)
        return policy


def _track(gauge: Gauge, change: Change, *, new_worker: bool) -> dict[str, Any]:
    """The window that the next items are ranked in: of a new worker's own answers, or scored anew with the rest."""
    window = () if new_worker else change.evidence.window if change.evidence is not None else None
    if window is None or not (gauge.track or window):
        return dict(gauge.track)
    track = lanes.Track.from_json(gauge.track) if gauge.track else lanes.Track()
    return track.ranked_anew(window).to_json()


def _next(old: Policy, task: Task, change: Change, *, ends_epoch: bool) -> Policy:
    requested = old.requested if change.requested is None else change.requested
    mode = Mode(old.mode) if change.mode is None else change.mode
    held = old.held if change.held is None else change.held
    evidence = change.evidence or Evidence(old.allowed, old.calibration, old.certificate, old.labels)
    if ends_epoch:
        # The calibration stays as a prior; the certificate does not carry over.
        evidence = Evidence(None, evidence.calibration, {}, 0)
    return Policy(
        task=task,
        number=old.number + 1,
        requested=requested,
        allowed=evidence.allowed,
        effective=effective(requested=requested, proven=evidence.certificate, mode=mode, held=held),
        mode=mode,
        held=held,
        error_limit=task.error_limit,
        delta=task.delta,
        audit_chance=_next_chance(old, task, change, anew=ends_epoch or change.begins_epoch),
        epoch=old.epoch + (ends_epoch or change.begins_epoch),
        worker=change.worker or old.worker,
        calibration=evidence.calibration,
        certificate=evidence.certificate,
        labels=evidence.labels,
    )


def effective(*, requested: float, proven: Mapping[str, Any], mode: Mode, held: bool) -> float:
    """The share that routing follows: the request, capped by evidence unless a person vouches for it.

    Under the guard it stands on a cut of the evidence's grid, the largest that was asked for, is certified and is not
    held by the brake: a lane that ends between two cuts is not the lane that was tested.
    """
    if held:
        return 0.0
    if mode == Mode.TRIAL:
        return requested
    most = min(requested, proven.get("allowed", 1.0))
    cuts = proven.get("cuts", certificate.CUTS.tolist())
    certified = zip(cuts, proven.get("certified", []), strict=False)
    return max((cut for cut, ok in certified if ok and cut <= most), default=0.0)


def _audit_chance(task: Task, *, lane_items: int) -> float:
    return audit.chance(floor=task.audit_floor, error_limit=task.error_limit, lane_items=lane_items)


def _next_chance(old: Policy, task: Task, change: Change, *, anew: bool) -> float:
    """What the guard orders, or what stood; dense in a new epoch, and never below the floor as it is now."""
    if anew:
        return _audit_chance(task, lane_items=0)
    least = audit.chance(floor=task.audit_floor, error_limit=task.error_limit, lane_items=_MANY)
    return max(old.audit_chance if change.audit_chance is None else change.audit_chance, least)


def touch(task_id: int) -> None:
    """The guard's sign of life: it looked and found nothing to change."""
    Gauge.objects.filter(pk=task_id).update(checked_at=Now())
