"""All that the slider page shows, gathered: where it stands, its picture, what another share would come to."""

from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest

from slider.engine import capacity
from slider.flow import policies
from slider.models import Gauge, Mode, Policy, Task
from slider.queries import backtest, clock, errors, history, ledger, pace, reviewers, shares, steer, verdict, window
from slider.queries.frame import rights
from slider.views import access, chart, steer_forms
from slider.views.steer_forms import ApplyForm, Wanted

STEP = 0.1  # what «if I move it» is told by


def gauge(task: Task) -> Gauge:
    return Gauge.objects.select_related("policy").get(pk=task.pk)


def page(request: HttpRequest, task: Task, form: ApplyForm) -> dict[str, Any]:
    """What the whole page needs. `form` holds what the controls stand at."""
    live, now = gauge(task), clock.now()
    policy = live.policy
    wanted = steer_forms.wanted({name: form[name].value() for name in ("percent", "mode")}, policy)
    blind = access.is_blind(request, task.project)
    effects = what_if(task, live, wanted, now=now, blind=blind)
    standing = shares.shares(live, now=now)
    return (
        effects
        | _picture(policy, standing, effects["outlook"], effects["window"], nines=request.GET.get("scale") == "nines")
        | _story(request, policy, blind=blind)
        | {
            "task": task,
            "blind": blind,
            "gauge": live,
            "policy": policy,
            "shares": standing,
            "form": form,
            "may": rights(request.user, task.project),
            "offer": _offer(policy),
            "drag": _drag(policy, effects["outlook"], standing, audit_chance=_audit_chance(task, policy, blind=blind)),
            "taken": reviewers.taken(policy),
            "realised": backtest.realised(task.pk),
            "reason_most": policies.REASON_MOST,
        }
    )


def what_if(task: Task, live: Gauge, wanted: Wanted, *, now: datetime, blind: bool) -> dict[str, Any]:
    """What the wanted share would come to, beside what is in force."""
    policy, stale = live.policy, shares.is_stale(live, now=now)
    in_force = 0.0 if stale else policy.effective
    chance = _audit_chance(task, policy, blind=blind)
    outlook = steer.outlook(policy, staffed_hours=task.staffed_hours, now=now, audit_chance=chance)
    share = policies.effective(requested=wanted.share, proven=policy.certificate, mode=wanted.mode, held=False)
    then, current, down, up = steer.positions(
        [share, in_force, max(0.0, in_force - STEP), min(1.0, in_force + STEP)], outlook=outlook
    )
    return {
        "outlook": outlook,
        "window": window.window(policy, outlook=outlook),
        "sentence": verdict.verdict(policy, requested=wanted.share, mode=wanted.mode, effective=share, stale=stale),
        "then": then,
        "now": current,
        "down": down if in_force > 0 and down.looks is not None else None,
        "up": up if in_force < 1 and up.looks is not None else None,
        "over": window.over(then.hours, task.staffed_hours),
        "now_over": window.over(current.hours, task.staffed_hours, now=True),
        "moving": None if then.looks is None else abs((then.unattended or 0.0) - (current.unattended or 0.0)),
        "backtest": backtest.backtest(
            policy.task_id,
            now=in_force,
            then=share,
            closed=policy.certificate.get("closed_regions", ()),
            blind=blind,
        ),
    }


def _picture(
    policy: Policy, standing: shares.Shares, outlook: steer.Outlook, walls: window.Window, *, nines: bool
) -> dict[str, Any]:
    """The chart on both axes, each for a wide place and a narrow one: the style sheet shows one of the four."""
    cap = standing.allowed or 0.0
    draw = partial(
        chart.draw, outlook.points, limit=policy.error_limit, cap=cap, least=walls.wall, now=standing.effective
    )
    return {
        "nines": nines,
        "charts": [draw(nines=axis, frame=frame) for axis in (False, True) for frame in (chart.WIDE, chart.NARROW)],
        "band_over_limit": chart.band_over_limit(outlook.points, limit=policy.error_limit, cap=cap),
    }


def _story(request: HttpRequest, policy: Policy, *, blind: bool) -> dict[str, Any]:
    """What was: who moved it, what came out wrong, and what the next step waits for."""
    before, routine = request.GET.get("before", ""), request.GET.get("routine") == "shown" and not blind
    held = shares.holding(policy) or shares.ended(policy)
    return {
        "pace": pace.words(policy, blind=blind),
        "error": errors.unattended(policy),
        "ledger": ledger.newest(policy),
        "pulled": history.entry(held, blind=blind) if held is not None else None,
        "last_move": history.last_move(policy.task_id, blind=blind),
        "history": history.page(
            policy.task_id,
            before=int(before) if before.isdecimal() and len(before) < 9 else None,
            routine=routine,
            blind=blind,
        ),
        "routine": routine,
    }


def _audit_chance(task: Task, policy: Policy, *, blind: bool) -> float:
    """What a day is worked out with. It can be read off the day's looks: who reviews gets the usual one for it."""
    return task.audit_floor if blind else policy.audit_chance


def _offer(policy: Policy) -> float | None:
    """What would run if a trial were handed to the guard now; None where evidence allows nothing, or it isn't one."""
    if policy.mode != Mode.TRIAL or policy.held:
        return None
    proven = policy.certificate
    return policies.effective(requested=policy.requested, proven=proven, mode=Mode.GUARDED, held=False) or None


def _drag(policy: Policy, outlook: steer.Outlook, standing: shares.Shares, *, audit_chance: float) -> dict[str, Any]:
    """All that steer.js needs to redo the sums and the words in each frame, without asking the server."""
    day = outlook.day
    return {
        "points": [[p.share, p.error, p.upper, p.certified, p.lower] for p in outlook.points],
        "cuts": [0.0, *day.cuts.tolist()],
        "reached": [0.0, *capacity.unattended(day, day.cuts).tolist()],
        "items": day.items,
        "seconds": day.seconds_a_look,
        "staffed": outlook.staffed_hours,
        "modelCost": day.model_cost,
        "lookCost": day.look_cost,
        "auditChance": audit_chance,
        "limit": policy.error_limit,
        "labels": policy.labels,
        "allowed": standing.allowed,
        "most": policy.certificate.get("allowed", 1.0),
        "requested": policy.requested,
        "inForce": standing.effective,
        "mode": policy.mode,
        "held": policy.held,
        "stale": standing.state == "stale",
    }
