"""The lead's page: who works on what, what waits, when it is done; looks released and given to people; flags."""

from math import isfinite
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Status

from slider.api import body, finding, reviews
from slider.api import shapes_lead as forms
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.look_told import look_told
from slider.api.shapes_reviews import LookOut
from slider.engine.forecast import Forecast, Range
from slider.flow import flags as flagging
from slider.flow import handing
from slider.flow import release as releasing
from slider.models import BESIDE, ApiKey, Item, Review, Scope, whole
from slider.queries import clock, flags, handed, lead

_TAG = {"tag": "Leading"}


@call("GET", "/tasks/{task}/lead", Terms(Scope.LEAD, {200: forms.LeadOut}, extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """Who holds what and how fast people are, what waits and since when, and when it will be done."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    waits = lead.waits(found)
    outlook = lead.outlook(found, waits, now=clock.now())
    paces = ("who", "last_hour", "today", "seconds", "newest")
    counts = ("waiting", "anybody", "assigned", "for_lead", "held", "behind", "to_settle", "oldest", "hours")
    return {
        "held": [_held(one) for one in lead.held(found)],
        "paces": [{name: getattr(one, name) for name in paces} for one in lead.paces(found.pk)],
        "waits": {name: getattr(waits, name) for name in counts},
        "forecast": None if outlook.found is None else _forecast(outlook.found),
        "missing": outlook.missing,
        "staffed_a_day": outlook.staffed_a_day,
        "staffed_by": "settings" if outlook.is_said else "measured",
        "spells": [
            {"gives_way": one.policy, "words": one.words, "began_at": one.began_at, "ended_at": one.ended_at}
            for one in lead.spells(found)
        ],
    }


@call("POST", "/reviews/{review_id}/release", Terms(Scope.LEAD, {204: None}, takes=forms.ReleaseLook, extra=_TAG))
def release(request: HttpRequest, review_id: str) -> Status[Any]:
    """Take a look out of somebody's hands; it is open to everybody again, and the story says who did it and why."""
    key = finding.key(request)
    look = _look(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.ReleaseLook)
    try:
        releasing.release(look.pk, token=wanted.token, by=finding.person(key), words=wanted.reason)
    except releasing.Unfit as error:
        raise Fault(422, "unfit", str(error), where="/reason") from None
    except releasing.Gone as error:
        raise Fault(409, "not_held", reviews.sentence(error)) from None
    return Status(204, None)


@call("GET", "/items/{item_id}/looks", Terms(Scope.LEAD, {200: forms.OwedLooksOut}, extra=_TAG))
def owed(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """The looks at an item that can be given to somebody, and whose they are."""
    key = finding.key(request)
    found = Item.objects.filter(pk=body.identifier(item_id), task__project=key.project_id).first()
    if found is None:
        raise not_found()
    body.refuse_unknown(request)
    looks = [
        {
            "id": one.review_id,
            "holder": one.holder or None,
            "assignee": one.assignee or None,
            "for_lead": one.for_lead,
            "skills": list(one.skills),
        }
        for one in handed.owed(found.pk)
    ]
    return {"looks": looks}


@call("POST", "/reviews/{review_id}/assign", Terms(Scope.LEAD, {204: None}, takes=forms.Assign, extra=_TAG))
def assign(request: HttpRequest, review_id: str) -> Status[Any]:
    """Give a look to one person, who alone can take it then, or back to everybody. Whoever holds it loses it."""
    key = finding.key(request)
    look = _look(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.Assign)
    to = None if wanted.to is None else reviews.colleague(key, wanted.to)
    with reviews.refusals():
        handing.assign(look.pk, to=to, by=finding.person(key), note=wanted.note)
    return Status(204, None)


@call("GET", "/tasks/{task}/flags", Terms(Scope.LEAD, {200: forms.FlagsOut}, extra=_TAG))
def list_flags(request: HttpRequest, task: str) -> dict[str, Any]:
    """What was put before a lead and is not answered yet."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return {
        "flags": [
            {
                "id": one.review_id,
                "item": one.item_id,
                "title": one.title,
                "who": one.who,
                "at": one.at,
                "note": one.note,
                "holder": one.holder or None,
            }
            for one in flags.standing(found)
        ]
    }


@call("POST", "/reviews/{review_id}/flag/answer", Terms(Scope.REVIEW, {200: LookOut}, "lead", extra=_TAG))
def answer(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """Take a look that was flagged, out of its turn; it is this person's, to decide as any other."""
    key = finding.key(request)
    look, person = _look(key, review_id), finding.person(key)
    body.refuse_unknown(request)
    try:
        flagging.answer(look.pk, by=person, lease_s=settings.ENV.SLIDER_REVIEW_LEASE_S)
    except flagging.Gone as error:
        raise Fault(409, "no_flag", reviews.sentence(error)) from None
    except flagging.Barred as error:
        raise Fault(409, "barred", reviews.sentence(error)) from None
    return look_told(whole.looks([look.pk])[look.pk], person)


@call("POST", "/reviews/{review_id}/flag/take-off", Terms(Scope.LEAD, {204: None}, takes=forms.TakeOff, extra=_TAG))
def take_off(request: HttpRequest, review_id: str) -> Status[Any]:
    """Take the flag off: the look is open to everybody again, with a note for whoever takes it next."""
    key = finding.key(request)
    look = _look(key, review_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.TakeOff)
    try:
        with reviews.refusals():
            flagging.take_off(look.pk, by=finding.person(key), note=wanted.note)
    except flagging.Gone as error:
        raise Fault(409, "no_flag", reviews.sentence(error)) from None
    return Status(204, None)


def _look(key: ApiKey, review_id: str) -> Review:
    """A look of the key's project. Of looks at the reviewers only those that somebody has had in hands exist."""
    looks = Review.objects.filter(pk=body.identifier(review_id), task__project=key.project_id)
    found = looks.exclude(kind__in=BESIDE, token=0).first()
    if found is None:
        raise not_found()
    return found


def _held(one: lead.Held) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("token", "title", "who", "since", "until")}
    return told | {"id": one.review_id, "item": one.item_id}


def _forecast(found: Forecast) -> dict[str, Any]:
    ranges = {name: _range(getattr(found, name)) for name in ("empty_h", "work_h", "daily_h")}
    return ranges | {"level": lead.LEVEL, "chance_never": found.chance_never}


def _range(one: Range) -> dict[str, float | None]:
    told = {name: float(getattr(one, name)) for name in ("low", "middle", "high")}
    return {name: value if isfinite(value) else None for name, value in told.items()}
