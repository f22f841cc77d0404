"""Settings, the folder, the models' endpoints, and the fleet."""

import os
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks

from slider.llm.probe import probe
from slider.management.doctor.finding import Finding, look, well, wrong
from slider.models import Gauge, Presence, Sign, Worker
from slider.queries import clock
from tasks.keys import key_of, only_public

_SILENT_S = 60
_MOST_ENDPOINTS = 10


def settings_are_safe() -> Iterator[Finding]:
    """What Django's checks and ours say of the settings."""
    found = [one for one in run_checks(include_deployment_checks=not settings.ENV.is_local) if one.level >= WARNING]
    for one in found:
        make = wrong if one.is_serious(ERROR) else look
        yield make("Settings", f"{one.msg} ({one.id})", one.hint or "See docs/operations.md.")
    if not found:
        yield well(
            "Settings", "They are safe" + (" for a site of this machine alone." if settings.ENV.is_local else ".")
        )


def folder() -> Finding:
    """Whether the state folder can be written."""
    place = settings.ENV.SLIDER_STATE_DIR
    nearest = next((one for one in (place, *place.parents) if one.exists()), place)
    if os.access(nearest, os.W_OK):
        return well("State folder", f"{place} can be written.")
    return wrong("State folder", f"{place} can't be written by this user.", "Give it to this user, or another folder.")


def endpoints(*, timeout_s: float) -> Iterator[Finding]:
    """Each endpoint that a worker in use calls, with the key it would call with; or the installation's own."""
    used: dict[tuple[str, str], list[Worker]] = {}
    for worker in Worker.objects.filter(retired_at=None):
        used.setdefault((worker.base_url, worker.key_name), []).append(worker)
    if not used:
        used[("", "")] = [Worker()]
    for workers in list(used.values())[:_MOST_ENDPOINTS]:
        yield _endpoint(workers, timeout_s)
    if len(used) > _MOST_ENDPOINTS:
        words = f"{len(used)} are in use; {_MOST_ENDPOINTS} were asked."
        yield look("Endpoints", words, "Look at the others yourself.")


def _endpoint(workers: list[Worker], timeout_s: float) -> Finding:
    worker = workers[0]
    address = worker.base_url or settings.ENV.OPENAI_BASE_URL
    part, key = f"Endpoint {address}", key_of(worker)
    variable = worker.key_name or ("" if worker.base_url else "OPENAI_API_KEY")
    if variable and not key:
        todo = "Set it for the web process and the workers, then start them anew."
        return wrong(part, f"{variable} is not set.", todo)
    found = probe(address, api_key=key, timeout_s=timeout_s, only_public=only_public(worker))
    by = f"With {variable or 'no key'}"
    if not found.ok:
        todo = "Look at the address (it includes /v1), at the key, and at the way from this machine to it."
        return wrong(part, f"{by}: {found.words}.", todo)
    models = {one.model for one in workers if one.model}
    if found.models and (missing := sorted(models - found.models)):
        todo = "Name another model in the worker, or load it there."
        return look(part, f"It does not list {', '.join(missing)}.", todo)
    return well(part, f"{by}: {found.words}.")


def fleet() -> Iterator[Finding]:
    """Whether somebody works, sweeps and guards."""
    if not Gauge.objects.exists():
        yield look("Tasks", "There is none yet.", "Run `python -m slider init`, sign in, and set one up.")
        return
    now = clock.now()
    recent = now - timedelta(seconds=_SILENT_S)
    todo = "Start the workers and the scheduler: docs/operations.md."
    working = Presence.objects.filter(seen_at__gt=recent).count()
    yield (
        well("Workers", f"{working} processes work.")
        if working
        else wrong("Workers", "None gives a sign of life.", todo)
    )
    sweep = Sign.objects.filter(name="sweep").first()
    if sweep is not None and sweep.at > recent:
        yield well("Sweep", "It runs.")
    else:
        since = "never ran" if sweep is None else f"ran last at {sweep.at:%-d %b, %H:%M} UTC"
        yield wrong("Sweep", f"It {since}: nothing that was lost is found again.", todo)
    limit = now - timedelta(seconds=settings.ENV.SLIDER_GUARD_TTL_S)
    stale = Gauge.objects.filter(checked_at__lt=limit).count()
    if stale:
        words = f"It has not looked at {stale} task{'s' if stale > 1 else ''}: everything of them goes to people."
        yield wrong("Guard", words, todo)
    else:
        yield well("Guard", "It has looked at every task.")
