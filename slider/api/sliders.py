"""The slider: where it stands, what another share would come to, moving it, pulling it back, and its history."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from slider.api import body, calls, cursors, finding, shapes, shapes_sliders
from slider.api.calls import AFTER, Terms, call
from slider.api.faults import Fault
from slider.flow import policies, steer
from slider.models import Gauge, Mode, Policy, Scope, Task
from slider.queries import clock, history, results, shares, verdict, window
from slider.queries import steer as reads

_TAG = {"tag": "Sliders"}
_SHARE = calls.query(
    "share", {"type": "number", "minimum": 0, "maximum": 1}, "The share to ask about, 0 to 1. Left out: what stands."
)
_MODE = calls.query("mode", {"type": "string", "enum": Mode.values}, "How it would be held. Left out: as it is.")


@call("GET", "/tasks/{task}/slider", Terms(Scope.READ, {200: shapes_sliders.SliderOut}, "see", extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """Where the slider stands this moment, why it is not more, and what would open the next step."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return _told(found)


@call(
    "GET",
    "/tasks/{task}/slider/preview",
    Terms(Scope.READ, {200: shapes_sliders.PreviewOut}, "see", queries=[_SHARE, _MODE], extra=_TAG),
)
def preview(request: HttpRequest, task: str) -> dict[str, Any]:
    """What another share would come to, beside what is in force. It changes nothing."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "share", "mode")
    live, now = results.gauge(found), clock.now()
    policy, stale = live.policy, shares.is_stale(live, now=now)
    share = _share(request, policy)
    mode = Mode(body.choice(request, "mode", Mode.values, usual=policy.mode) or policy.mode)
    # The audits of now can be read off a day's looks: who reviews is told the usual day.
    chance = found.audit_floor if finding.is_blind(key) else policy.audit_chance
    outlook = reads.outlook(policy, staffed_hours=found.staffed_hours, now=now, audit_chance=chance)
    effective = policies.effective(requested=share, proven=policy.certificate, mode=mode, held=False)
    then, current = reads.positions([effective, 0.0 if stale else policy.effective], outlook=outlook)
    said = verdict.verdict(policy, requested=share, mode=mode, effective=effective, stale=stale)
    walls = window.window(policy, outlook=outlook)
    return {
        "share": share,
        "mode": mode.value,
        "effective": effective,
        "words": said.words,
        "then": _day(then),
        "now": _day(current),
        "window": {"state": walls.state, "least": walls.least, "most": walls.most, "words": walls.words},
    }


@call(
    "POST",
    "/tasks/{task}/slider",
    Terms(Scope.STEER, {200: shapes_sliders.SliderOut}, takes=shapes_sliders.Apply, extra=_TAG),
)
def apply(request: HttpRequest, task: str) -> dict[str, Any]:
    """Ask for another share, from the next item on. 409 where somebody moved it since `expected`."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    said = body.shaped(request, shapes_sliders.Apply)
    mode = Mode(said.mode or results.gauge(found).policy.mode)
    with _refusals():
        steer.apply(
            found.pk,
            share=said.share,
            mode=mode,
            reason=said.reason,
            by=finding.person(key),
            expected=said.expected,
        )
    return _told(found)


@call(
    "POST",
    "/tasks/{task}/slider/put-back",
    Terms(Scope.STEER, {200: shapes_sliders.SliderOut}, takes=shapes_sliders.PutBack, extra=_TAG),
)
def put_back(request: HttpRequest, task: str) -> dict[str, Any]:
    """Ask again for what an earlier policy asked; a pull-back stays as it is."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    said = body.shaped(request, shapes_sliders.PutBack)
    with _refusals():
        steer.put_back(found.pk, number=said.number, reason=said.reason, by=finding.person(key), expected=said.expected)
    return _told(found)


@call(
    "POST",
    "/tasks/{task}/slider/pull-back",
    Terms(Scope.STEER, {200: shapes_sliders.SliderOut}, "pull back", takes=shapes.Because, extra=_TAG),
)
def pull_back(request: HttpRequest, task: str) -> dict[str, Any]:
    """Everything to people, now: when this answers, no unattended result follows until somebody releases it."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    reason = body.shaped(request, shapes.Because).reason
    with _refusals():
        steer.pull_back(found.pk, reason=reason, by=finding.person(key))
    return _told(found)


@call(
    "POST",
    "/tasks/{task}/slider/release",
    Terms(Scope.STEER, {200: shapes_sliders.SliderOut}, takes=shapes.Because, extra=_TAG),
)
def release(request: HttpRequest, task: str) -> dict[str, Any]:
    """End a pull-back; the share goes back to what was asked for, as far as evidence allows."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    reason = body.shaped(request, shapes.Because).reason
    with _refusals():
        steer.release(found.pk, reason=reason, by=finding.person(key))
    return _told(found)


@call(
    "GET",
    "/tasks/{task}/slider/history",
    Terms(Scope.READ, {200: shapes_sliders.HistoryOut}, "see", queries=[AFTER], extra=_TAG),
)
def tell_history(request: HttpRequest, task: str) -> dict[str, Any]:
    """Who moved the slider, when, from where to where and why; newest first, 20 a page."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "after")
    place = cursors.read(request.GET.get("after"), purpose := f"history {found.pk}")
    page = history.page(found.pk, before=place[0] if place else None, blind=finding.is_blind(key))
    return {
        "entries": [_entry(one) for one in page.entries],
        "next": None if page.before is None else cursors.make(purpose, page.before),
    }


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except steer.Unfit as error:
        words = str(error)
        raise Fault(422, "unfit", f"{words[:1].upper()}{words[1:]}.", where="/reason") from None
    except policies.Superseded as error:
        hint = f"Read it anew, and say what you want with expected={error.newest.number}."
        raise Fault(409, "superseded", f"{error}.".capitalize(), where="/expected", hint=hint) from None


def _share(request: HttpRequest, policy: Policy) -> float:
    text = request.GET.get("share")
    if text is None:
        return policy.requested
    try:
        share = float(text) if text.isascii() and len(text) < 40 and "_" not in text else math.nan
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise Fault(400, "filter", "share must be a number from 0 to 1.", where="share")
    return share


def _told(task: Task) -> dict[str, Any]:
    live: Gauge = results.gauge(task)
    policy, now = live.policy, shares.shares(live, now=clock.now())
    return {
        "requested": now.requested,
        "allowed": now.allowed,
        "effective": now.effective,
        "mode": policy.mode,
        "held": policy.held,
        "state": now.state,
        "words": now.words,
        "why": now.why,
        "more": now.more,
        "promised": now.promised,
        "policy": policy.number,
        "error_limit": policy.error_limit,
        "sure": 1 - policy.delta,
    }


def _day(effects: reads.Effects) -> dict[str, Any]:
    names = ("share", "unattended", "looks", "hours", "wrong", "wrong_least", "wrong_most", "cost")
    return {name: getattr(effects, name) for name in names}


def _entry(entry: history.Entry) -> dict[str, Any]:
    policy = entry.policy
    return {
        "policy": policy.number,
        "at": policy.created_at,
        "by": entry.who,
        "by_guard": entry.by_guard,
        "reason": entry.reason,
        "changes": entry.changes,
        "requested": policy.requested,
        "allowed": policy.allowed,
        "effective": policy.effective,
        "mode": policy.mode,
        "held": policy.held,
    }
