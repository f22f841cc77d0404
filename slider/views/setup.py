"""A task is set up, changed and paused here; all of it without leaving the browser."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from slider.flow import operate, setup
from slider.models import Mode, Stance, Task, Worker, can, examples
from slider.queries import endpoints as endpoint_of
from slider.queries import people, practice, receivers
from slider.schema import Schema
from slider.views import access
from slider.views.promise_form import PromiseForm
from slider.views.reasons_field import ReasonsForm
from slider.views.setup_forms import ContractForm, NameForm, SentinelsForm, StartForm
from slider.views.worker_form import WorkerForm


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Set up a task with its first worker, in one form."""
    project = access.project_or_404(request, slug, "edit task")
    sent = request.POST if request.method == "POST" else None
    contract, promise, start = ContractForm(sent, initial={"kind": "labels"}), PromiseForm(sent), StartForm(sent)
    administer = can(request.user, "administer", project)
    # The worker's own name has a prefix: the task's is called «name» too.
    worker_form = WorkerForm(sent, administer=administer, prefix="worker")
    forms = {"contract": contract, "promise": promise, "start": start, "worker": worker_form}
    if (
        sent is not None
        and _all_valid(forms)
        and (shape := contract.shape())
        and promise.fits(shape.input.document)
        and promise.is_staffed(people.reviewers(project))
        and worker_form.read_examples(shape)
    ):
        task = Task()
        contract.fill(task)
        promise.fill(task)
        begin = setup.Start(start.cleaned_data["percent"] / 100, Mode(start.cleaned_data["mode"]), "set up")
        try:
            setup.create_task(project, task, Worker(**worker_form.content()), by=access.person(request).pk, start=begin)
        except ValidationError as error:
            _spread(error, worker_form, contract)
        else:
            messages.success(request, f"{task} is set up. It works as soon as items come in.")
            return redirect("slider", task_id=task.pk)
    return render(request, "setup/new.html", forms | {"project": project}, status=422 if sent else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """Change a task's name, promise and rules."""
    task = access.task_or_404(request, task_id, "edit task")
    sent = request.POST if request.method == "POST" else None
    name = NameForm(sent, task=task)
    promise = PromiseForm(sent, initial=PromiseForm.of(task))
    watch = SentinelsForm(sent, initial=SentinelsForm.of(task))
    chips = ReasonsForm(sent, initial=ReasonsForm.of(task))
    forms: dict[str, BaseForm] = {"name": name, "promise": promise, "sentinels": watch, "chips": chips}
    fits = sent is not None and _all_valid(forms) and promise.fits(task.input_schema)
    if not fits or not promise.is_staffed(people.reviewers(task.project)):
        return _settings(request, task, forms, status=422 if sent else 200)
    task.name, task.title_field = name.cleaned_data["name"], name.cleaned_data["title_field"]
    promise.fill(task)
    watch.fill(task)
    chips.fill(task)
    setup.save_task(task, by=access.person(request).pk)
    messages.success(request, "Saved: it holds from the next item on.")
    return redirect("task-settings", task_id=task.pk)


def _settings(
    request: HttpRequest,
    task: Task,
    forms: dict[str, BaseForm] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    shown: dict[str, Any] = {
        "task": task,
        "name": NameForm(task=task),
        "promise": PromiseForm(initial=PromiseForm.of(task)),
        "sentinels": SentinelsForm(initial=SentinelsForm.of(task)),
        "chips": ReasonsForm(initial=ReasonsForm.of(task)),
        "receivers": receivers.of_task(task),
        **(forms or {}),
    }
    if task.practice_looks:
        smallest = practice.gym(task).smallest
        shown |= {"gym_smallest": smallest, "gym_rests": smallest < task.practice_looks}
    return render(request, "setup/settings.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def worker_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """Change a task's worker: what is saved is its next version."""
    task = access.task_or_404(request, task_id, "edit task")
    worker = Worker.objects.filter(task=task, retired_at=None).order_by("rung").first()
    if worker is None:
        raise Http404("This task has no worker.")
    administer = can(request.user, "administer", task.project)
    sent = request.POST if request.method == "POST" else None
    form = WorkerForm(sent, instance=worker, administer=administer)
    shape = examples.Shape(Schema.compile(task.input_schema), Schema.compile(task.output_schema))
    if sent is not None and form.is_valid() and form.read_examples(shape):
        try:
            saved = setup.replace_worker(worker, form.content(), by=access.person(request).pk)
        except ValidationError as error:
            _spread(error, form, form)
        else:
            same = saved.pk == worker.pk
            messages.success(request, "Nothing was different." if same else f"{saved} answers from now on.")
            return redirect("worker", task_id=task.pk)
    versions = Worker.objects.filter(task=task).order_by("-pk")[:20]
    other = Worker.objects.filter(task=task, retired_at=None, rung=setup.FALLBACK_RUNG).first()
    shown: dict[str, Any] = {"task": task, "worker": worker, "form": form, "versions": versions, "other": other}
    shown["endpoint"] = endpoint_of.endpoint(worker)
    return render(request, "setup/worker.html", shown, status=422 if sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def fallback_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """Set up, change or drop the worker that is asked in the place of a task's own."""
    task = access.task_or_404(request, task_id, "edit task")
    if request.POST.get("part") == "drop":
        setup.drop_fallback(task)
        messages.success(request, "Nobody is asked in the worker's place any more.")
        return redirect("worker", task_id=task.pk)
    first = Worker.objects.filter(task=task, retired_at=None).order_by("rung").first()
    if first is None:
        raise Http404("This task has no worker.")
    other = Worker.objects.filter(task=task, retired_at=None, rung=setup.FALLBACK_RUNG).first()
    administer = can(request.user, "administer", task.project)
    start = {} if other else {name: getattr(first, name) for name in ("instructions", "model", "samples", "logprobs")}
    start |= {} if other else {"name": "Fallback", "examples_text": examples.write(first.examples)}
    sent = request.POST if request.method == "POST" else None
    form = WorkerForm(sent, instance=other or Worker(), administer=administer, fallback=True, initial=start)
    shape = examples.Shape(Schema.compile(task.input_schema), Schema.compile(task.output_schema))
    if sent is not None and form.is_valid() and form.read_examples(shape):
        try:
            saved = setup.save_fallback(task, form.content())
        except ValidationError as error:
            _spread(error, form, form)
        else:
            messages.success(request, f"{saved} is there. When it is asked stands on the worker's page.")
            return redirect("worker", task_id=task.pk)
    shown: dict[str, Any] = {"task": task, "first": first, "other": other, "form": form}
    shown["trouble"] = endpoint_of.trouble(other) if other else ""
    return render(request, "setup/fallback.html", shown, status=422 if sent else 200)


@require_POST
def pause(request: HttpRequest, task_id: int) -> HttpResponse:
    """Stop or resume a task's workers; which of the two stands in the form."""
    task = access.task_or_404(request, task_id, "edit task")
    paused = request.POST.get("paused") == "yes"
    reason = request.POST.get("reason", "").strip() or "on the page of its settings"
    try:
        operate.stand(
            operate.Target(task.pk), Stance.PAUSED if paused else None, by=access.person(request).pk, reason=reason
        )
    except operate.Unfit as error:
        messages.error(request, str(error))
        return redirect("task-settings", task_id=task.pk)
    messages.success(request, "Paused: its workers stand still." if paused else "Resumed: its workers go on.")
    return redirect("task-settings", task_id=task.pk)


def _all_valid(forms: dict[str, BaseForm]) -> bool:
    """Check every form, also after one has failed: all errors are shown at once."""
    wrong = [form for form in forms.values() if not form.is_valid()]
    return not wrong


def _spread(error: ValidationError, first: BaseForm, second: BaseForm) -> None:
    """Put what the models refused at the field of the form it came from."""
    found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, words in found.items():
        form = first if name in first.fields else second
        form.add_error(name if name in form.fields else None, ValidationError(words))
