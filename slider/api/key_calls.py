"""The keys of a project: listed, made for programs, and revoked. A key that acts for a person is made by them alone."""

from datetime import timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, cursors, finding, shapes
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import not_found
from slider.api.shapes import Shape
from slider.flow import keys
from slider.models import OF_PROGRAMS, ApiKey, Scope

_TAG = {"tag": "Keys"}


class NewKey(BaseModel):
    """A key for a program. `days` null: it holds until it is revoked."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(min_length=1, max_length=80, pattern=r"\S", examples=["crm"])
    scopes: list[Literal[tuple(str(one) for one in OF_PROGRAMS)]] = Field(  # type: ignore[valid-type]
        min_length=1, max_length=3, examples=[["intake", "read"]]
    )
    days: int | None = Field(365, ge=1, le=3650)


class KeyOut(Shape):
    """A key without its secret. `person`: whom it acts for."""

    id: int
    name: str = Field(examples=["crm"])
    prefix: str = Field(examples=["1a2b3c4d"])
    scopes: list[str] = Field(examples=[["intake", "read"]])
    person: str | None = Field(examples=["anna"])
    created_by: str = Field(examples=["anna"])
    created_at: shapes.Moment
    expires_at: shapes.Moment | None
    revoked_at: shapes.Moment | None
    last_used_at: shapes.Moment | None


class KeysOut(Shape):
    """A page of keys, newest first; `next` is null on the last page."""

    keys: list[KeyOut]
    next: str | None


class MadeOut(KeyOut):
    """A new key. `key` is shown this once, and null when the call is told again by its Idempotency-Key."""

    key: str | None = Field(examples=["sl_1a2b3c4d_..."])


@call("GET", "/keys", Terms(Scope.ADMINISTER, {200: KeysOut}, queries=PAGED, extra=_TAG))
def list_keys(request: HttpRequest) -> dict[str, Any]:
    """The project's keys, revoked ones among them."""
    key = finding.key(request)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"keys {key.project_id}")
    found = ApiKey.objects.filter(project=key.project_id).select_related("person", "created_by").order_by("-pk")
    if place:
        found = found.filter(pk__lt=place[0])
    rows = list(found[: limit + 1])
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    return {"keys": [_told(one) for one in rows[:limit]], "next": following}


@call("POST", "/keys", Terms(Scope.ADMINISTER, {201: MadeOut}, takes=NewKey, once=("key",), extra=_TAG))
def make(request: HttpRequest) -> Status[Any]:
    """Make a key for a program."""
    key = finding.key(request)
    body.refuse_unknown(request)
    wanted = body.shaped(request, NewKey)
    made = keys.make(
        key.project,
        name=wanted.name.strip(),
        scopes=[Scope(one) for one in dict.fromkeys(wanted.scopes)],
        expires_at=timezone.now() + timedelta(days=wanted.days) if wanted.days else None,
        by=finding.person(key),
    )
    made.key.refresh_from_db()
    return Status(201, _told(made.key) | {"key": made.whole})


@call("DELETE", "/keys/{key_id}", Terms(Scope.ADMINISTER, {204: None}, extra=_TAG))
def revoke(request: HttpRequest, key_id: str) -> Status[Any]:
    """End a key at once; one that has ended stays so."""
    number = body.identifier(key_id)
    found = ApiKey.objects.filter(pk=number, project=finding.key(request).project_id).first()
    if found is None:
        raise not_found()
    body.refuse_unknown(request)
    keys.revoke(found)
    return Status(204, None)


def _told(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "person": key.person.get_username() if key.person else None,
        "created_by": key.created_by.get_username(),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
