"""Tasks and workers are set up and edited here; a worker's content is frozen, so an edit is a new version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.text import slugify

from slider.engine import percents
from slider.flow import admitted, known, policies
from slider.models import Gauge, Maker, Mode, Project, Task, Worker

CONTENT = (
    "name",
    "rung",
    "base_url",
    "key_name",
    "model",
    "instructions",
    "examples",
    "temperature",
    "samples",
    "ask_confidence",
    "logprobs",
    "max_tokens",
    "timeout_s",
    "in_flight",
    "requests_per_min",
    "tokens_per_min",
    "daily_budget",
    "price_in",
    "price_out",
    "hedge",
    "batch",
    "fallback_on",
    "fallback_after_s",
)

FALLBACK_RUNG = 2
_NOT_EDITED = frozenset({"id", "project", "slug", "coin_secret", "paused", "redaction", "contents_days", "created_at"})


@dataclass(frozen=True, slots=True)
class Start:
    """Where a new task's slider begins."""

    share: float = 0.0
    mode: Mode = Mode.GUARDED
    reason: str = "new task"


def create_task(project: Project, task: Task, worker: Worker, *, by: int | None, start: Start | None = None) -> Task:
    """Save a new task with its first worker and open its slider."""
    start = start or Start()
    with transaction.atomic():
        task.project = project
        task.slug = _free_slug(project, task.slug or task.name)
        task.full_clean(exclude=["project"])
        task.save(force_insert=True)
        worker.task = task
        worker.full_clean()
        worker.save(force_insert=True)
        policies.first(task, worker=worker, requested=start.share, mode=start.mode, by=by, reason=start.reason)
    return task


def _free_slug(project: Project, wanted: str) -> str:
    stem = slugify(wanted)[:50] or "task"
    taken = set(Task.objects.filter(project=project, slug__startswith=stem).values_list("slug", flat=True))
    return stem if stem not in taken else next(s for n in range(2, 10_000) if (s := f"{stem}-{n}") not in taken)


def save_task(task: Task, *, by: int) -> None:
    """Save an edited task. A changed limit is another promise, so it starts a new epoch of evidence."""
    with transaction.atomic():
        task.full_clean()
        if task.practice_looks and not Task.objects.filter(pk=task.pk, practice_looks__gt=0).exists():
            known.gather(task)
            admitted.excuse(task.pk)
        # What has its own hand is left out: who saves a page read before a pause must not undo it.
        task.save(update_fields=[f.name for f in task._meta.concrete_fields if f.name not in _NOT_EDITED])
        gauge = Gauge.objects.select_related("policy").get(pk=task.pk)
        if (gauge.policy.error_limit, gauge.policy.delta) != (task.error_limit, task.delta):
            policies.make(
                task.pk,
                policies.Change(),
                maker=Maker.PERSON,
                by=by,
                reason=f"the limit is now {percents.said(task.error_limit)} wrong at most; evidence starts anew",
            )


def replace_worker(worker: Worker, content: dict[str, Any], *, by: int) -> Worker:
    """Retire a worker and put the next version of it in its place; the slider's evidence starts anew."""
    with transaction.atomic():
        # No stronger lock than needed: a new policy that names this worker must not wait for us while we wait for it.
        old = Worker.objects.select_for_update(no_key=True).get(pk=worker.pk)
        if old.retired_at is not None:
            raise ValidationError(f"{old} was replaced by somebody else meanwhile; look at its next version first")
        if all(getattr(old, name) == content.get(name, getattr(old, name)) for name in CONTENT):
            return old
        Worker.objects.filter(pk=old.pk).update(retired_at=Now())
        kept = {name: getattr(old, name) for name in CONTENT}
        newest = Worker.objects.filter(task=old.task, name=content.get("name", old.name)).aggregate(Max("version"))
        new = Worker(task=old.task, version=(newest["version__max"] or 0) + 1, **(kept | content))
        new.full_clean()
        new.save(force_insert=True)
        policies.make(
            old.task_id,
            policies.Change(worker=new),
            maker=Maker.PERSON,
            by=by,
            reason=f"worker {new} replaces {old}; evidence starts anew",
        )
    return new


def save_privacy(task: Task, *, redaction: dict[str, Any], contents_days: int | None, by: int) -> None:
    """Say what of a task's items may leave for a model, and when their contents go. Raises ValidationError.

    Under other rules a model is asked otherwise, so each worker has a new version and the evidence starts anew: nobody
    begins a call under the old rules once this is committed.
    """
    with transaction.atomic():
        held = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        changed = held.redaction != redaction
        held.redaction, held.contents_days = redaction, contents_days
        held.full_clean()
        held.save(update_fields=["redaction", "contents_days"])
        if changed:
            renew_workers(held, by=by, why="other rules of redaction hold")
    task.redaction, task.contents_days = redaction, contents_days


def renew_workers(
    task: Task, *, by: int | None, why: str, change: Callable[[Worker], Mapping[str, Any]] = lambda _: {}
) -> None:
    """The next version of each worker of a task, for what is no setting of theirs; the evidence starts anew."""
    active = list(Worker.objects.select_for_update(no_key=True).filter(task=task, retired_at=None).order_by("rung"))
    Worker.objects.filter(pk__in=[old.pk for old in active]).update(retired_at=Now())
    for place, old in enumerate(active):
        newest = Worker.objects.filter(task=task, name=old.name).aggregate(Max("version"))["version__max"]
        kept = {name: getattr(old, name) for name in CONTENT} | dict(change(old))
        new = Worker.objects.create(task=task, version=newest + 1, **kept)
        if place == 0:
            policies.make(
                task.pk,
                policies.Change(worker=new),
                maker=Maker.PERSON,
                by=by,
                reason=f"worker {new}: {why}; evidence starts anew",
            )


def save_fallback(task: Task, content: dict[str, Any]) -> Worker:
    """Put a fallback on the ladder's second rung, or its next version there; the slider's evidence is not touched."""
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        first = Worker.objects.filter(task=task, retired_at=None).order_by("rung").first()
        if first is not None and first.name == content.get("name"):
            raise ValidationError({"name": f"The task's own worker is called {first.name}: give it a name of its own"})
        old = Worker.objects.filter(task=task, retired_at=None, rung=FALLBACK_RUNG).first()
        kept = {} if old is None else {name: getattr(old, name) for name in CONTENT}
        wanted = kept | content | {"rung": FALLBACK_RUNG, "batch": False, "fallback_on": []}
        if old is not None and all(wanted[name] == kept[name] for name in wanted):
            return old
        drop_fallback(task)
        newest = Worker.objects.filter(task=task, name=wanted["name"]).aggregate(Max("version"))
        new = Worker(task=task, version=(newest["version__max"] or 0) + 1, **wanted)
        new.full_clean()
        new.save(force_insert=True)
    return new


def drop_fallback(task: Task) -> None:
    """Ask nobody in the worker's place any more."""
    Worker.objects.filter(task=task, retired_at=None, rung=FALLBACK_RUNG).update(retired_at=Now())
