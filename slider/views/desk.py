"""The review desk: take an item, look, decide; a GET changes nothing, and nothing a person typed is lost."""

import json
from dataclasses import replace
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from slider.flow import handing, moves, own_answers
from slider.flow import review as reviewing
from slider.flow import undo as undoing
from slider.flow.review import KeptAside, NotYours, Said, Unfit
from slider.models import Review, ReviewKind, ReviewState, Task, Verdict, whole
from slider.queries import desk, hidden, settling
from slider.queries import sheet as sheets
from slider.queries.sheet import Sheet
from slider.views import access, desk_pages, mark_form, own_form, schema_form
from slider.views.desk_pages import Typed

LUCKY = "lucky"  # the verdict of a button: accept what is right for the wrong reason
NO_CLAIM = -1  # what stands for a token that is none: no review has it


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The look that this person holds, or what there is to take."""
    tasks = _tasks(request)
    held = desk.held(access.person(request).pk, tasks)  # by no open page: those show what they hold
    if held is not None:
        return HttpResponseRedirect(desk_pages.address_of(held.pk, request))
    return desk_pages.empty(request, tasks, may_take=True)


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take the next look and go to it."""
    return _next(request)


@require_GET
def look(request: HttpRequest, review_id: int) -> HttpResponse:
    """One look, to whoever holds it or held it last."""
    review = _review(request, review_id)
    if review.state == ReviewState.DECIDED and review.holder_id == access.person(request).pk:
        return HttpResponseRedirect(reverse("desk"))  # the way back in the browser leads to what comes next
    if not _is_holders(request, review):
        return desk_pages.lost(
            request, review, "this item is not in your hands now; somebody else may have it", Typed()
        )
    doing = request.GET.get("do", "")
    return desk_pages.look(request, review, Typed(doing=doing if doing in desk_pages.FORMS else ""))


@require_POST
def decide(request: HttpRequest, review_id: int) -> HttpResponse:
    """Record the verdict and show the next look."""
    review = _review(request, review_id)
    if (wish := request.POST.get(schema_form.RESHAPE)) is not None:
        return _reshaped(request, review, _sheet(review), wish)
    said, typed = _said(request, review)
    try:
        said, typed = _marked(request, said, typed)
    except ValueError as error:
        return _refused_marks(request, review, typed, str(error))
    if typed.errors:
        return _shown(request, review, typed, status=422)
    try:
        user_id, seen_s = access.person(request).pk, _seen_s(request)
        decided = reviewing.decide(
            review.pk,
            user_id=user_id,
            token=_token(request),
            said=said,
            seen_s=seen_s,
            alone=review.kind != ReviewKind.PEER,
        )
    except NotYours as error:
        return desk_pages.lost(request, review, str(error), typed)
    except KeptAside as error:
        return desk_pages.kept_aside(request, review, str(error))
    except moves.Lost:
        return desk_pages.lost(request, review, "the item was withdrawn meanwhile; nothing is owed for it", typed)
    except Unfit as error:
        if error.where == "marks":
            return _refused_marks(request, review, typed, str(error))
        errors = {error.where: str(error)}
        if said.verdict == Verdict.FIX:
            errors = schema_form.wrong(review.task.output_schema, said.answer) or errors
        doing = "reject" if said.verdict == Verdict.REJECT else "fix"
        doing = "mark" if typed.doing == "mark" else doing
        return _shown(request, review, replace(typed, errors=errors, doing=doing), status=422)
    lucky = ", right for the wrong reason" if decided.lucky else ""
    said_words = f"{desk_pages.SAID[Verdict(decided.verdict)]}{lucky}: {sheets.heading(decided)}."
    if desk_pages.page_of(request):
        return _saved(request, said_words, decided=decided)
    # The line with the undo says it too.
    return _next(request, said=said_words, flash=not review.task.undo_s, near=review.task_id)


@require_POST
def own(request: HttpRequest, review_id: int) -> HttpResponse:
    """Keep the answer that was given before the draft is shown; then show it, or the next look where it is the same."""
    review = _review(request, review_id)
    if (wish := request.POST.get(schema_form.RESHAPE)) is not None:
        return _shown(request, review, own_form.reshaped(request, review.task, wish))
    typed, reading = own_form.read(request, review.task)
    if typed.errors:
        return _shown(request, review, typed, status=422)
    try:
        user_id = access.person(request).pk
        looked = own_answers.say(review.pk, user_id=user_id, token=_token(request), answer=reading)
    except NotYours as error:
        return desk_pages.lost(request, review, str(error), typed)
    except Unfit as error:
        typed = own_form.refused(typed, review.task, reading, error.where, str(error))
        return _shown(request, review, typed, status=422)
    if looked.state == ReviewState.DECIDED:
        said = "Accepted: the draft says the same as you."
        return _saved(request, said) if desk_pages.page_of(request) else _next(request, said=said)
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        return _told(desk_pages.look(request, looked, Typed()), "Kept. Now the draft.")
    return HttpResponseRedirect(desk_pages.address_of(looked.pk, request))


@require_POST
def skip(request: HttpRequest, review_id: int) -> HttpResponse:
    """Pass the look on to somebody else and show the next."""
    review = _review(request, review_id)
    try:
        reviewing.skip(review.pk, user_id=access.person(request).pk, token=_token(request))
    except NotYours as error:
        return desk_pages.lost(request, review, str(error), Typed(note=request.POST.get("note", "")))
    said = "Skipped: it goes to somebody else."
    if desk_pages.page_of(request):
        return _saved(request, said)
    return _next(request, said=said, near=review.task_id)


@require_POST
def hand(request: HttpRequest, review_id: int) -> HttpResponse:
    """Hand the look on with a note, to somebody or to anybody else, and show the next."""
    to, note = request.POST.get("to", ""), request.POST.get("note", "")
    given = handing.Give(note, to=desk_pages.person_in(to))
    return _give(request, review_id, given, typed=Typed(doing="hand", hand_to=to, hand_note=note))


@require_POST
def flag(request: HttpRequest, review_id: int) -> HttpResponse:
    """Put the look before a lead, with a note, and show the next."""
    note = request.POST.get("note", "")
    return _give(request, review_id, handing.Give(note, to_lead=True), typed=Typed(doing="flag", hand_note=note))


def _give(request: HttpRequest, review_id: int, given: handing.Give, *, typed: Typed) -> HttpResponse:
    review = _review(request, review_id)
    try:
        handing.give(review.pk, given, user_id=access.person(request).pk, token=_token(request))
    except NotYours as error:
        return desk_pages.lost(request, review, str(error), typed)
    except handing.Unfit as error:
        words = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return _shown(request, review, replace(typed, hand_error=words), status=422)
    said = "Flagged: it goes to a lead." if given.to_lead else "Handed on, with your note."
    if desk_pages.page_of(request):
        return _saved(request, said)
    return _next(request, said=said, near=review.task_id)


@require_POST
def undo(request: HttpRequest, review_id: int) -> HttpResponse:
    """Take one's own decision back and show that look again; or the next one, and why it was too late."""
    review = _review(request, review_id)
    user_id, lease_s = access.person(request).pk, settings.ENV.SLIDER_REVIEW_LEASE_S
    title, page = sheets.heading(review), desk_pages.page_of(request)
    try:
        held = undoing.undo(review.pk, user_id=user_id, token=_token(request), lease_s=lease_s, page=page)
    except undoing.TooLate as error:
        if page:
            return _saved(request, trouble=f"{title} stays as you decided it: {error}.")
        return _next(request, trouble=f"{title} stays as you decided it: {error}.")
    said = f"Taken back: {title}."
    was_fix = (before := desk.taken_back(held, user_id)) is not None and before.verdict == Verdict.FIX
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        return _told(desk_pages.look(request, held, Typed(doing="fix" if was_fix else "")), said)
    messages.success(request, said)
    address = desk_pages.address_of(held.pk, request)
    return HttpResponseRedirect(address + ("&" if "?" in address else "?") + "do=fix" if was_fix else address)


@require_POST
def stay(request: HttpRequest, review_id: int) -> HttpResponse:
    """A reader's sign of life: 204 and the seconds that are left, or 409 when the look is somebody else's."""
    review = _review(request, review_id)
    lease_s = settings.ENV.SLIDER_REVIEW_LEASE_S
    user_id = access.person(request).pk
    if not reviewing.stay(review.pk, user_id=user_id, token=_token(request), lease_s=lease_s):
        return HttpResponse("This item is not in your hands any more.", status=409, content_type="text/plain")
    return HttpResponse(status=204, headers={"X-Lease-Seconds": str(lease_s)})


def _tasks(request: HttpRequest) -> list[Task]:
    """The tasks this person may review, or the one that they asked for. A right that is missing is said."""
    tasks = desk_pages.may_review(request)
    return desk_pages.wanted_of(request, tasks) if desk_pages.wanted(request) else tasks


def _review(request: HttpRequest, review_id: int) -> Review:
    """The look, if it is at an item of a task that this person may review, and of the one that they asked for."""
    user_id, only = desk_pages.the_same_person(request), desk_pages.wanted(request)
    review = desk.mine(review_id, user_id) if review_id <= access.BIGGEST_ID else None
    if review is None or (only and str(review.task_id) != only):
        _tasks(request)  # which says it where a right is missing, or the task
        raise Http404("There is no such item on your desk.")
    return review


def _is_holders(request: HttpRequest, review: Review) -> bool:
    """Whether a verdict of this person would count: they hold it, or nobody has taken it since they did."""
    user_id = access.person(request).pk
    if review.state == ReviewState.OPEN:
        return review.last_holder_id == user_id
    return review.state == ReviewState.HELD and review.holder_id == user_id


def _seen_s(request: HttpRequest) -> float | None:
    """For how long the look was in sight, as the page says; the flow believes no more than the claim has lasted."""
    text = request.POST.get("seen_ms", "")
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 10 else None


def _token(request: HttpRequest) -> int:
    return desk_pages.number(request.POST.get("token", "")) or NO_CLAIM


def _sheet(review: Review) -> Sheet:
    return sheets.of(whole.looks([review.pk])[review.pk])


def _said(request: HttpRequest, review: Review) -> tuple[Said, Typed]:
    """The verdict that the form means, and what was typed for it. Only what takes an answer needs the sheet."""
    post, note = request.POST, request.POST.get("note", "").replace("\r\n", "\n")
    form, pick, settles = schema_form.typed_in(post), post.get("pick"), post.get("as", "")
    sheet = None
    if pick:
        chosen = next((a for a in _sheet(review).alternatives if str(a.key) == pick), None)
        if chosen is None:
            return Said(Verdict.FIX), Typed(form, {"": "That alternative is not offered any more."}, note, "fix")
        return Said(Verdict.FIX, chosen.answer, note=note), Typed({}, {}, note)
    if settles and (settled := settling.chosen(sheet := _sheet(review), settles)) is not None:
        return Said(Verdict(settled.verdict), settled.answer, settled.reason, note), Typed({}, {}, note)
    # A button may say the reason with it: on the page of all marks one form has all verdicts.
    verdict, _, reason = post.get("verdict", "").partition(":")
    if verdict == Verdict.REJECT:
        return Said(Verdict.REJECT, reason=reason or post.get("reason", ""), note=note), Typed(form, {}, note, "reject")
    if verdict in (Verdict.ACCEPT, LUCKY):
        return Said(Verdict.ACCEPT, note=note, lucky=verdict == LUCKY), Typed(form, {}, note)
    if post.get("verdict") == own_form.OWN and (own := hidden.own_answer(review, access.person(request).pk)):
        return Said(Verdict.FIX, own.answer, note=note), Typed(form, {}, note, "fix")
    sheet = sheet or _sheet(review)
    reading = schema_form.read(sheet.task.output_schema, form, before=sheet.proposal)
    return Said(Verdict.FIX, reading.value, note=note), Typed(form, dict(reading.errors), note, "fix")


def _reshaped(request: HttpRequest, review: Review, sheet: Sheet, wish: str) -> HttpResponse:
    """The look with its form in another shape: a row more, a row less. Nothing is decided, and no row changes."""
    form, note = schema_form.typed_in(request.POST), request.POST.get("note", "")
    hides = hidden.is_hidden(review, sheet.proposal) and not hidden.own_answer(review, access.person(request).pk)
    value = None if hides else sheet.proposal  # what a form holds back is taken from it
    texts, focus = schema_form.reshape(sheet.task.output_schema, form, wish, value=value)
    try:
        marks = mark_form.read(request.POST.getlist(mark_form.NAME))
    except ValueError:
        marks = ()
    return _shown(request, review, Typed(texts, {}, note, "fix", marks=marks, focus=focus))


def _shown(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200) -> HttpResponse:
    """The look with what was typed in it, to whoever holds it and to nobody else: others may be blind to it."""
    if not _is_holders(request, review):
        words = "this item is not in your hands now; somebody else may have it"
        return desk_pages.lost(request, review, words, typed)
    return desk_pages.look(request, review, typed, status=status)


def _marked(request: HttpRequest, said: Said, typed: Typed) -> tuple[Said, Typed]:
    """The same with what was marked beside it; without a script all of it is shown again on the page that lists it."""
    marks = mark_form.read(request.POST.getlist(mark_form.NAME))
    typed = replace(typed, marks=marks)
    if marks and not request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        typed = replace(typed, doing="mark")
    return replace(said, marks=marks), typed


def _refused_marks(request: HttpRequest, review: Review, typed: Typed, why: str) -> HttpResponse:
    words = f"{why[:1].upper()}{why[1:]}."
    doing = typed.doing if request.htmx else "mark"  # type: ignore[attr-defined]  # as above
    return _shown(request, review, replace(typed, errors={}, doing=doing, marks_error=words), status=422)


def _next(
    request: HttpRequest, *, said: str = "", flash: bool = True, trouble: str = "", near: int = 0
) -> HttpResponse:
    """The next look: as a piece when a script asked, else by a redirect that can be reloaded."""
    user_id = access.person(request).pk
    ids = [task.task_id for task in desk_pages.shown_of(request, desk_pages.reviewed_by(request))]
    review = reviewing.take(user_id, task_ids=ids, lease_s=settings.ENV.SLIDER_REVIEW_LEASE_S, near=near)
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        if review is None:
            return _told(desk_pages.empty(request, _tasks(request), trouble=trouble), said or trouble)
        return _told(desk_pages.look(request, review, Typed(), trouble=trouble), said or trouble)
    if said and flash:
        messages.success(request, said)
    if trouble:
        messages.warning(request, trouble)
    wanted = desk_pages.wanted(request)
    empty = reverse("desk") + "?" + urlencode({"looked": 1, **({"task": wanted} if wanted else {})})
    return HttpResponseRedirect(empty if review is None else desk_pages.address_of(review.pk, request))


def _saved(request: HttpRequest, said: str = "", *, trouble: str = "", decided: Review | None = None) -> HttpResponse:
    """For a page that shows the next look already: what can be taken back now, or why that was too late."""
    response = _told(desk_pages.said_alone(request, trouble=trouble, decided=decided), said or trouble)
    response["X-Desk-Outcome"] = "late" if trouble else "saved"
    return response


def _told(response: HttpResponse, said: str) -> HttpResponse:
    """The piece with what a script has to know beside it: what happened, for the live region."""
    response["X-Desk-Said"] = json.dumps(said)  # JSON: a header holds ASCII only
    return response
