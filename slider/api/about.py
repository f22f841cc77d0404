"""Whose key it is and what it may; the people of its project and what they know."""

from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, finding, shapes
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import Shape
from slider.flow import handing
from slider.models import ApiKey, Membership, Scope, skills
from slider.models.project import RIGHTS
from slider.queries import people

_TAG = {"tag": "Project and people"}


class ProjectOut(Shape):
    """The project that a key belongs to."""

    slug: str = Field(examples=["support-desk"])
    name: str = Field(examples=["Support desk"])


class MeOut(Shape):
    """A key as it is now. `may` are the rights that its scopes and its person's role both give."""

    key: str = Field(description="Its name.", examples=["nightly run"])
    project: ProjectOut
    scopes: list[str] = Field(examples=[["read"]])
    person: str | None = Field(description="Whom it acts for; null: for nobody.", examples=["anna"])
    role: str | None = Field(examples=["tuner"])
    may: list[str] = Field(examples=[["see items"]])
    expires_at: shapes.Moment | None


class MemberOut(Shape):
    """One person of a project. `reviews`: whether their role lets them."""

    id: int
    name: str = Field(examples=["anna"])
    role: str = Field(examples=["Reviewer"])
    reviews: bool
    skills: list[str] = Field(examples=[["german"]])


class MembersOut(Shape):
    """Everybody of a project who can sign in, by name."""

    members: list[MemberOut]


class Skills(BaseModel):
    """What somebody knows: all of it, in place of what was known before."""

    model_config = ConfigDict(extra="forbid", strict=True)
    skills: list[str] = Field(max_length=skills.MOST, examples=[["german", "legal"]])


@call("GET", "/me", Terms(None, {200: MeOut}, extra=_TAG))
def me(request: HttpRequest) -> dict[str, Any]:
    """The key that asks: its project, whom it acts for, and what it may."""
    body.refuse_unknown(request)
    key = finding.key(request)
    return {
        "key": key.name,
        "project": {"slug": key.project.slug, "name": key.project.name},
        "scopes": key.scopes,
        "person": key.person.get_username() if key.person else None,
        "role": key.role or None,
        "may": _may(key),
        "expires_at": key.expires_at,
    }


def _may(key: ApiKey) -> list[str]:
    given = {verb for scope in key.scopes for verb in _VERBS_OF[scope]}
    return sorted(given if key.person_id is None else given & RIGHTS[key.role])


_VERBS_OF: dict[str, frozenset[str]] = {
    Scope.INTAKE: frozenset({"intake"}),
    Scope.READ: frozenset({"see", "see items"}),
    Scope.EXPORT: frozenset({"export"}),
    Scope.REVIEW: frozenset({"review"}),
    Scope.STEER: frozenset({"steer", "pull back"}),
    Scope.EDIT: frozenset({"edit task"}),
    Scope.LEAD: frozenset({"lead"}),
    Scope.ADMINISTER: frozenset({"administer", "operate", "see log"}),
}


@call("GET", "/members", Terms(Scope.LEAD, {200: MembersOut}, extra=_TAG))
def members(request: HttpRequest) -> dict[str, Any]:
    """Everybody of the project: role, and what they know."""
    body.refuse_unknown(request)
    return {"members": [_member(one) for one in people.members(finding.key(request).project)]}


def _member(one: people.Member) -> dict[str, Any]:
    return {
        "id": one.user_id,
        "name": one.name,
        "role": one.role,
        "reviews": one.reviews,
        "skills": list(one.skills),
    }


@call("PUT", "/members/{member_id}/skills", Terms(Scope.LEAD, {200: MemberOut}, takes=Skills, extra=_TAG))
def teach(request: HttpRequest, member_id: str) -> dict[str, Any]:
    """Say what somebody knows; it holds for what waits already, too."""
    project, user_id = finding.key(request).project, body.identifier(member_id)
    member = Membership.objects.filter(project=project, user_id=user_id, user__is_active=True).first()
    if member is None:
        raise not_found()
    body.refuse_unknown(request)
    wanted = body.shaped(request, Skills).skills
    known = skills.listed(wanted)
    if len(known) != len({skills.named(one) for one in wanted}):
        raise Fault(422, "unfit", "A skill is a word of 1 to 40 characters.", where="/skills")
    handing.teach(member.pk, known)
    return next(_member(one) for one in people.members(project) if one.user_id == user_id)
