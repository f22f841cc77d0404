"""Items are taken back, and results that have left are corrected."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, finding, reading, shapes
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import Shape
from slider.flow import corrections as correcting
from slider.flow import intake, moves
from slider.flow.review import Said, Unfit
from slider.flow.undo import TooLate
from slider.models import ApiKey, Correction, Item, Scope, Verdict
from slider.queries import corrections
from slider.queries import items as reads

_TAG = {"tag": "Items and results"}


class Withdrawal(BaseModel):
    """Why an item is taken back."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: str = Field(min_length=1, max_length=250, examples=["the customer has called"])


class NewCorrection(BaseModel):
    """Another answer than the one that has left, or that it was wrong. `reason` is one of the task's codes."""

    model_config = ConfigDict(extra="forbid", strict=True)
    verdict: Literal["fix", "reject"]
    answer: Any = Field(None, examples=[{"topic": "refund", "urgent": False}])
    reason: str = Field(max_length=40, examples=["wrong"])
    note: str = Field("", max_length=5000)


class CorrectionOut(Shape):
    """A correction and its number among the item's results; it can be taken back until `undo_until`."""

    id: int
    item: int
    number: int = Field(examples=[2])
    verdict: str = Field(examples=["fix"])
    undo_until: shapes.Moment


@call(
    "POST",
    "/items/{item_id}/withdraw",
    Terms(Scope.INTAKE, {200: shapes.ItemOut}, takes=Withdrawal, extra=_TAG),
)
def withdraw(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """Take an item back that is not final yet: nothing is owed for it."""
    key = finding.key(request)
    found = _item(key, item_id)
    body.refuse_unknown(request)
    reason = " ".join(body.shaped(request, Withdrawal).reason.split())
    if not reason:
        raise Fault(422, "unfit", "Say why: whoever reads the story later needs the reason.", where="/reason")
    try:
        intake.withdraw(found.pk, by=key.person_id, reason=f"withdrawn: {reason}")
    except moves.Lost:
        words = "It is final by now: a result that is out can't be taken back."
        raise Fault(409, "final", words) from None
    found.refresh_from_db()
    return reading.item_told(found)


@call(
    "POST",
    "/items/{item_id}/corrections",
    Terms(Scope.REVIEW, {201: CorrectionOut}, takes=NewCorrection, extra=_TAG),
)
def correct(request: HttpRequest, item_id: str) -> Status[Any]:
    """Publish a correction of the result that holds, beside a history that stays."""
    key = finding.key(request)
    found = _item(key, item_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, NewCorrection)
    hidden = finding.is_blind(key) and reads.is_looked_at(found.pk)
    if hidden or corrections.holds(found) is None:
        raise Fault(409, "not_out", "There is no result to correct: people have to decide it first.")
    said = Said(Verdict(wanted.verdict), wanted.answer, wanted.reason, wanted.note)
    try:
        made = correcting.correct(found.pk, user_id=finding.person(key), said=said)
    except correcting.NotOut as error:
        raise Fault(409, "not_out", f"{error}.") from None
    except Unfit as error:
        raise Fault(422, "unfit", f"{error}.", where=_place(error.where)) from None
    told = {"id": made.pk, "item": found.pk, "number": made.number}
    return Status(201, told | {"verdict": made.verdict, "undo_until": made.undo_until})


@call(
    "DELETE",
    "/items/{item_id}/corrections/{correction_id}",
    Terms(Scope.REVIEW, {204: None}, refuses=(409,), extra=_TAG),
)
def uncorrect(request: HttpRequest, item_id: str, correction_id: str) -> Status[Any]:
    """Take one's own correction back before it leaves."""
    key = finding.key(request)
    found, number = _item(key, item_id), body.identifier(correction_id)
    body.refuse_unknown(request)
    if not Correction.objects.filter(pk=number, item=found).exists():
        raise not_found()
    try:
        correcting.undo(number, user_id=finding.person(key))
    except TooLate as error:
        raise Fault(409, "too_late", f"The correction stays: {error}.") from None
    return Status(204, None)


def _item(key: ApiKey, item_id: str) -> Item:
    number = body.identifier(item_id)
    found = Item.objects.select_related("task").filter(pk=number, task__project=key.project_id).first()
    if found is None:
        raise not_found()
    return found


def _place(where: str) -> str:
    """A pointer into the answer, or a field of the body."""
    return f"/{where}" if where in ("verdict", "reason", "note") else f"/answer{where}"
