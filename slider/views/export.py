"""Exports: ask for a file of items, see how far it is, download it, delete it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http import StreamingHttpResponse as Stream
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from slider.flow import exports as writing
from slider.models import Export, ExportState, Format, Task
from slider.queries import exports
from slider.views import access
from slider.views.export_form import ExportForm


@never_cache
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, task_id: int) -> HttpResponse:
    """Choose what goes out; and the earlier files."""
    task = access.task_or_404(request, task_id, "export")
    if request.method != "POST":
        begins = request.GET.get("id", "").strip().replace("\x00", "")[:255]
        return _form(request, task, ExportForm(shown=request.GET.get("show", ""), begins=begins))
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _form(request, task, form, status=422)
    kind, parts = Format(form.cleaned_data["format"]), form.cleaned_data["parts"]
    try:
        made = writing.ask(task, kind=kind, wanted=form.wanted, parts=parts, by=access.person(request).pk)
    except writing.Unfit as error:
        return _form(request, task, form, trouble=str(error), status=409)
    # `go`: whoever asked for it waits for it, so the page downloads it once as soon as it is there.
    return HttpResponseRedirect(reverse("export-show", args=[made.pk]) + "?go=1")


def _form(request: HttpRequest, task: Task, form: ExportForm, *, trouble: str = "", status: int = 200) -> HttpResponse:
    context = {
        "task": task,
        "form": form,
        "trouble": trouble,
        "earlier": exports.earlier(task),
        "why_no_parquet": exports.why_no_parquet(),
        "days": settings.ENV.SLIDER_EXPORT_DAYS,
        "here": "export",
    }
    return render(request, "export/new.html", context, status=status)


@never_cache
@require_GET
def show(request: HttpRequest, export_id: int) -> HttpResponse:
    """How far one file is."""
    return _progress(request, export_id, "export/show.html")


@never_cache
@require_GET
def piece(request: HttpRequest, export_id: int) -> HttpResponse:
    """The part of the page that the browser asks for again each second while the file is made."""
    return _progress(request, export_id, "export/_progress.html")


def _progress(request: HttpRequest, export_id: int, template: str) -> HttpResponse:
    row = _export(request, export_id)
    context = {"task": row.task, "progress": exports.progress(row), "here": "export"}
    return render(request, template, context | {"go": request.GET.get("go") == "1"})


@never_cache
@require_POST
def file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The file itself, for whoever may export now. The log tells who took it."""
    row = _export(request, export_id)
    if row.state != ExportState.DONE:
        messages.error(request, "There is no file to download: see below.")
        return HttpResponseRedirect(reverse("export-show", args=[row.pk]))
    writing.taken(row, by=access.person(request).pk)
    return Stream(writing.download(row), content_type=writing.MIME[Format(row.format)], headers=writing.headers(row))


@require_POST
def cancel(request: HttpRequest, export_id: int) -> HttpResponse:
    """Stop one that is being made, or delete its file."""
    row = _export(request, export_id)
    if writing.cancel(row, by=access.person(request).pk):
        messages.success(request, "It is deleted." if row.state == ExportState.DONE else "It is cancelled.")
    return HttpResponseRedirect(reverse("export-show", args=[row.pk]))


def _export(request: HttpRequest, export_id: int) -> Export:
    row = exports.found(min(export_id, access.BIGGEST_ID))
    if row is None:
        raise Http404(f"There is no export {export_id} in your projects.")
    access.task_or_404(request, row.task_id, "export")
    return row
