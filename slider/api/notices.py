"""Notices: what was told about sliders, of a task or to the key's person, and putting one away."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Status
from pydantic import Field

from slider.api import body, cursors, finding, shapes
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import not_found
from slider.api.shapes import Shape
from slider.flow import notices as flow
from slider.models import Notice, NoticeKind, Scope
from slider.queries import notices

_TAG = {"tag": "Notices"}


class NoticeOut(Shape):
    """A notice. `facts`: the numbers behind the words; `seen` is null for a key of nobody."""

    id: int
    task: str = Field(examples=["sort-messages"])
    kind: Literal[tuple(str(one) for one in NoticeKind)] = Field(examples=["pulled_back"])  # type: ignore[valid-type]
    words: str
    facts: dict[str, Any]
    grave: bool
    policy: int | None
    who: str = Field(examples=["the guard"])
    at: shapes.Moment
    seen: bool | None


class NoticesOut(Shape):
    """A page of a task's notices, newest first; `next` is null on the last page."""

    notices: list[NoticeOut]
    next: str | None


class NewsOut(Shape):
    """What the key's person has to hear of and has not put away: the newest, and how many more there are."""

    notices: list[NoticeOut]
    more: int


@call("GET", "/tasks/{task}/notices", Terms(Scope.READ, {200: NoticesOut}, "see", queries=PAGED, extra=_TAG))
def past(request: HttpRequest, task: str) -> dict[str, Any]:
    """What was told about a task's slider. To who only reviews nothing is told that speaks of audits."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"notices {found.pk}")
    before, blind = place[0] if place else None, finding.is_blind(key)
    page = notices.past(found, key.person_id or 0, blind=blind, before=before, most=limit)
    named = {one.pk: None if key.person_id is None else one.pk not in page.unseen for one in page.notices}
    return {
        "notices": [_told(one, found.slug, is_seen=named[one.pk]) for one in page.notices],
        "next": cursors.make(purpose, page.older) if page.older else None,
    }


@call("GET", "/notices", Terms(Scope.READ, {200: NewsOut}, "see", extra=_TAG))
def news(request: HttpRequest) -> dict[str, Any]:
    """What the key's person has to hear of in its project, by their right. It takes a key that acts for a person."""
    key = finding.key(request)
    finding.person(key)
    body.refuse_unknown(request)
    assert key.person is not None
    banners = notices.unseen(key.person, project=key.project)
    return {"notices": [_told(one, one.task.slug, is_seen=False) for one in banners.notices], "more": banners.more}


@call("POST", "/notices/{notice_id}/seen", Terms(Scope.READ, {204: None}, "see", extra=_TAG))
def seen(request: HttpRequest, notice_id: str) -> Status[Any]:
    """Put a notice away for the key's person alone; again is no harm."""
    key = finding.key(request)
    user_id, number = finding.person(key), body.identifier(notice_id)
    told = notices.addressed(key.person) if key.person else None
    if told is None or not told.filter(pk=number, task__project=key.project_id).exists():
        raise not_found()
    body.refuse_unknown(request)
    flow.see(number, user_id=user_id)
    return Status(204, None)


def _told(one: Notice, task: str, *, is_seen: bool | None) -> dict[str, Any]:
    same = {name: getattr(one, name) for name in ("kind", "words", "facts", "policy", "who")}
    return same | {"id": one.pk, "task": task, "grave": one.is_grave, "at": one.created_at, "seen": is_seen}
