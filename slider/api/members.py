"""The people of a project for its admins: roles given and taken, people switched off and on again."""

from typing import Any

from django.http import HttpRequest
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, finding
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import RoleName, Shape
from slider.flow import members, persons
from slider.models import Membership, Role, Scope
from slider.queries import charge, ways_in

_TAG = {"tag": "Project and people"}
_ONE = "/members/{member_id}"


class NewRole(BaseModel):
    """What somebody is from now on."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: RoleName = Field(examples=["reviewer"])


class Switch(BaseModel):
    """Whether somebody may sign in."""

    model_config = ConfigDict(extra="forbid", strict=True)
    active: bool = Field(examples=[False])


class SeatOut(Shape):
    """One person of a project as its admins see them. `active`: whether they may sign in."""

    id: int
    name: str = Field(examples=["anna"])
    email: str = Field(examples=["anna@example.org"])
    role: RoleName = Field(examples=["reviewer"])
    active: bool
    second_step: bool = Field(description="Whether an app or a passkey is asked for beside the password.")


class SeatsOut(Shape):
    """Everybody of a project, by name, also who is switched off."""

    seats: list[SeatOut]


class OneSeatOut(SeatOut):
    """One person with what to know before they are switched off; of this project alone."""

    held: int = Field(description="Looks in their hands now.")
    places: int = Field(description="Where they are signed in.")
    keys: list[int] = Field(description="Keys that they made and that still hold; they go on without them.")
    why_not: str = Field(description="Why this key's person may not switch them off; empty: they may.", examples=[""])


class SwitchedOut(SeatOut):
    """A person after the switch. `freed`: looks that are open to others again."""

    freed: int


@call("GET", "/seats", Terms(Scope.ADMINISTER, {200: SeatsOut}, extra=_TAG))
def seats(request: HttpRequest) -> dict[str, Any]:
    """Everybody of the project, also who is switched off."""
    body.refuse_unknown(request)
    return {"seats": [_told(one) for one in ways_in.seats(finding.key(request).project)]}


@call("GET", _ONE, Terms(Scope.ADMINISTER, {200: OneSeatOut}, extra=_TAG))
def show(request: HttpRequest, member_id: str) -> dict[str, Any]:
    """One person: role, keys, what they hold."""
    member = _found(request, member_id)
    body.refuse_unknown(request)
    known = ways_in.whole(member.user, projects=[member.project_id])
    return _seat(member) | {
        "held": known.held,
        "places": known.places,
        "keys": [one.pk for one in known.keys],
        "why_not": _why_not(request, member),
    }


@call("PUT", f"{_ONE}/role", Terms(Scope.ADMINISTER, {200: SeatOut}, takes=NewRole, refuses=(409,), extra=_TAG))
def change_role(request: HttpRequest, member_id: str) -> dict[str, Any]:
    """Give somebody another role; what they may not do any more is open to others at once."""
    member = _found(request, member_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, NewRole)
    try:
        members.change_role(member, Role(wanted.role))
    except members.Last as last:
        raise _last(last) from None
    return _seat(member)


@call("DELETE", _ONE, Terms(Scope.ADMINISTER, {204: None}, refuses=(409,), extra=_TAG))
def remove(request: HttpRequest, member_id: str) -> Status[Any]:
    """Take somebody out of the project; what they held there is open to others at once."""
    member = _found(request, member_id)
    body.refuse_unknown(request)
    try:
        members.remove(member)
    except members.Last as last:
        raise _last(last) from None
    return Status(204, None)


@call("PUT", f"{_ONE}/active", Terms(Scope.ADMINISTER, {200: SwitchedOut}, takes=Switch, refuses=(409,), extra=_TAG))
def switch(request: HttpRequest, member_id: str) -> dict[str, Any]:
    """Switch somebody off, in all their projects, or on again; for whoever administers all of these."""
    member = _found(request, member_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, Switch)
    if words := _why_not(request, member):
        raise Fault(403, "not_in_charge", words)
    freed = 0
    try:
        if wanted.active:
            persons.activate(member.user)
        else:
            freed = persons.deactivate(member.user)
    except members.Last as last:
        raise _last(last) from None
    return _seat(member) | {"freed": freed}


def _found(request: HttpRequest, member_id: str) -> Membership:
    found = Membership.objects.filter(project=finding.key(request).project_id, user_id=body.identifier(member_id))
    member = found.select_related("user", "project").first()
    if member is None:
        raise not_found()
    return member


def _why_not(request: HttpRequest, member: Membership) -> str:
    key = finding.key(request)
    finding.person(key)
    assert key.person is not None
    return charge.why_not(key.person, member.user)


def _seat(member: Membership) -> dict[str, Any]:
    seat = next((one for one in ways_in.seats(member.project) if one.user_id == member.user_id), None)
    if seat is None:
        raise not_found()  # somebody took them out meanwhile
    return _told(seat)


def _told(seat: ways_in.Seat) -> dict[str, Any]:
    return {
        "id": seat.user_id,
        "name": seat.name,
        "email": seat.email,
        "role": seat.role,
        "active": seat.is_active,
        "second_step": seat.has_second_step,
    }


def _last(last: members.Last) -> Fault:
    return Fault(409, "last_admin", str(last))
