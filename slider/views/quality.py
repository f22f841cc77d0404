"""The quality page: how often the unattended lane is wrong, how that is known, and what would make it known better."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from slider.models import Gauge
from slider.queries import (
    clock,
    detectors,
    errors,
    quality_acts,
    quality_fields,
    quality_groups,
    quality_looks,
    quality_nines,
    quality_stretches,
    quality_trust,
    reviewers,
    sentinels,
    shares,
)
from slider.queries.frame import rights
from slider.queries.quality_stretches import Span
from slider.views import access, quality_chart


@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    task = access.task_or_404(request, task_id, "see")
    gauge = Gauge.objects.select_related("policy__worker", "task__project").get(pk=task.pk)
    policy = gauge.policy
    pace, audits = quality_looks.pace(task.pk), errors.counted(policy)
    # Whoever judges looks must not be able to tell an audit by watching these numbers.
    blind = access.is_blind(request, task.project)
    page = {
        "task": task,
        "policy": policy,
        "shares": shares.shares(gauge, now=clock.now()),
        "may": rights(request.user, task.project),
        "blind": blind,
        "error": errors.measured(audits, delta=policy.delta),
        "taken": reviewers.taken(policy),
        "owed": quality_looks.owed(task),
        "pace": pace,
        "march": quality_nines.march(policy, audits, pace=pace),
        "where": quality_groups.where(task, policy, reasons=task.reason_words),
        "fields": quality_fields.read(task, delta=policy.delta),
        "detectors": [] if blind else detectors.read(task.pk),
        "sentinels": None if blind else sentinels.of(task),
    }
    return render(request, "quality/quality.html", page | _course(request, gauge, blind=blind) | _trust(gauge))


def _course(request: HttpRequest, gauge: Gauge, *, blind: bool) -> dict[str, Any]:
    wanted = request.GET.get("span", "")
    span = Span(wanted) if wanted in Span.values else quality_stretches.default_span(gauge.routed)
    course = quality_stretches.course(gauge, span=span)
    acts = quality_acts.acts(gauge.pk, course, blind=blind)
    drawn = partial(quality_chart.over_time, course, acts, limit=gauge.policy.error_limit)
    # A span that would show everything says no more than «all» does.
    spans = [(name, label) for name, label in Span.choices if name == Span.ALL or int(name) < gauge.routed]
    return {
        "course": course,
        "acts": acts,
        "spans": spans if len(spans) > 1 else [],
        "over_time": [("drawn-wide", drawn()), ("drawn-narrow", drawn(frame=quality_chart.NARROW))],
        "routed": gauge.routed,
    }


def _trust(gauge: Gauge) -> dict[str, Any]:
    trust = quality_trust.trust(gauge.policy)
    return {"trust": trust, "plot": quality_chart.calibration(trust)}
