"""What an open desk asks for beside the loop: looks ahead and signs of life, letting go, and which tasks it shows."""

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from slider.flow import ahead as holding
from slider.flow import hiding
from slider.flow.ahead import Grip, Hand, Leases
from slider.models import whole
from slider.queries import desk, frame
from slider.views import access, desk_pages

MOST_GRIPS = 100  # what a page has in hands, is sending, and has kept from before


@require_POST
def ahead(request: HttpRequest) -> HttpResponse:
    """A sign of life of an open desk, and as many looks as it lacks, drawn and ready to be shown."""
    may = desk_pages.reviewed_by(request)
    shown = desk_pages.shown_of(request, may)
    page, leases = desk_pages.page_of(request), leases_of()
    back = _grips(request, "back", long=True)
    grips = [*_grips(request, "have"), *_grips(request, "typed", long=True), *back]
    sent = _grips(request, "sent", long=True)  # decided, and on its way
    want = request.POST.get("want", "0")
    hand = holding.fill(
        access.person(request).pk,
        page=page,
        grips=[*grips, *sent],
        want=int(want) if want.isascii() and want.isdigit() and len(want) < 3 else 0,
        tasks=[task.task_id for task in shown],
        may=[task.task_id for task in may],
        leases=leases,
        near=desk_pages.number(request.POST.get("near", "")),
        practises=any(task.practises for task in shown),
        number=desk_pages.number(request.POST.get("number", "")),
    )
    return _answer(request, hand, grips, back)


def _answer(request: HttpRequest, hand: Hand, grips: Sequence[Grip], back: Sequence[Grip]) -> HttpResponse:
    returned = whole.looks([grip.review_id for grip in back if grip.review_id in hand.kept])
    looks = [*returned.values(), *hand.fresh]
    kept = hand.kept & {grip.review_id for grip in grips}
    told = {
        "kept": sorted(kept),
        "lost": sorted({grip.review_id for grip in grips} - hand.kept),
        "looks": [
            {
                "review": review.pk,
                "token": review.token,
                "task": review.task_id,
                "address": desk_pages.address_of(review.pk, request),
                "html": desk_pages.sheet_alone(request, review),
            }
            for review in looks
        ],
        "lease_s": leases_of().page_s,
        "typed_s": leases_of().typed_s,
        "elsewhere": hand.elsewhere,
        "waiting": frame.desk(request.user).text,
        "empty": None if looks or kept else desk_pages.empty_alone(request),
    }
    response = JsonResponse(told)
    response["X-Desk-Address"] = reverse("desk")
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """The last word of a page that closes: what it was given is everybody's again, but for what it names.

    It names what somebody has typed for, and decisions that are on their way.
    """
    desk_pages.reviewed_by(request)
    page = desk_pages.page_of(request)
    if page:
        kept = [*_grips(request, "typed"), *_grips(request, "sent")]
        number = desk_pages.number(request.POST.get("number", ""))
        holding.release(access.person(request).pk, page=page, but=[grip.review_id for grip in kept], number=number)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
def tasks(request: HttpRequest) -> HttpResponse:
    """Which of their tasks a person wants to see on the desk; kept with them, not with the browser."""
    may = desk_pages.may_review(request)
    user_id = access.person(request).pk
    if request.method == "POST":
        shown = {desk_pages.number(text) for text in request.POST.getlist("shown")}
        hiding.hide(user_id, hidden=[task.pk for task in may if task.pk not in shown], of=[task.pk for task in may])
        if may and not shown & {task.pk for task in may}:
            messages.warning(request, "All your tasks are hidden now: nothing comes to your desk.")
        return HttpResponseRedirect(reverse("desk"))
    return render(request, "review/tasks.html", {"rows": desk.by_task(user_id, may)})


def leases_of() -> Leases:
    """How long a page holds what is in sight or ahead, and what somebody has typed for."""
    return Leases(page_s=settings.ENV.SLIDER_PAGE_LEASE_S, typed_s=settings.ENV.SLIDER_REVIEW_LEASE_S)


def _grips(request: HttpRequest, name: str, *, long: bool = False) -> list[Grip]:
    """The claims that a page names as `id:token`; what is none is left out, and so is what comes after too many."""
    found = []
    for text in request.POST.getlist(name)[:MOST_GRIPS]:
        review, _, token = text.partition(":")
        if desk_pages.number(review) and desk_pages.number(token):
            found.append(Grip(desk_pages.number(review), desk_pages.number(token), long))
    return found
