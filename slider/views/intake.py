"""Items come in by hand: one by a form, many by a file, with the file's progress and what of it was refused."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from slider.flow import asking, foresight, intake
from slider.flow import imports as importing
from slider.flow.intake import Fate, Row
from slider.models import Import, ImportState, Purpose, Task
from slider.queries import imports
from slider.rows import ColumnMap
from slider.views import access, csv_out, schema_form, uploads, word_form


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, task_id: int) -> HttpResponse:
    """One item by hand, by a form drawn from the task's input schema."""
    task = access.task_or_404(request, task_id, "intake")
    if request.method != "POST":
        return _form(request, task, {}, {})
    typed = schema_form.typed_in(request.POST)
    if (wish := request.POST.get(schema_form.RESHAPE)) is not None:
        texts, focus = schema_form.reshape(task.input_schema, typed, wish)
        return _form(request, task, texts, {}, focus=focus)
    external_id = request.POST.get("external_id", "").strip()
    reading = schema_form.read(task.input_schema, typed)
    if reading.errors:
        return _form(request, task, typed, dict(reading.errors))
    by = access.person(request)
    arrival = intake.add(task, [Row(reading.value, external_id or None)], origin=f"{by} by hand"[:120], by=by.pk)[0]
    if arrival.fate == Fate.ADDED:
        messages.success(request, "The item is in.")
        return HttpResponseRedirect(reverse("item", args=[arrival.item_id]))
    if arrival.fate == Fate.KNOWN:
        messages.info(request, "This very item was here already; nothing was added.")
        return HttpResponseRedirect(reverse("item", args=[arrival.item_id]))
    if arrival.erased:
        return _form(
            request, task, typed, {}, id_error=f"{arrival.reason[:1].upper()}{arrival.reason[1:]}.", status=410
        )
    if arrival.fate == Fate.CONFLICT:
        reason = f"Item {arrival.item_id} has this id already, with other contents. Give another id, or none."
        return _form(request, task, typed, {}, id_error=reason, clash=arrival.item_id, status=409)
    if arrival.where == "/external_id":
        return _form(request, task, typed, {}, id_error=arrival.reason)
    errors = schema_form.wrong(task.input_schema, reading.value) or {arrival.where: arrival.reason}
    return _form(request, task, typed, errors)


def _form(
    request: HttpRequest,
    task: Task,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    id_error: str = "",
    focus: str | None = None,
    clash: int | None = None,
    status: int = 422,
) -> HttpResponse:
    fields = schema_form.draw(
        task.input_schema, first=task.title_field, typed=typed or None, errors=errors, focus=focus
    )
    context = {
        "task": task,
        "fields": fields,
        "form_error": schema_form.loose(fields, errors),
        "external_id": request.POST.get("external_id", ""),
        "id_error": id_error,
        "clash": clash,
        "here": "items",
    }
    return render(request, "intake/new.html", context, status=status if errors or id_error else 200)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give a file of items; what is expected of it, and the earlier ones."""
    task = access.task_or_404(request, task_id, "intake")
    if request.method != "POST":
        return _upload(request, task)
    try:
        row = uploads.take(request, task, receive=asking.receive, advice=": split it")
    except importing.Unfit as error:
        return _upload(request, task, str(error))
    return HttpResponseRedirect(reverse("import-show", args=[row.pk]))


def _upload(request: HttpRequest, task: Task, error: str = "") -> HttpResponse:
    context = {
        "task": task,
        "error": error,
        "columns": imports.columns(task),
        "closed": task.input_schema.get("additionalProperties") is False,
        "earlier": imports.earlier(task),
        "here": "import",
    } | uploads.limits()
    return render(request, "intake/import.html", context, status=422 if error else 200)


@require_GET
def sample(request: HttpRequest, task_id: int) -> StreamingHttpResponse:
    """A small CSV file that this task would take."""
    task = access.task_or_404(request, task_id, "intake")
    return csv_out.stream(imports.sample(task), name=f"{task.slug}-sample.csv", as_is=True)


@require_GET
def show(request: HttpRequest, import_id: int) -> HttpResponse:
    """How far one file is, and which of its rows were refused."""
    return _progress(request, import_id, "intake/show.html")


@require_GET
def piece(request: HttpRequest, import_id: int) -> HttpResponse:
    """The part of the page that the browser asks for again each second while the file runs."""
    return _progress(request, import_id, "intake/_progress.html")


def _progress(request: HttpRequest, import_id: int, template: str) -> HttpResponse:
    return _page(request, _import(request, import_id), template)


def _page(
    request: HttpRequest, row: Import, template: str, *, said: word_form.Said | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "task": row.task,
        "progress": imports.progress(row),
        "here": "import",
    } | uploads.refused(row if row.refused else None)
    if row.state == ImportState.ASKING:
        stored = word_form.Said(ColumnMap.from_json(row.mapping))
        context["form"] = word_form.draw(row, said or stored)
        context["drops_at"] = imports.drops_at(row)
        if said is None:
            context["foreseen"] = foresight.rows_of(row, stored.mapping)
            context["heads"] = [foresight.head(target) for _, target in foresight.ordered(row, stored.mapping)]
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def word(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take what a person says of a file: show its rows again, try it out, or bring it in."""
    row = _import(request, import_id)
    if row.state != ImportState.ASKING:
        messages.warning(request, "This file waits for no word any more: nothing was changed.")
        return HttpResponseRedirect(reverse("import-show", args=[row.pk]))
    said = word_form.read(row, request.POST)
    if not said.is_good:
        return _page(request, row, "intake/show.html", said=said, status=422)
    try:
        match request.POST.get("deed"):
            case "start":
                asking.start(row, said.mapping, by=access.person(request).pk)
            case "try":
                asking.try_out(row, said.mapping)
            case _:
                asking.say(row, said.mapping)
                return HttpResponseRedirect(reverse("import-show", args=[row.pk]) + "#rows")
    except importing.Unfit as error:
        messages.warning(request, f"Nothing was changed: {error}.")
    return HttpResponseRedirect(reverse("import-show", args=[row.pk]))


@require_POST
def drop(request: HttpRequest, import_id: int) -> HttpResponse:
    """End an import wherever it is; what is in stays."""
    row = _import(request, import_id)
    if not asking.drop(row, by=access.person(request).pk):
        messages.warning(request, "This file is done with already: nothing was changed.")
        return HttpResponseRedirect(reverse("import-show", args=[row.pk]))
    if row.added:
        messages.success(request, f"{row.name} was stopped: {row.added:,} items of it are in and stay.")
        return HttpResponseRedirect(reverse("import-show", args=[row.pk]))
    messages.success(request, f"{row.name} is dropped: nothing of it is in.")
    return HttpResponseRedirect(reverse("import", args=[row.task_id]))


@require_GET
def refused(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """Every refused row as a CSV file."""
    row = _import(request, import_id)
    return uploads.refused_csv(row, name=f"import-{row.pk}-refused.csv")


def _import(request: HttpRequest, import_id: int) -> Import:
    # Its first rows are read where they are shown, and not each time that the page asks how far it is.
    imports = Import.objects.select_related("task", "by").defer("sample").filter(purpose=Purpose.ITEMS)
    found = imports.filter(pk=min(import_id, access.BIGGEST_ID)).first()
    if found is None:
        raise Http404(f"There is no import {import_id} in your projects.")
    access.task_or_404(request, found.task_id, "intake")
    return found
