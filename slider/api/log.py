"""The log, the project's or the site's own: entries behind a cursor, the head of its chains, all of it as a file."""

import json
import re
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from pydantic import Field

from slider import strict
from slider.api import body, calls, cursors, finding, shapes
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import Fault
from slider.api.shapes import Shape
from slider.flow import log as writing
from slider.models import Kind, Project, Scope
from slider.queries import chain, log
from slider.queries.log import Filter

_DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LINES = "application/x-ndjson"
_TAG: dict[str, Any] = {"tag": "Log"}
_FILE = _TAG | {"responses": {200: {"description": "The file.", "content": {_LINES: {"schema": {"type": "string"}}}}}}
_DAY = {"type": "string", "format": "date", "examples": ["2026-11-28"]}
_OF_SITE = [
    calls.query("kind", {"type": "string", "enum": Kind.values}, "Only entries of this kind."),
    calls.query("by", {"type": "integer", "minimum": 1}, "Only what this person did, by their number."),
    calls.query("since", _DAY, "The first day (UTC), taken in."),
    calls.query("until", _DAY, "The last day, taken in, too."),
]
_TASK = calls.query("task", {"type": "string"}, "Only what was done in this task, by its short name.")
_OF_PROJECT = [*_OF_SITE, _TASK]


class LogEntryOut(Shape):
    """One entry, with all that the hash of its link is made of."""

    at: shapes.Moment
    kind: str = Field(examples=["setting"])
    who: str = Field(description="By the name that they have now; else the way in.", examples=["anna"])
    via: str = Field(description="web, program, key and its number; empty: by hand, in the database.", examples=["web"])
    task: str = Field(description="Its short name; empty: of no task.", examples=["sort-messages"])
    words: str = Field(examples=["The task was changed"])
    entry: int
    chain: str = Field(examples=["task 1"])
    number: int | None = Field(description="Its place in the chain; null: it has no link.")
    hash: str = Field(description="Of the link, in hex.", examples=["9f86d081884c7d65..."])
    by: int | None
    task_id: int | None
    project_id: int | None
    facts: str = Field(description="JSON, to the letter.", examples=['{"op": "changed", "table": "task"}'])
    facts_sha256: str
    digests_sha256: str


class LogEntriesOut(Shape):
    """A page of the log, newest first; `next` is null on the last page."""

    entries: list[LogEntryOut]
    next: str | None


class ChainHeadOut(Shape):
    """Where a chain ends."""

    number: int
    hash: str = Field(examples=["9f86d081884c7d65..."])


class HeadOut(Shape):
    """Where the chains end, as `manage.py verify_log --head` reads it."""

    slider_log: int
    at: str = Field(examples=["2026-11-28T02:00:00+00:00"])
    chains: dict[str, ChainHeadOut] = Field(examples=[{"task 1": {"number": 7, "hash": "9f86d081884c7d65..."}}])


def _terms(gives: Any, *, queries: list[Any], extra: dict[str, Any] = _TAG) -> Terms:
    """Only a personal key has this scope, and only an Auditor or Admin this right."""
    refuses = (404,) if _TASK in queries else ()
    return Terms(Scope.ADMINISTER, {200: gives}, "see log", queries=queries, refuses=refuses, extra=extra)


@call("GET", "/log", _terms(LogEntriesOut, queries=[*_OF_PROJECT, *PAGED]))
def entries(request: HttpRequest) -> dict[str, Any]:
    """What was done in the project, newest first."""
    return _page(request, finding.key(request).project)


@call("GET", "/log/head", _terms(HeadOut, queries=[]))
def head(request: HttpRequest) -> dict[str, Any]:
    """Where the project's chains end now; keep it elsewhere."""
    return _head(request, finding.key(request).project)


@call("GET", "/log/export", _terms(None, queries=_OF_PROJECT, extra=_FILE))
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The project's log as JSON Lines; that it left stands in the log."""
    return _export(request, finding.key(request).project)


@call("GET", "/site/log", _terms(LogEntriesOut, queries=[*_OF_SITE, *PAGED]))
def site_entries(request: HttpRequest) -> dict[str, Any]:
    """Sign-ins, accounts, machines: what belongs to no project; for superusers alone."""
    _demand_superuser(request, *_names(None), "after", "limit")
    return _page(request, None)


@call("GET", "/site/log/head", _terms(HeadOut, queries=[]))
def site_head(request: HttpRequest) -> dict[str, Any]:
    """Where all chains of the installation end now; for superusers alone."""
    _demand_superuser(request)
    return _head(request, None)


@call("GET", "/site/log/export", _terms(None, queries=_OF_SITE, extra=_FILE))
def site_export(request: HttpRequest) -> StreamingHttpResponse:
    """The site's own log as JSON Lines; for superusers alone."""
    _demand_superuser(request, *_names(None))
    return _export(request, None)


def _demand_superuser(request: HttpRequest, *known: str) -> None:
    body.refuse_unknown(request, *known)
    key = finding.key(request)
    if key.person is None or not key.person.is_superuser:
        words = "The log of the whole site is read by superusers of this installation. Ask one of them."
        raise Fault(403, "superuser", words)


def _page(request: HttpRequest, project: Project | None) -> dict[str, Any]:
    wanted = _wanted(request, project, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    asked = [f"{name}={request.GET.get(name, '')}" for name in _names(project)]
    of = "log of the site" if project is None else f"log {project.pk}"
    place = cursors.read(request.GET.get("after"), purpose := " ".join([of, *asked]))
    before = (datetime.fromisoformat(place[0]), place[1]) if place else None
    found = log.piece(project, wanted, before=before, most=limit + 1)
    last = log.place(found[limit - 1]) if len(found) > limit else None
    following = None if last is None else cursors.make(purpose, last[0].isoformat(), last[1])
    return {"entries": found[:limit], "next": following}


def _head(request: HttpRequest, project: Project | None) -> dict[str, Any]:
    body.refuse_unknown(request)
    told: dict[str, Any] = json.loads(chain.document(log.heads(project), at=timezone.now()))
    return told


def _export(request: HttpRequest, project: Project | None) -> StreamingHttpResponse:
    wanted, key = _wanted(request, project), finding.key(request)
    facts = {"what": "log", "format": "jsonl", "narrowed": wanted.is_narrow, "key": key.pk}
    writing.write(Kind.EXPORT, by=key.person_id, facts=facts, project_id=None if project is None else project.pk)
    name = f"log-{'site' if project is None else project.slug}-{timezone.now():%Y-%m-%d}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    texts = (line.encode() for line in log.jsonl(project, wanted))
    return StreamingHttpResponse(texts, content_type=_LINES, headers=headers)


def _names(project: Project | None) -> list[str]:
    return [str(one["name"]) for one in (_OF_SITE if project is None else _OF_PROJECT)]


def _wanted(request: HttpRequest, project: Project | None, *more: str) -> Filter:
    """What of the log is asked for; a Fault for a choice that the page would not offer."""
    body.refuse_unknown(request, *_names(project), *more)
    named, since, until = request.GET.get("task"), _day(request, "since"), _day(request, "until")
    if since and until and since > until:
        raise Fault(400, "filter", "until lies before the first day.", where="until")
    by = body.number(request, "by", usual=0, most=2**31 - 1) or None
    if by is not None and by not in dict(log.people(project)):
        raise Fault(400, "filter", f"by is '{by}': nobody of that number left a trace here.", where="by")
    return Filter(
        kind=body.choice(request, "kind", Kind.values) or "",
        by=by,
        task_id=None if named is None else finding.task(finding.key(request), named).pk,
        since=log.begin(since) if since else None,
        until=log.end(until) if until else None,
    )


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name)
    if text is None:
        return None
    wrong = Fault(400, "filter", f"{name} is {strict.shown(text)}: give a day as 2026-11-28.", where=name)
    if not _DAY_FORM.fullmatch(text):
        raise wrong
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong from None
