"""Notices: the past ones of a task, putting one away, and the news for a page that stays open."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from slider.flow import notices as flow
from slider.models import Project
from slider.queries import notices
from slider.views import access


@require_safe
def past(request: HttpRequest, task_id: int) -> HttpResponse:
    """What was told about a task's slider, newest first."""
    task = access.task_or_404(request, task_id, "see")
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Http404("There is no such page of the list: start at its beginning.")
    page = notices.past(
        task,
        access.person(request).pk,
        blind=access.is_blind(request, task.project),
        before=int(before) if before else None,
    )
    return render(request, "notices/past.html", {"task": task, "page": page})


@require_POST
def seen(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Put a notice away, for this person alone, and go back to the page they were at."""
    user = access.person(request)
    told = notices.addressed(user)
    if told is None or notice_id > access.BIGGEST_ID or not told.filter(pk=notice_id).exists():
        raise Http404("There is no such notice for you.")
    flow.see(notice_id, user_id=user.pk)
    if request.headers.get("HX-Request"):
        return _banners(request, _project(request, request.POST.get("project", "")))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if is_ours else reverse("home"))


@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """The banners as they are now; nothing at all where the page has these already."""
    project = _project(request, request.GET.get("project", ""))
    if notices.unseen(access.person(request), project=project).key == request.GET.get("key"):
        return HttpResponse(status=204)
    return _banners(request, project)


def _banners(request: HttpRequest, project: Project | None) -> HttpResponse:
    banners = notices.unseen(access.person(request), project=project)
    return render(request, "notices/_banners.html", {"banners": banners, "banner_project": project, "fresh": True})


def _project(request: HttpRequest, slug: str) -> Project | None:
    return access.project_or_404(request, slug, "see") if slug else None
