"""The second hand: the guard listens to people's verdicts, keeps the evidence current, and acts by itself.

A round reads what is new, judges it, and writes down all that follows in one transaction: whoever kills it in the
middle, the next round finds everything as it was. See docs/guard.md for what it does and when.
"""

from dataclasses import replace

import numpy as np
from django.db import connection, transaction

from slider.engine import audit, kept
from slider.flow import history, notices, overflow, policies, watches
from slider.flow.watching import detectors, frozen, listening, lookbacks, people, reasons, refit
from slider.flow.watching.listening import Deed, Look
from slider.flow.watching.words import percent
from slider.models import Act, ActKind, Gauge, Maker, Mode, NoticeKind, Policy, Watch

_TOLD = {
    ActKind.OPENED: NoticeKind.REOPENED,
    ActKind.PULLED_BACK: NoticeKind.PULLED_BACK,
    ActKind.SUSPICION: NoticeKind.SUSPICION,
    ActKind.QUARANTINE: NoticeKind.QUARANTINE,
    ActKind.CLEARED: NoticeKind.CLEARED,
}

RISE = 25  # verdicts that a rising share waits for, so that one at the edge of two cuts doesn't flicker


class Overtaken(Exception):
    """The epoch ended, or another round came first, while this one was looking: nothing of it is kept."""


def tend(task_id: int) -> Policy:
    """Look at one task once; returns the policy that is in force then.

    The reading and the fitting hold no lock. Who moves the slider meanwhile wins: what the guard found is put under
    the setting as it is by then. Who replaces the worker meanwhile ends the epoch, and nothing found is kept.
    """
    gauge = Gauge.objects.select_related("policy", "task").get(pk=task_id)
    policy = gauge.policy
    policy.task = gauge.task
    row = Watch.objects.filter(pk=task_id).first()
    if row is None or row.epoch != policy.epoch:
        return _begin_anew(task_id, None, "what the guard knew of this task is gone")
    try:
        seen = people.seen(task_id)
        look = Look(gauge, policy, row, listening.read(row, policy, seen), seen)
        listening.ledger(row)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return _begin_anew(task_id, row.round, f"what the guard knew of this task can't be read ({error})")
    look.is_new = not row.detectors or policy.audit_chance < gauge.task.audit_floor - 1e-9
    look.is_new = look.is_new or listening.measures_anew(policy, seen)
    look.thins = overflow.thins(task_id)
    look.is_new = look.is_new or _is_to_thin(look)
    listening.listen(look)
    if not look.is_new:
        policies.touch(task_id)
        return policy
    change, reason = _change(look)
    try:
        return _conclude(look, change, reason)
    except Overtaken:
        return Gauge.objects.select_related("policy").get(pk=task_id).policy


# -- what is to be different ------------------------------------------------------------------------------------------


def _change(look: Look) -> tuple[policies.Change | None, str]:
    """What is to be frozen next and why, or None when nothing moved enough to say so."""
    policy, labels = look.policy, listening.counted(look.watch)
    due = not look.ended and refit.is_due(labels, fitted_at=look.row.fitted_at)
    look.row.judged = labels
    if not due and not _is_worth(look, labels):
        return None, ""
    chance = _chance(look)
    found, window = policy.calibration, None
    if due:
        look.row.fitted_at = labels
        fit = refit.fit(policy, tested=listening.tested(policy, look.seen))
        if fit is not None:
            found, window = fit.fitted.to_json(), history.window(policy, fit.fitted)
            look.watch.ranked_anew(np.array([True]), fit.heard[None])
        elif not _is_worth(look, labels):
            return None, ""
    allowed = look.share if labels else None
    evidence = policies.Evidence(allowed, found, frozen.of(look), labels, window)
    change = policies.Change(evidence=evidence, audit_chance=chance, begins_epoch=look.ended)
    return change, _reason(look, allowed, labels=labels, chance=chance)


def _chance(look: Look) -> float | None:
    """The chance of an audit from here on: as ordered, or the floor while the overflow policy asks for fewer.

    Suspicion never gives way: whatever asks for more audits than usual has them.
    """
    if look.orders is None:
        return None
    if look.thins and not bool(look.watch.asks_more[0]):
        return listening.floor(look.policy.task)
    return float(audit.LADDER[int(look.orders.rung[0])])


def _is_to_thin(look: Look) -> bool:
    """Whether audits are drawn more often than the overflow policy asks for, so that the guard has to judge anew."""
    least = listening.floor(look.policy.task)
    return look.thins and not bool(look.watch.asks_more[0]) and look.policy.audit_chance > least * (1 + 1e-9)


def _is_worth(look: Look, labels: int) -> bool:
    """Whether a policy is worth a row: by what it would order, or by a tenth more verdicts."""
    policy, orders = look.policy, look.orders
    if look.ended or look.regions_moved or orders is None or listening.measures_anew(policy, look.seen):
        return True
    chance = _chance(look)
    if chance is not None and not np.isclose(chance, policy.audit_chance):
        return True
    before, grown, step = policy.allowed or 0.0, labels - policy.labels, max(10, policy.labels // 10)
    if look.share > before > 0:
        return grown >= min(step, RISE)
    return look.share != before or grown >= step


def _reason(look: Look, allowed: float | None, *, labels: int, chance: float | None) -> str:
    said = [deed.words for deed in look.deeds]
    if look.suspected:
        said.append("something may have changed: more audits for a while")
    if listening.measures_anew(look.policy, look.seen):
        said.append(reasons.missed(look.seen, limit=look.policy.error_limit, delta=look.policy.delta))
    if said:
        return "; ".join(said)
    same = allowed == look.policy.allowed and labels == look.policy.labels
    if same and chance is not None and not np.isclose(chance, look.policy.audit_chance):
        why = f"{overflow.WORDS}: " if look.thins else ""
        return f"{why}{percent(chance)} of the unattended lane is audited from here on"
    history_rows = 0 if look.ended else int(look.policy.certificate.get("history", 0))
    return reasons.evidence(look.policy.allowed, allowed or 0.0, labels=labels, history=history_rows)


# -- what is done -----------------------------------------------------------------------------------------------------


def _conclude(look: Look, change: policies.Change | None, reason: str) -> Policy:
    """Write down what was taken in and do what follows, all of it or nothing."""
    task_id, row = look.row.task_id, look.row
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM slider_unheard WHERE id = ANY(%s)", [look.heard])
            cursor.execute("SELECT clock_timestamp()")
            (now,) = cursor.fetchone()
        gauge = Gauge.locked(task_id)
        stands = watches.locked(task_id)
        if stands is None or (stands.round, stands.epoch, gauge.policy.epoch) != (row.round, row.epoch, row.epoch):
            raise Overtaken
        before, policy = gauge.policy, gauge.policy
        if change is not None:
            held = True if look.fired == "Alarm" and before.mode == Mode.TRIAL else None
            policy = policies.make(task_id, replace(change, held=held), maker=Maker.GUARD, reason=reason)
        else:
            policies.touch(task_id)
        if look.ended:
            row.epoch, row.routed_to, row.counted_to, row.closed_to = policy.epoch, *[gauge.routed] * 3
            row.judged = row.fitted_at = 0
        row.state = kept.to_json(look.watch)
        fired = look.fired or _still_fired(row, policy)
        row.detectors = detectors.rows(look.watch, share=look.share, fired=fired, before=row.detectors, now=now)
        watches.keep(row)
        for deed in [*look.deeds, *_opened(before, policy, reason), *_looks_back(look, policy, routed=gauge.routed)]:
            act(policy, deed, epoch=before.epoch)
    return policy


def _still_fired(row: Watch, policy: Policy) -> str:
    """The detector that pulled the slider back, until something runs again."""
    named = [one["name"] for one in row.detectors if isinstance(one, dict) and one.get("state") == "fired"]
    return named[0] if named and policy.effective == 0 else ""


def _opened(before: Policy, policy: Policy, reason: str) -> list[Deed]:
    if policy.mode != Mode.GUARDED or not before.effective == 0 < policy.effective:
        return []
    return [Deed(ActKind.OPENED, reason, {"share": policy.effective, "allowed": policy.allowed})]


def _looks_back(look: Look, policy: Policy, *, routed: int) -> list[Deed]:
    """Draw the looks back that were ordered, and say so."""
    if look.ended or not look.wanted:
        return []
    task = look.policy.task
    looks = lookbacks.draw(task, policy, look.wanted, routed=routed, purpose=f"{policy.epoch}|{look.row.round}")
    if look.suspected:
        return [Deed(ActKind.SUSPICION, reasons.suspected(looks, policy.audit_chance), {"looks": looks})]
    which = look.region_looks > 0
    where = {"looks": looks, "regions": np.flatnonzero(which).tolist()}
    return [Deed(ActKind.LOOK_BACK, reasons.looked_back(which, looks), where)]


def act(policy: Policy, deed: Deed, *, epoch: int) -> Act:
    """Write down something that the guard did by itself, and tell people. Every act of the guard goes through here."""
    words = deed.words[:500]
    if kind := _TOLD.get(deed.kind):
        notices.tell(policy.task_id, kind, words, facts=deed.facts, policy=policy.number)
    return Act.objects.create(
        task_id=policy.task_id, policy=policy, epoch=epoch, kind=deed.kind, words=words, facts=deed.facts
    )


def _begin_anew(task_id: int, seen: int | None, why: str) -> Policy:
    """Start a new epoch because nothing is known any more: fail safe, and say so.

    `seen` is the round that could not be read; None where there was no row of this epoch. If somebody has mended it
    by now, nothing is done.
    """
    with transaction.atomic():
        gauge = Gauge.locked(task_id)
        row = watches.locked(task_id)
        if row is not None and row.epoch == gauge.policy.epoch and row.round != seen:
            return gauge.policy
        if row is not None and not _has_ledger(row):
            row.delete()  # the ledger begins here, and says since when
        evidence = policies.Evidence(None, gauge.policy.calibration, {}, 0)
        change = policies.Change(evidence=evidence, begins_epoch=True)
        policy = policies.make(task_id, change, maker=Maker.GUARD, reason=f"{why}: evidence starts anew")
        act(policy, Deed(ActKind.ANEW, policy.reason, {}), epoch=gauge.policy.epoch)
    return policy


def _has_ledger(row: Watch) -> bool:
    try:
        listening.ledger(row)
    except (ValueError, KeyError, TypeError, OverflowError):
        return False
    return True
