"""Who reviews in a project and what they know; and a look that a lead gives to one of them."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from slider.flow import handing
from slider.flow.review import NotYours
from slider.models import BESIDE, Membership, Project, Review, skills
from slider.queries import people
from slider.views import access, desk_pages, items


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody of a project with what they know, and what its tasks take."""
    return _show(request, access.project_or_404(request, slug, "lead"))


def _show(request: HttpRequest, project: Project, *, of: int = 0, typed: str = "", error: str = "") -> HttpResponse:
    context = {
        "project": project,
        "people": people.members(project),
        "wanted": people.wanted(project),
        "error_of": of,
        "typed": typed,
        "error": error,
    }
    return render(request, "setup/people.html", context, status=422 if error else 200)


@require_POST
def save(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """Say what somebody knows."""
    project = access.project_or_404(request, slug, "lead")
    member = Membership.objects.filter(project=project, user_id=min(user_id, access.BIGGEST_ID)).first()
    if member is None:
        raise Http404("There is no such person in this project.")
    typed = request.POST.get("skills", "")
    known = skills.read(typed)
    if len(known) > skills.MOST:
        return _show(
            request, project, of=user_id, typed=typed, error=f"{len(known)} skills: at most {skills.MOST} fit."
        )
    handing.teach(member.pk, known)
    messages.success(request, f"Saved what {member.user} knows. It holds for what waits already, too.")
    return HttpResponseRedirect(reverse("people", args=[project.slug]))


@require_POST
def assign(request: HttpRequest, item_id: int, review_id: int) -> HttpResponse:
    """Give a look at an item to one person, or back to everybody."""
    found = access.item_or_404(request, min(item_id, access.BIGGEST_ID), "lead")
    looks = Review.objects.filter(pk=min(review_id, access.BIGGEST_ID), item=found)
    if not looks.exclude(kind__in=BESIDE, token=0).exists():  # as on the page: that there is one is no lead's business
        raise Http404("There is no such look at this item.")
    to = request.POST.get("to", "")
    chosen = desk_pages.person_in(to)
    try:
        handing.assign(review_id, to=chosen, by=access.person(request).pk, note=request.POST.get("note", ""))
    except (NotYours, handing.Unfit) as error:
        typed = {"review_id": review_id, "to": to, "note": request.POST.get("note", "")}
        return items.shown(request, item_id, trouble=f"Nothing was assigned: {error}.", giving=typed)
    else:
        messages.success(request, "It is everybody's to take." if chosen is None else "Assigned.")
    return HttpResponseRedirect(reverse("item", args=[found.pk]))
