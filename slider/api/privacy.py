"""A task's privacy: its rules and when contents go; what is held under an id; and an item that is erased."""

from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, Field

from slider import redaction
from slider.api import body, finding, shapes
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import Shape
from slider.flow import erasing, setup, subjects
from slider.models import Cause, Emptied, Item, Scope, Task, fitting
from slider.queries import privacy, subject
from slider.redaction import DETECTORS, Rules, RulesError

_TAG = {"tag": "Privacy"}


class OwnPattern(BaseModel):
    """A pattern in RE2's syntax; what it finds becomes [NAME_1] and so on."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(max_length=20, examples=["CUSTOMER"])
    pattern: str = Field(max_length=500, examples=[r"\bC-\d{6}\b"])


class Redaction(BaseModel):
    """What a model does not get to see. Fields are JSON pointers into an item, in which a step may be `*`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    left_out: list[str] = Field([], max_length=100, examples=[["/birthday"]])
    masked: list[str] = Field([], max_length=100, examples=[["/customer/name", "/lines/*/note"]])
    detect: list[Literal[DETECTORS]] = Field([], max_length=4, examples=[["email", "iban"]])  # type: ignore[valid-type]
    patterns: list[OwnPattern] = Field([], max_length=20)


class Privacy(BaseModel):
    """A task's rules, whole. Other rules of redaction start the evidence anew; `contents_days` null: nothing goes."""

    model_config = ConfigDict(extra="forbid", strict=True)
    redaction: Redaction
    contents_days: int | None = Field(..., ge=1, le=3650, examples=[90])


class PrivacyOut(Shape):
    """A task's rules, and how far its retention is. `kept`: past their day, and something is still owed for them."""

    redaction: Redaction
    contents_days: int | None
    emptied: int
    kept: int
    erased: int


class Trial(BaseModel):
    """Rules to be tried on an item; nothing is saved. `item` null: the newest."""

    model_config = ConfigDict(extra="forbid", strict=True)
    redaction: Redaction
    item: int | None = Field(None, ge=1, le=2**63 - 1)


class TrialOut(Shape):
    """An item as a model would get it, and how often what was masked or left out, by kind."""

    item: int
    sent: Any = Field(examples=[{"text": "write to [EMAIL_1]"}])
    masked: dict[str, int] = Field(examples=[{"email": 1}])


class Erasure(BaseModel):
    """Who asked for it and why: it stands in the log for good, so name a letter or a ticket, and nobody."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: str = Field(min_length=1, max_length=250, examples=["asked for by letter of 3 May"])


class ErasedOut(Shape):
    """An erased item: what is left of it are numbers."""

    item: int
    erased_at: shapes.Moment


class Subject(BaseModel):
    """The external id that somebody asks about."""

    model_config = ConfigDict(extra="forbid", strict=True)
    external_id: str = Field(min_length=1, max_length=255, examples=["order-1001"])


class SubjectOut(Shape):
    """All that is held under an id, task by task; null when the call is told again by its Idempotency-Key."""

    external_id: str
    project: str
    made_at: shapes.Moment
    items: list[dict[str, Any]] | None


@call("GET", "/tasks/{task}/privacy", Terms(Scope.ADMINISTER, {200: PrivacyOut}, extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """What of a task's items may leave for a model, and when their contents go."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return _told(found)


@call("PUT", "/tasks/{task}/privacy", Terms(Scope.ADMINISTER, {200: PrivacyOut}, takes=Privacy, extra=_TAG))
def change(request: HttpRequest, task: str) -> dict[str, Any]:
    """Put other rules into force. No call begins under the old ones any more."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, Privacy)
    rules = _rules(wanted.redaction, found)
    try:
        setup.save_privacy(found, redaction=rules.to_json(), contents_days=wanted.contents_days, by=finding.person(key))
    except ValidationError as error:
        raise Fault(422, "unfit", error.messages[0]) from None
    return _told(found)


@call("POST", "/tasks/{task}/privacy/preview", Terms(Scope.ADMINISTER, {200: TrialOut}, takes=Trial, extra=_TAG))
def preview(request: HttpRequest, task: str) -> dict[str, Any]:
    """An item as a model would get it under these rules."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, Trial)
    shown = privacy.preview(found, _rules(wanted.redaction, found), wanted.item)
    if shown is None:
        raise Fault(422, "no_item", "There is no such item in this task that still holds something.", where="/item")
    return {"item": shown.item.pk, "sent": shown.sent, "masked": shown.counts}


@call("POST", "/items/{item_id}/erase", Terms(Scope.ADMINISTER, {200: ErasedOut}, takes=Erasure, extra=_TAG))
def erase(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """Erase an item and all that was made of it. Said twice, it is done once."""
    key = finding.key(request)
    found = Item.objects.filter(pk=body.identifier(item_id), task__project=key.project_id).first()
    if found is None:
        raise not_found()
    body.refuse_unknown(request)
    wanted = body.shaped(request, Erasure)
    try:
        erasing.erase(found.pk, by=finding.person(key), words=wanted.reason)
    except erasing.Unfit as error:
        raise Fault(422, "unfit", f"{str(error)[:1].upper()}{str(error)[1:]}.", where="/reason") from None
    except erasing.Gone:
        pass
    return {"item": found.pk, "erased_at": Emptied.objects.get(pk=found.pk, cause=Cause.REQUEST).at}


@call("POST", "/subjects", Terms(Scope.ADMINISTER, {200: SubjectOut}, takes=Subject, once=("items",), extra=_TAG))
def held(request: HttpRequest) -> dict[str, Any]:
    """All that is held under an external id, in every task of the project. That it was asked stands in the log."""
    key = finding.key(request)
    body.refuse_unknown(request)
    wanted = body.shaped(request, Subject)
    found = subject.find(key.project, wanted.external_id)
    items = [one.item for one in found]
    subjects.told(key.project, wanted.external_id, items, by=finding.person(key), how={"format": "api", "key": key.pk})
    return subject.document(key.project, wanted.external_id, found)


def _told(task: Task) -> dict[str, Any]:
    stands = privacy.retention(task)
    rules = redaction.read(task.redaction)
    lists = {"left_out": [], "masked": [], "detect": [], "patterns": []} | rules.to_json()
    counts = {"emptied": stands.gone, "kept": stands.kept, "erased": stands.erased}
    return {"redaction": lists, "contents_days": task.contents_days} | counts


def _rules(wanted: Redaction, task: Task) -> Rules:
    try:
        rules = redaction.read(wanted.model_dump())
    except RulesError as error:
        raise Fault(422, "unfit", f"{error.message}.", where=f"/redaction{error.where}") from None
    for name, pointers in (("left_out", rules.left_out), ("masked", rules.masked)):
        for place, pointer in enumerate(pointers):
            if words := fitting.nowhere(pointer, task.input_schema):
                raise Fault(422, "unfit", words, where=f"/redaction/{name}/{place}")
    return rules
