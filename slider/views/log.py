"""The log: what was done in a project, or on the site as a whole, for those who audit it; to be read alone."""

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from slider.flow import log as writing
from slider.models import Kind, Project
from slider.queries import chain, log
from slider.views import access, csv_out
from slider.views.log_form import FilterForm

FORMATS = ("csv", "jsonl")
_BEFORE = re.compile(r"([0-9T:.+-]{10,40})_([0-9]{1,18})")


@never_cache
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The log of a project, newest first."""
    return _page(request, access.project_or_404(request, slug, "see log"))


@never_cache
@require_safe
def show_site(request: HttpRequest) -> HttpResponse:
    """What belongs to no project: sign-ins, accounts, machines."""
    access.site_or_403(request)
    return _page(request, None)


@require_POST
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The log of a project as a file, narrowed as the page is; that it left stands in the log."""
    return _export(request, access.project_or_404(request, slug, "see log"))


@require_POST
def export_site(request: HttpRequest) -> HttpResponseBase:
    """The same of what belongs to no project."""
    access.site_or_403(request)
    return _export(request, None)


@never_cache
@require_safe
def head(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the chains of a project end now, as `manage.py verify_log --head` reads it."""
    return _head(access.project_or_404(request, slug, "see log"))


@never_cache
@require_safe
def head_site(request: HttpRequest) -> HttpResponse:
    """Where all chains end now."""
    access.site_or_403(request)
    return _head(None)


def _page(request: HttpRequest, project: Project | None) -> HttpResponse:
    form = FilterForm(request.GET, project=project)
    is_good = form.is_valid()
    page = log.page(project, form.wanted, before=_before(request)) if is_good else log.Page((), None)
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    context = {
        "project": project,
        "form": form,
        "page": page,
        "asked": asked,
        "older": urlencode({**asked, "before": page.older}) if page.older else "",
        "is_first": "before" not in request.GET,
        "is_narrowed": is_good and form.is_narrowed,
        "here": _address("log", project),
        "export": _address("log-export", project),
        "head": _address("log-head", project),
    }
    return render(request, "log/show.html", context, status=200 if is_good else 422)


def _export(request: HttpRequest, project: Project | None) -> HttpResponseBase:
    form = FilterForm(request.POST, project=project)
    kind = request.POST.get("format", "csv")
    if kind not in FORMATS or not form.is_valid():
        raise Http404("There is no such file of the log: choose on its page.")
    facts = {"what": "log", "format": kind, "narrowed": form.is_narrowed}
    writing.write(
        Kind.EXPORT, by=access.person(request).pk, facts=facts, project_id=None if project is None else project.pk
    )
    name = f"log-{'site' if project is None else project.slug}-{timezone.now():%Y-%m-%d}.{kind}"
    if kind == "csv":
        found = log.lines(project, form.wanted)
        rows = (["" if value is None else str(value) for value in one.values()] for one in found)
        return csv_out.stream(rows, name=name, head=list(log.COLUMNS))
    disposition = f'attachment; filename="{name}"'
    return StreamingHttpResponse(
        log.jsonl(project, form.wanted),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": disposition},
    )


def _head(project: Project | None) -> HttpResponse:
    now = timezone.now()
    name = f"log-head-{'site' if project is None else project.slug}-{now:%Y-%m-%d-%H%M}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(chain.document(log.heads(project), at=now), content_type="application/json", headers=headers)


def _address(name: str, project: Project | None) -> str:
    return reverse(f"site-{name}") if project is None else reverse(name, args=[project.slug])


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    form = _BEFORE.fullmatch(text)
    try:
        at = datetime.fromisoformat(form[1]) if form else None
        if form is not None and at is not None and at.tzinfo is not None:
            return at.astimezone(UTC), int(form[2])
    except (ValueError, OverflowError):  # the first and the last day of all have no moment in UTC
        pass
    raise Http404("There is no such page of the log: start at its beginning.")
