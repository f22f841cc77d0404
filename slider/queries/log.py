"""The log as people read it: pages by keyset, narrowed by kind, person, task and time, and all of it as lines."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from slider.models import ApiKey, Entry, Kind, Link, Membership, Project, Task
from slider.queries import chain, told
from slider.queries.chain import Head

PAGE = 50
EXPORT_PAGE = 2_000
COLUMNS = (
    "at", "kind", "who", "via", "task", "words", "entry", "chain", "number", "hash", "by", "task_id", "project_id",
    "facts", "facts_sha256", "digests_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the log is wanted; empty: all. `since` is taken in, `until` is not."""

    kind: str = ""
    by: int | None = None
    task_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        return self != Filter()


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the page shows it. `number` is its place in its chain, and `hash` how its link begins."""

    pk: int
    at: datetime
    kind: Kind
    who: str
    is_by_hand: bool
    task: Task | None
    words: str
    item: int | None
    changes: Sequence[told.Change]
    chain: str
    number: int | None
    hash: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first; `older` says where the next page begins, None on the last."""

    lines: tuple[Line, ...]
    older: str | None


def page(project: Project | None, wanted: Filter, *, before: tuple[datetime, int] | None) -> Page:
    """A page of a project's log, or of the site's own (None)."""
    found = list(_after(_entries(project, wanted), before)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(_lines(found[:PAGE]), None if last is None else f"{last.at.isoformat()}_{last.pk}")


def lines(project: Project | None, wanted: Filter) -> Iterator[dict[str, Any]]:
    """All of it, newest first, with what the hash of each link is made of; read in pieces."""
    before: tuple[datetime, int] | None = None
    while True:
        found = piece(project, wanted, before=before, most=EXPORT_PAGE)
        yield from found
        if len(found) < EXPORT_PAGE:
            return
        before = place(found[-1])


def jsonl(project: Project | None, wanted: Filter) -> Iterator[str]:
    """All of it as JSON Lines."""
    return (json.dumps(one, ensure_ascii=False) + "\n" for one in lines(project, wanted))


def piece(
    project: Project | None, wanted: Filter, *, before: tuple[datetime, int] | None, most: int
) -> list[dict[str, Any]]:
    """So many of these lines at most, behind the place `before`."""
    entries = _entries(project, wanted).annotate(text=Cast("facts", TextField()))
    found = list(_after(entries, before)[:most])
    return [_exported(entry, line, link) for entry, line, link in zip(found, _lines(found), _links(found), strict=True)]


def place(line: Mapping[str, Any]) -> tuple[datetime, int]:
    """Where in the log a line of `lines` stands."""
    return datetime.fromisoformat(line["at"]), line["entry"]


def begin(day: date) -> datetime:
    """The first moment of a day of the log: its days are those of UTC."""
    return datetime.combine(day, time.min, UTC)


def end(day: date) -> datetime | None:
    """The first moment behind it; None behind the last day that there is."""
    return begin(day + timedelta(days=1)) if day < date.max else None


def people(project: Project | None) -> list[tuple[int, str]]:
    """Whom a page can be narrowed to: the project's members, those that left with a trace included."""
    if project is None:
        return list(User.objects.order_by("username").values_list("pk", "username")[:500])
    has_a_trace = Exists(Entry.objects.filter(project=project, by=OuterRef("pk")))
    is_member = Exists(Membership.objects.filter(project=project, user=OuterRef("pk")))
    found = User.objects.filter(is_member | has_a_trace)
    return list(found.order_by("username").values_list("pk", "username")[:500])


def heads(project: Project | None) -> dict[str, Head]:
    """Where the chains of a project end, or all of the site's."""
    if project is None:
        return chain.heads()
    tasks = Task.objects.filter(project=project).values_list("pk", flat=True)
    return chain.heads([f"project {project.pk}", *(f"task {pk}" for pk in tasks)])


def _entries(project: Project | None, wanted: Filter) -> QuerySet[Entry]:
    found = Entry.objects.filter(project=project)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.by is not None:
        found = found.filter(by=wanted.by)
    if wanted.task_id is not None:
        found = found.filter(task=wanted.task_id)
    if wanted.since is not None:
        found = found.filter(at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(at__lt=wanted.until)
    return found.order_by("-at", "-pk")


def _after(found: QuerySet[Entry], before: tuple[datetime, int] | None) -> QuerySet[Entry]:
    if before is None:
        return found
    at, pk = before
    return found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)


def _links(found: Sequence[Entry]) -> list[Link | None]:
    links = Link.objects.in_bulk([entry.pk for entry in found])
    return [links.get(entry.pk) for entry in found]


def _lines(found: Sequence[Entry]) -> tuple[Line, ...]:
    people = [one for entry in found for one in (entry.by_id, told.person(entry.facts)) if one is not None]
    names = dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
    tasks = Task.objects.in_bulk({entry.task_id for entry in found if entry.task_id is not None})
    keys = {f"key {key.pk}": key.name for key in ApiKey.objects.filter(pk__in=_keys(found))}
    return tuple(
        Line(
            pk=entry.pk,
            at=entry.at,
            kind=Kind(entry.kind),
            who=_who(entry, names, keys),
            is_by_hand=not entry.via,
            task=tasks.get(entry.task_id or 0),
            words=told.words(entry.kind, entry.facts, names=names),
            item=told.item(entry.facts),
            changes=told.changes(entry.facts),
            chain=entry.chain,
            number=None if link is None else link.number,
            hash="" if link is None else bytes(link.hash).hex()[:12],
        )
        for entry, link in zip(found, _links(found), strict=True)
    )


def _keys(found: Sequence[Entry]) -> set[int]:
    numbers = {entry.via.removeprefix("key ") for entry in found if entry.via.startswith("key ")}
    return {int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19}


def _who(entry: Entry, names: dict[int, str], keys: dict[str, str]) -> str:
    """A person by name, else the way in."""
    if entry.by_id is not None:
        return names.get(entry.by_id, f"person {entry.by_id}")
    if entry.via.startswith("key "):
        return f"API key {keys.get(entry.via, entry.via.removeprefix('key '))}"
    return {"": "by hand, in the database", "program": "Slider itself"}.get(entry.via, "nobody signed in")


def _exported(entry: Entry, line: Line, link: Link | None) -> dict[str, Any]:
    digests = b"" if entry.digests is None else bytes(entry.digests)
    facts = str(getattr(entry, "text", ""))  # to the letter: its digest is part of the link
    return {
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "who": line.who,
        "via": entry.via,
        "task": "" if line.task is None else line.task.slug,
        "words": line.words,
        "entry": entry.pk,
        "chain": entry.chain,
        "number": line.number,
        "hash": "" if link is None else bytes(link.hash).hex(),
        "by": entry.by_id,
        "task_id": entry.task_id,
        "project_id": entry.project_id,
        "facts": facts,
        "facts_sha256": hashlib.sha256(facts.encode()).hexdigest(),
        "digests_sha256": hashlib.sha256(digests).hexdigest(),
    }
