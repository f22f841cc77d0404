"""The desk for programs that act for a person: take a look, read its sheet, decide, pass on, take back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Status

from slider.api import body, finding, shapes_reviews
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.look_told import decided_told, look_told
from slider.flow import handing, marking, moves, own_answers, undo
from slider.flow import review as reviewing
from slider.flow.review import KeptAside, NotYours, Said, Unfit
from slider.models import ApiKey, MarkKind, MarkSide, Review, ReviewKind, ReviewState, Scope, Verdict, whole
from slider.queries import desk, handed

_TAG = {"tag": "Reviews"}


@call(
    "POST",
    "/reviews/next",
    Terms(Scope.REVIEW, {200: shapes_reviews.LookOut, 204: None}, takes=shapes_reviews.Ask, refuses=(404,), extra=_TAG),
)
def take(request: HttpRequest) -> Status[Any]:
    """Take the next look; 204 where there is none. Who holds one already is given that one again."""
    key = finding.key(request)
    person = finding.person(key)
    body.refuse_unknown(request)
    only = body.shaped(request, shapes_reviews.Ask).task
    hidden = desk.hidden_of(person) if only is None else set()
    tasks = [one for one in desk.tasks_of(person) if one.project_id == key.project_id and one.pk not in hidden]
    if only is not None:
        wanted = finding.task(key, only)
        tasks = [one for one in tasks if one.pk == wanted.pk]
    ids = [one.pk for one in tasks]
    review = reviewing.take(person, task_ids=ids, lease_s=settings.ENV.SLIDER_REVIEW_LEASE_S) if ids else None
    return Status(204, None) if review is None else Status(200, look_told(review, person))


@call(
    "GET",
    "/reviews/{review_id}",
    Terms(Scope.REVIEW, {200: shapes_reviews.LookOut}, refuses=(409,), extra=_TAG),
)
def show(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """The sheet of a look that this person holds, or held last while nobody else took it."""
    key = finding.key(request)
    body.refuse_unknown(request)
    review, person = _review(key, review_id), finding.person(key)
    is_last = review.state == ReviewState.OPEN and review.last_holder_id == person
    if not is_last and not (review.state == ReviewState.HELD and review.holder_id == person):
        raise Fault(409, "not_yours", f"{reviewing.who_has_it(review, person)}.".capitalize())
    return look_told(whole.looks([review.pk])[review.pk], person)


@call(
    "POST",
    "/reviews/{review_id}/decide",
    Terms(Scope.REVIEW, {200: shapes_reviews.DecidedOut}, takes=shapes_reviews.Said, extra=_TAG),
)
def decide(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """Record the verdict, once. The same again is answered alike; one that comes too late is kept aside."""
    key = finding.key(request)
    review = _review(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_reviews.Said)
    marks = tuple(
        marking.Remark(MarkKind(one.kind), one.path, MarkSide(one.side), one.start, one.end, one.reason)
        for one in wanted.marks
    )
    said = Said(Verdict(wanted.verdict), wanted.answer, wanted.reason, wanted.note, wanted.lucky, marks)
    with refusals():
        decided = reviewing.decide(
            review.pk,
            user_id=finding.person(key),
            token=wanted.token,
            said=said,
            alone=review.kind != ReviewKind.PEER,
        )
    return decided_told(decided)


@call(
    "POST",
    "/reviews/{review_id}/own",
    Terms(Scope.REVIEW, {200: shapes_reviews.LookOut, 204: None}, takes=shapes_reviews.Own, extra=_TAG),
)
def own(request: HttpRequest, review_id: str) -> Status[Any]:
    """Keep the answer that is given before the draft is shown. 204: the draft says the same, so it is accepted."""
    key = finding.key(request)
    review, person = _review(key, review_id), finding.person(key)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_reviews.Own)
    with refusals():
        looked = own_answers.say(review.pk, user_id=person, token=wanted.token, answer=wanted.answer)
    if looked.state == ReviewState.DECIDED:
        return Status(204, None)
    return Status(200, look_told(whole.looks([review.pk])[review.pk], person))


@call(
    "POST",
    "/reviews/{review_id}/skip",
    Terms(Scope.REVIEW, {204: None}, takes=shapes_reviews.Claim, extra=_TAG),
)
def skip(request: HttpRequest, review_id: str) -> Status[Any]:
    """Pass the look on to somebody else: it is not offered to this person again."""
    key = finding.key(request)
    review = _review(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_reviews.Claim)
    with refusals():
        reviewing.skip(review.pk, user_id=finding.person(key), token=wanted.token)
    return Status(204, None)


@call(
    "POST",
    "/reviews/{review_id}/give",
    Terms(Scope.REVIEW, {204: None}, takes=shapes_reviews.Give, extra=_TAG),
)
def give(request: HttpRequest, review_id: str) -> Status[Any]:
    """Hand the look on, to somebody or to anybody else, or put it before a lead; with a note."""
    key = finding.key(request)
    review = _review(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_reviews.Give)
    to = None if wanted.to is None else colleague(key, wanted.to)
    given = handing.Give(wanted.note, to=to, to_lead=wanted.to_lead)
    with refusals():
        handing.give(review.pk, given, user_id=finding.person(key), token=wanted.token)
    return Status(204, None)


@call(
    "POST",
    "/reviews/{review_id}/undo",
    Terms(Scope.REVIEW, {200: shapes_reviews.LookOut}, takes=shapes_reviews.Claim, extra=_TAG),
)
def take_back(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """Take one's own verdict back before it has any effect: the look is this person's again, under a new token."""
    key = finding.key(request)
    review, person = _review(key, review_id), finding.person(key)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_reviews.Claim)
    with refusals():
        lease_s = settings.ENV.SLIDER_REVIEW_LEASE_S
        held = undo.undo(review.pk, user_id=person, token=wanted.token, lease_s=lease_s)
    return look_told(whole.looks([held.pk])[held.pk], person)


@call(
    "POST",
    "/reviews/{review_id}/stay",
    Terms(Scope.REVIEW, {200: shapes_reviews.StayOut}, takes=shapes_reviews.Claim, extra=_TAG),
)
def stay(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """A sign of life: the look stays this person's for another lease."""
    key = finding.key(request)
    review, person = _review(key, review_id), finding.person(key)
    body.refuse_unknown(request)
    token, lease_s = body.shaped(request, shapes_reviews.Claim).token, settings.ENV.SLIDER_REVIEW_LEASE_S
    if not reviewing.stay(review.pk, user_id=person, token=token, lease_s=lease_s):
        raise Fault(409, "not_yours", "This item is not in your hands any more.")
    return {"lease_s": lease_s}


def _review(key: ApiKey, review_id: str) -> Review:
    """The look, if it is at an item of the key's project that its person may review."""
    review = desk.mine(body.identifier(review_id), finding.person(key))
    if review is None or review.task.project_id != key.project_id:
        raise not_found()
    return review


def colleague(key: ApiKey, name: str) -> int:
    """Who reviews in the key's project under this name; 0, whom nobody is, else: the flow says so in its words."""
    return {one.name: one.user_id for one in handed.colleagues(key.project_id)}.get(name, 0)


@contextmanager
def refusals() -> Iterator[None]:
    """What the flow refuses, as problems."""
    try:
        yield
    except NotYours as error:
        raise Fault(409, "not_yours", sentence(error)) from None
    except KeptAside as error:
        hint = "What you said is kept beside it as a second opinion."
        raise Fault(409, "kept_aside", sentence(error), hint=hint) from None
    except undo.TooLate as error:
        raise Fault(409, "too_late", sentence(error)) from None
    except moves.Lost:
        words = "The item was withdrawn meanwhile; nothing is owed for it."
        raise Fault(409, "withdrawn", words) from None
    except handing.Unfit as error:
        raise Fault(422, "unfit", sentence(error), where=f"/{error.where}") from None
    except Unfit as error:
        fields = ("verdict", "reason", "note", "marks", "own")
        where = f"/{error.where}" if error.where in fields else f"/answer{error.where}"
        raise Fault(422, "unfit", sentence(error), where=where) from None


def sentence(error: Exception) -> str:
    """What a flow says, as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith(".") else ".")
