"""Reads for the export pages: how far a file is, in numbers and in words, and the earlier ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from slider.models import Export, ExportState, Format, Lane, Narrowed, State, Task
from slider.rows import parquet_out

EARLIER = 30
PART_WORDS = {
    "state": ("State", "number, state, when it came in and was done"),
    "decision": ("Decision", "lane, chance of being right, why, policy"),
    "result": ("Result", "the newest answer that is due, and how it ended"),
    "verdict": ("Verdict", "what the last person said of it"),
    "marks": ("Marks", "what people marked in it"),
    "attempts": ("Attempts", "every answer of a worker, with tokens and cost"),
    "looks": ("Looks", "every verdict of a person, with their name"),
}
_SOON_S = 2.0  # what took no longer has no rate worth saying


@dataclass(frozen=True, slots=True)
class Progress:
    """One export as its page shows it; `share` is 0-1, None while it is not known how much there is."""

    row: Export
    share: float | None
    rows_per_s: float | None
    words: str
    who: str
    narrowed: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        return self.row.is_over

    @property
    def is_ready(self) -> bool:
        return self.row.state == ExportState.DONE

    @property
    def format(self) -> str:
        return str(Format(self.row.format).label)

    @property
    def parts(self) -> str:
        """What is told of each item, in words."""
        return ", ".join(PART_WORDS[name][0].lower() for name in self.row.parts if name in PART_WORDS)

    @property
    def sha256(self) -> str:
        return bytes(self.row.sha256).hex() if self.row.sha256 is not None else ""


def progress(row: Export) -> Progress:
    """How far an export is; `row` brings its task, person and key."""
    share = row.looked / row.total if row.total else None
    seconds = ((row.finished_at or timezone.now()) - row.started_at).total_seconds() if row.started_at else 0.0
    rate = row.rows / seconds if row.rows and seconds > _SOON_S else None
    return Progress(row, share, rate, _words(row), who(row), said(row.wanted))


def _words(row: Export) -> str:
    if row.state == ExportState.FAILED:
        return f"The file could not be made: {row.problem}."
    if row.state == ExportState.CANCELLED:
        return "It was cancelled; nothing of it is kept."
    if row.state == ExportState.DROPPED:
        return f"The file is not here any longer: {row.problem}."
    if row.state == ExportState.WAITING:
        return "It waits for its turn; you may leave this page."
    if row.state == ExportState.RUNNING:
        return "The file is being made; you may leave this page."
    if row.rows == 0:
        return "The file is ready, and holds no items: none is as you asked for."
    return f"The file is ready: {row.rows:,} item{'' if row.rows == 1 else 's'}."


def who(row: Export) -> str:
    """Who asked for it."""
    if row.by is not None:
        return f"{row.by.get_username()}, by a key" if row.key is not None else row.by.get_username()
    return f"the key {row.key.name}" if row.key is not None else "a command"


def said(wanted: Narrowed) -> tuple[str, ...]:
    """Which items, in words; none: all of them."""
    words = [str(State(wanted.state).label)] if wanted.state else []
    words += [f"lane: {Lane(wanted.lane).label}"] if wanted.lane else []
    words += [f"id begins with {wanted.begins}"] if wanted.begins else []
    for verb, since, until in (
        ("came in", wanted.came_since, wanted.came_until),
        ("done", wanted.done_since, wanted.done_until),
    ):
        words += [f"{verb} from {_moment(since)}"] if since else []
        words += [f"{verb} before {_moment(until)}"] if until else []
    return tuple(words)


def _moment(at: datetime) -> str:
    is_day = at.utcoffset() == timedelta(0) and (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
    return f"{at:%-d %b %Y}" if is_day else f"{at:%-d %b %Y %H:%M} UTC"


def earlier(task: Task) -> list[Progress]:
    """The latest exports of a task, newest first."""
    rows = Export.objects.filter(task=task).select_related("task", "by", "key")
    return [progress(row) for row in rows[:EARLIER]]


def found(export_id: int) -> Export | None:
    """One export with its task, its project and who asked for it."""
    return Export.objects.select_related("task__project", "by", "key").filter(pk=export_id).first()


def listed(task: Task, *, before: int | None, most: int) -> list[Export]:
    """Up to `most` exports of a task, newest first, behind the export `before`."""
    rows = Export.objects.filter(task=task).select_related("task", "by", "key")
    return list((rows if before is None else rows.filter(pk__lt=before))[:most])


def formats() -> list[tuple[str, str]]:
    """The formats that can be had here, with their words."""
    return [(value, label) for value, label in Format.choices if value != Format.PARQUET or parquet_out.is_here()]


def why_no_parquet() -> str:
    """Why Parquet is not among them; empty: it is."""
    return "" if parquet_out.is_here() else f"{parquet_out.MISSING}."
