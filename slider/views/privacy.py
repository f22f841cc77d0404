"""A task's privacy: what of its items may leave for a model, and when their contents go; tried on a real item."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from slider import redaction
from slider.flow import setup
from slider.models import Task
from slider.queries import privacy
from slider.views import access
from slider.views.privacy_form import PrivacyForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    """The rules and the retention of a task; a POST saves them, or tries them on an item and saves nothing."""
    task = access.task_or_404(request, task_id, "administer")
    if request.method != "POST":
        return _page(request, task, PrivacyForm(task=task, initial=PrivacyForm.of(task)))
    form = PrivacyForm(request.POST, task=task)
    if not form.is_valid():
        return _page(request, task, form, status=422)
    if request.POST.get("part") == "preview":
        return _page(request, task, form, tried=True)
    before = task.redaction
    try:
        setup.save_privacy(
            task,
            redaction=form.rules.to_json(),
            contents_days=form.cleaned_data["contents_days"],
            by=access.person(request).pk,
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, task, form, status=422)
    anew = (
        " Models are asked by these rules from now on, so the evidence starts anew." if task.redaction != before else ""
    )
    messages.success(request, f"Saved.{anew}")
    return redirect("privacy", task_id=task.pk)


def _page(
    request: HttpRequest, task: Task, form: PrivacyForm, *, tried: bool = False, status: int = 200
) -> HttpResponse:
    rules = form.rules if form.is_bound else redaction.read(task.redaction)
    named = request.POST.get("item", "").strip()
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else None
    wrong = "Write the number of an item, or nothing for the newest." if named and number is None else ""
    shown = None if status == 422 or wrong else privacy.preview(task, rules, number)
    if named and not wrong and shown is None and status == 200:
        wrong = f"There is no item {named} in this task, or what it held was deleted."
    context = {
        "task": task,
        "form": form,
        "preview": shown,
        "tried": tried,
        "item": named,
        "item_error": wrong,
        "retention": privacy.retention(task),
        "here": "privacy",
    }
    return render(request, "privacy/task.html", context, status=422 if wrong else status)
