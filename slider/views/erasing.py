"""What is held under an external id is looked up; an item is erased, after a page that says what goes."""

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from slider.flow import erasing, subjects
from slider.models import Item
from slider.queries import subject
from slider.views import access


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Look an id up in all tasks of a project; each look is an entry in the log, and so is each file."""
    project = access.project_or_404(request, slug, "administer")
    context = {"project": project, "external_id": request.GET.get("id", "")[:255]}
    if request.method != "POST":
        return render(request, "privacy/subject.html", context)
    external_id = request.POST.get("external_id", "").strip()
    context["external_id"] = external_id
    if not external_id or "\x00" in external_id or len(external_id) > 255:
        error = "Write the id that the item came in under: 1 to 255 characters."
        return render(request, "privacy/subject.html", context | {"error": error}, status=422)
    found = subject.find(project, external_id)
    as_file = request.POST.get("as") == "json"
    items, how = [one.item for one in found], {"format": "json" if as_file else "page"}
    subjects.told(project, external_id, items, by=access.person(request).pk, how=how)
    if not as_file:
        return render(request, "privacy/subject.html", context | {"found": found, "looked": True})
    answer = HttpResponse(
        json.dumps(subject.document(project, external_id, found), ensure_ascii=False, indent=2),
        content_type="application/json",
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="what-is-held.json"'
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, item_id: int) -> HttpResponse:
    """A page that says what goes, and the button that does it."""
    if item_id > access.BIGGEST_ID:
        raise Http404("There is no such item.")
    found = access.item_or_404(request, item_id, "administer")
    if request.method != "POST":
        return _page(request, found)
    try:
        erasing.erase(found.pk, by=access.person(request).pk, words=request.POST.get("words", ""))
    except erasing.Unfit as error:
        return _page(request, found, error=f"{str(error)[:1].upper()}{str(error)[1:]}.", status=422)
    except erasing.Gone:
        messages.info(request, "It was erased before; nothing was changed.")
    else:
        messages.success(request, "The item is erased. The log says by whom and why.")
    return HttpResponseRedirect(reverse("item", args=[found.pk]))


def _page(request: HttpRequest, found: Item, *, error: str = "", status: int = 200) -> HttpResponse:
    held = subject.held(found)
    context = {"task": found.task, "item": found, "held": held, "error": error, "words": request.POST.get("words", "")}
    return render(request, "privacy/erase.html", context | {"here": "items"}, status=status)
