"""Histories: past outputs are read, looked through, asked about, and put into force by a person."""

from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from functools import partial
from typing import IO

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from slider import rows
from slider.engine import calibration, certificate, evidence, kept, once
from slider.flow import bulk, facts, files, history, policies
from slider.flow.files import Lost, Unfit
from slider.flow.past import survey
from slider.flow.past.examining import Examined, examine, look
from slider.flow.past.meaning import Meaning
from slider.flow.past.sieve import Sifted
from slider.models import (
    Gauge,
    Import,
    ImportChunk,
    ImportState,
    Maker,
    Past,
    PastRow,
    PastState,
    Policy,
    Purpose,
    RefusedRow,
    Task,
    Worker,
)
from slider.rows import Broken, Kind, Table

__all__ = [
    "Examined",
    "Lost",
    "Unfit",
    "confirm",
    "drop",
    "drop_stale",
    "examine",
    "keep",
    "look",
    "of",
    "proof",
    "receive",
    "reread",
    "run",
]

_SLICE = 2_000


def receive(task: Task, *, name: str, stream: IO[bytes], by: int) -> Past:
    """Store an uploaded history, to be read by the fleet. Raises Unfit for what can't be one."""
    return of(files.receive(task, name=name, stream=stream, by=by, purpose=Purpose.HISTORY))


def of(file: Import) -> Past:
    """The history of a file. The fleet may be at the file before whoever received it has come to this."""
    known = {"task": file.task, "name": file.name, "by_id": file.by_id, "worker": _worker(file.task)}
    Past.objects.get_or_create(file=file, defaults=known)
    return Past.objects.select_related("task", "worker").get(file=file)


def _worker(task: Task) -> Worker | None:
    return Gauge.objects.select_related("policy__worker").get(pk=task.pk).policy.worker


# ---- by the fleet ------------------------------------------------------------------------------------------------


def run(import_id: int) -> bool:
    """Take an uploaded history, read it and say what was found; False when somebody else is at it.

    A reading that dies half-way has stored nothing: whoever takes the file up begins anew.
    """
    held = files.take(import_id)
    if held is None:
        return False
    past = of(held)
    if past.state != PastState.READING:
        return files.finish(held, ImportState.DONE, "")  # somebody dropped it while nobody was at it
    try:
        _read(held, past)
    except Broken as error:
        with transaction.atomic():
            if files.finish(held, ImportState.FAILED, str(error)):
                reading = Past.objects.filter(pk=past.pk, state=PastState.READING)
                reading.update(state=PastState.FAILED, findings={"problem": str(error)})
    except Lost:
        return False
    return True


def _read(held: Import, past: Past) -> None:
    files.check_whole(held)

    def opened() -> AbstractContextManager[Table]:
        most_bytes = 4 * settings.IMPORT_MAX_BYTES
        return rows.open_table(partial(files.pieces, held), Kind(held.format), most_bytes=most_bytes)

    def pulse(seen: int) -> None:
        files.renew(held.pk, token=held.token)
        files.mine(held).update(seen=seen)

    if not past.columns:
        held.note, held.total, columns = look(opened, pulse=pulse)
        past.columns = [column.to_json() for column in columns]
        past.answers = survey.guess(columns).to_json()
    examined = examine(past.task, past.worker, opened, Meaning.from_json(past.answers), pulse=pulse)
    with transaction.atomic():
        if not files.mine(held).update(
            note=held.note[:500], total=held.total, seen=held.total, refused=examined.findings["refused"]
        ):
            raise Lost(f"import {held.pk} is in other hands")
        RefusedRow.objects.filter(of=held).delete()
        files.keep_refused(held, examined.refused)
        keep(past, examined)
        files.finish(held, ImportState.DONE, "", keep_pieces=True)


def keep(past: Past, examined: Examined) -> None:
    """Write down what was found, and the rows themselves once there is nothing to ask any more.

    Raises Lost when somebody dropped the history while it was read.
    """
    ready = examined.counters is not None and examined.fitted is not None
    with transaction.atomic():
        if not Past.objects.select_for_update().filter(pk=past.pk, state=PastState.READING).exists():
            raise Lost(f"history {past.pk} is closed by now")
        PastRow.objects.filter(past=past).delete()
        past.state = PastState.READY if ready else PastState.ASKING
        past.findings, past.answers = examined.findings, examined.meaning.to_json()
        past.rows, past.counters, past.calibration = 0, {}, {}
        if examined.counters is not None and examined.fitted is not None:
            past.counters, past.calibration = examined.counters.to_json(), examined.fitted.to_json()
            past.rows = int(examined.counters.labels)
        past.save()
        place = 0
        for kept in (examined.used, examined.prior):
            if kept is not None:
                for first in range(0, len(kept.ids), _SLICE):
                    # In slices: a transaction that idles while rows are made is ended by the database.
                    bulk.insert(_kept(past, kept, examined.meaning.keep, slice(first, first + _SLICE), place))
                place += len(kept.ids)


def _kept(past: Past, sifted: Sifted, further: tuple[str, ...], part: slice, place: int) -> list[PastRow]:
    """A slice of the rows; the first of them all stands at `place`."""
    names = (*evidence.SIGNALS, *further)
    table = np.hstack([sifted.x[part], sifted.further[part]])
    return [
        PastRow(
            past=past,
            place=place + part.start + n,
            external_id=name,
            own=bool(sifted.own[part.start + n]),
            signals={signal: float(v) for signal, v in zip(names, table[n], strict=True) if not np.isnan(v)},
            correct=bool(sifted.correct[part.start + n]),
            propensity=float(sifted.propensity[part.start + n]),
        )
        for n, name in enumerate(sifted.ids[part])
    ]


def reread(past: Past, said: Meaning) -> None:
    """Take a person's answers and have the file read anew by them. Raises Unfit once it is too late for that."""
    if past.file_id is None:
        raise Unfit("this history came by a command, which keeps no file: give the command other answers")
    with transaction.atomic():
        open_ = Past.objects.filter(pk=past.pk, state__in=(PastState.ASKING, PastState.READY))
        if not open_.update(state=PastState.READING, answers=said.to_json(), worker=_worker(past.task)):
            raise Unfit("this history is being read, or is closed by now: look at it again")
        Import.objects.filter(pk=past.file_id, state=ImportState.DONE).update(
            state=ImportState.WAITING, seen=0, finished_at=None
        )


def drop(past: Past, *, by: int | None = None) -> None:
    """Forget a history that was not put into force, its rows and its file with it; once more does nothing."""
    with transaction.atomic():
        this = Past.objects.filter(pk=past.pk)
        going = this.exclude(state__in=(PastState.IN_FORCE, PastState.DROPPED))
        if not going.update(state=PastState.DROPPED, counters={}, calibration={}, rows=0, columns=past.bare_columns):
            if this.filter(state=PastState.DROPPED).exists():
                return
            raise Unfit("this history is in force: its rows are evidence now")
        PastRow.objects.filter(past=past).delete()
        Import.objects.filter(pk=past.file_id or 0, state=ImportState.WAITING).update(state=ImportState.DONE)
        ImportChunk.objects.filter(of=past.file_id).delete()
        if past.file is not None:
            files.tell_log(past.file, "drop", by=by)


def drop_stale() -> int:
    """Drop the uploaded histories that nobody has put into force or answered for so long; how many."""
    late = Now() - timedelta(hours=settings.ENV.SLIDER_FILE_WORD_H)
    waiting = Past.objects.filter(state__in=(PastState.ASKING, PastState.READY), file__finished_at__lt=late)
    found = 0
    for past in waiting.select_related("file__task", "task")[:100]:
        with suppress(Unfit):  # somebody put it into force meanwhile
            drop(past)
            found += 1
    return found


# ---- by a person -------------------------------------------------------------------------------------------------


def proof(past: Past, *, error_limit: float, delta: float) -> certificate.Certificate:
    """What a history that is ready would allow under these limits."""
    counters = certificate.Counters.from_json(past.counters)
    return once.certify(counters, error_limit=error_limit, delta=delta * once.SHARE)


def confirm(past_id: int, *, reason: str, by: int, expected: int) -> Policy:
    """Put a history into force: it begins an epoch of evidence of its own, under the same guard and audits as any.

    `expected` is the policy that the person was looking at: policies that the guard has made since and that moved
    nothing a person sees don't count. Raises Unfit, or policies.Superseded.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Unfit("say why: whoever reads the history later needs the reason")
    with transaction.atomic():
        past = Past.objects.select_for_update(of=("self",)).select_related("task").get(pk=past_id)
        if past.state != PastState.READY:
            raise Unfit(f"this history {past.get_state_display()}: it can't be put into force")
        newest = Gauge.locked(past.task_id).policy
        _check_unmoved(past, newest, expected)
        fitted = calibration.Calibration.from_json(past.calibration)
        change, said = _change(past, newest, fitted)
        policy = policies.make(
            past.task_id, change, maker=Maker.PERSON, reason=f"{said}: {reason}", by=by, expected=newest.number
        )
        if change.begins_epoch and not policy.certificate:
            raise Unfit("the task's limit was changed meanwhile: look at the history under the new limit")
        past.state, past.policy = PastState.IN_FORCE, policy
        past.epoch = policy.epoch if change.begins_epoch else None
        past.columns = past.bare_columns
        past.save(update_fields=["state", "policy", "epoch", "columns"])
        if past.file_id:
            ImportChunk.objects.filter(of=past.file_id).delete()
        return policy


def _check_unmoved(past: Past, newest: Policy, expected: int) -> None:
    seen = Policy.objects.filter(task=past.task, number=expected).first()
    shown = ("requested", "mode", "held", "error_limit", "delta", "worker_id", "epoch", "allowed")
    if seen is None or any(getattr(seen, name) != getattr(newest, name) for name in shown):
        raise policies.Superseded(newest)
    if past.worker_id != newest.worker_id:
        raise Unfit("the worker was replaced since this history was read: it says nothing about the new one")


def _change(past: Past, newest: Policy, fitted: calibration.Calibration) -> tuple[policies.Change, str]:
    """What putting it into force changes, and in words what it is."""
    stored = PastRow.objects.filter(past=past)
    window = history.window(newest, fitted, coming=past.pk)
    if past.rows == 0:
        found = policies.Evidence(newest.allowed, fitted.to_json(), newest.certificate, newest.labels, window)
        return policies.Change(evidence=found), f"ranking begins as {stored.count():,} rows of other workers say"
    proven = proof(past, error_limit=newest.error_limit, delta=newest.delta)
    counters = certificate.Counters.from_json(past.counters)
    frozen = facts.of(
        proven,
        counters,
        error_limit=newest.error_limit,
        delta=newest.delta * (1.0 - once.SHARE),  # what is left for the epoch, as the guard's rounds will say it
        outstanding=0,
        fitted_at=past.rows,
        history=past.rows,
        fresh=(None, None),
    )
    found = policies.Evidence(proven.cap, fitted.to_json(), frozen, past.rows, window)
    begun = kept.begun(counters, best=proven.best, tested=newest.error_limit, delta=newest.delta)
    begun.heard[0] = history.heard(newest, fitted, coming=past.pk)
    change = policies.Change(evidence=found, begins_epoch=True, state=kept.to_json(begun))
    return change, f"from history: {past.rows:,} rows of {past.name}"
