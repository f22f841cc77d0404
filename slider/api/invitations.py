"""Invitations to a project: listed without their links, made, and withdrawn."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.urls import reverse
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, cursors, finding, shapes
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import RoleName, Shape
from slider.flow import account_letters, invitations
from slider.models import Invitation, Role, Scope
from slider.queries import ways_in

_TAG = {"tag": "Project and people"}


class NewInvitation(BaseModel):
    """With an `email` it lets in nobody but its owner; without, whoever has the link. Once, for so many `days`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: RoleName = Field(examples=["reviewer"])
    email: str = Field("", max_length=254, examples=["anna@example.org"])
    days: int = Field(7, ge=1, le=30)


class InvitationOut(Shape):
    """An open invitation, without its link. Past `expires_at` it lets nobody in."""

    id: int
    role: RoleName = Field(examples=["reviewer"])
    email: str = Field(examples=["anna@example.org"])
    made_by: str = Field(examples=["ben"])
    created_at: shapes.Moment
    expires_at: shapes.Moment


class InvitationsOut(Shape):
    """A page of open invitations, newest first; `next` is null on the last page."""

    invitations: list[InvitationOut]
    next: str | None


class MadeInvitationOut(InvitationOut):
    """A new invitation. `link` is shown this once, and null when the call is told again by its Idempotency-Key."""

    mailed: bool = Field(description="Whether its link goes to the address by mail.")
    link: str | None = Field(examples=["https://slider.example.org/invitations/..."])


@call("GET", "/invitations", Terms(Scope.ADMINISTER, {200: InvitationsOut}, queries=PAGED, extra=_TAG))
def list_invitations(request: HttpRequest) -> dict[str, Any]:
    """The invitations that are open: neither accepted nor withdrawn."""
    key = finding.key(request)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"invitations {key.project_id}")
    rows = ways_in.invitations(key.project, before=place[0] if place else None, most=limit + 1)
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    return {"invitations": [_told(one) for one in rows[:limit]], "next": following}


@call(
    "POST",
    "/invitations",
    Terms(Scope.ADMINISTER, {201: MadeInvitationOut}, takes=NewInvitation, once=("link",), extra=_TAG),
)
def invite(request: HttpRequest) -> Status[Any]:
    """Invite somebody; whoever gets the link may come in once."""
    key = finding.key(request)
    body.refuse_unknown(request)
    wanted = body.shaped(request, NewInvitation)
    email = wanted.email.strip()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Fault(422, "unfit", "That is no e-mail address.", where="/email") from None
    made = invitations.make(key.project, role=Role(wanted.role), email=email, days=wanted.days, by=finding.person(key))
    made.refresh_from_db()
    site = "" if settings.ENV.SLIDER_ADDRESS else f"{request.scheme}://{request.get_host()}"
    link = site + account_letters.link(reverse("invitation", args=[made.token]))
    return Status(201, _told(made) | {"mailed": bool(email and settings.ENV.sends_mail), "link": link})


@call("DELETE", "/invitations/{invitation_id}", Terms(Scope.ADMINISTER, {204: None}, refuses=(409,), extra=_TAG))
def withdraw(request: HttpRequest, invitation_id: str) -> Status[Any]:
    """End an invitation; once more does nothing. 409 where somebody came in by it."""
    number = body.identifier(invitation_id)
    found = Invitation.objects.filter(pk=number, project=finding.key(request).project_id).first()
    if found is None:
        raise not_found()
    body.refuse_unknown(request)
    if not invitations.withdraw(found):
        found.refresh_from_db()
        if found.accepted_at is not None:
            raise Fault(409, "over", "It was accepted already: take the person out instead.")
    return Status(204, None)


def _told(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.pk,
        "role": one.role,
        "email": one.email,
        "made_by": one.made_by.get_username(),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
    }
