"""A file of items on its way out: which items and parts, how far it is, and its pieces."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.project import ApiKey
from slider.models.task import Task


class ExportState(models.TextChoices):
    WAITING = "waiting", "waits for its turn"
    RUNNING = "running", "is being made"
    DONE = "done", "ready"
    FAILED = "failed", "could not be made"
    CANCELLED = "cancelled", "cancelled"
    DROPPED = "dropped", "not kept any longer"


class Format(models.TextChoices):
    CSV = "csv", "CSV"
    CSV_GZ = "csv.gz", "CSV, gzipped"
    JSONL = "jsonl", "JSON Lines"
    JSONL_GZ = "jsonl.gz", "JSON Lines, gzipped"
    PARQUET = "parquet", "Parquet"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which items; empty: all. Of each span of time the beginning is in and the end is not."""

    state: str = ""
    lane: str = ""
    begins: str = ""  # how the external id begins
    came_since: datetime | None = None
    came_until: datetime | None = None
    done_since: datetime | None = None
    done_until: datetime | None = None

    def to_json(self) -> dict[str, str]:
        """What is said, as it is stored and told."""
        said = {name: value for name, value in asdict(self).items() if value}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}

    def to_log(self) -> dict[str, str]:
        """What the log keeps for good: of how an id begins, which may be a whole id, a digest."""
        said = self.to_json()
        return said | ({"begins": hashlib.sha256(self.begins.encode()).hexdigest()[:16]} if self.begins else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> Self:
        """The same again."""
        return cls(
            **{
                name: datetime.fromisoformat(text) if name.endswith(("_since", "_until")) else text
                for name, text in stored.items()
            }  # type: ignore[arg-type]  # each name is given what it was stored from
        )


class Export(models.Model):
    """Made by `tasks.export` under a lease, piece by piece; kept until `expires_at`."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="exports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="+", help_text="The key that asked.")
    format = models.CharField(max_length=8, choices=Format)
    narrowed = models.JSONField(default=dict, help_text="Which items, see `Narrowed`.")
    parts = models.JSONField(default=list, help_text="What is told of each beside what came in.")
    state = models.CharField(max_length=9, choices=ExportState, default=ExportState.WAITING)
    problem = models.CharField(max_length=500, blank=True, help_text="Why it could not be made, or is not kept.")
    shape: Any = models.JSONField(null=True, help_text="Its columns, fixed when it began.")
    as_of = models.DateTimeField(null=True, help_text="The moment that it tells of, fixed when it began.")
    upto = models.BigIntegerField(null=True, help_text="The last item that was here then.")
    total = models.PositiveBigIntegerField(null=True, help_text="Items to look through.")
    after = models.BigIntegerField(default=0, help_text="Items up to this one are in the pieces that are stored.")
    looked = models.PositiveBigIntegerField(default=0, help_text="So many were looked through.")
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0, help_text="Of the file, as it is downloaded.")
    stored = models.PositiveBigIntegerField(default=0, help_text="Bytes of the pieces.")
    sha256 = models.BinaryField(max_length=32, null=True)
    token = models.BigIntegerField(default=0)
    takes = models.PositiveIntegerField(
        db_default=0, help_text="How often it was taken up since it began, or began anew."
    )
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ExportState.values), name="export_state"),
            models.CheckConstraint(condition=models.Q(format__in=Format.values), name="export_format"),
            models.CheckConstraint(
                condition=~models.Q(state=ExportState.DONE) | models.Q(sha256__isnull=False, expires_at__isnull=False),
                name="export_done_is_whole",
            ),
        )
        indexes = (
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[ExportState.WAITING, ExportState.RUNNING]),
                name="export_owed",
            ),
            models.Index(fields=["expires_at"], condition=models.Q(state=ExportState.DONE), name="export_kept"),
        )

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def wanted(self) -> Narrowed:
        return Narrowed.from_json(self.narrowed)

    @property
    def is_over(self) -> bool:
        """Whether nobody will do more for it."""
        return self.state not in (ExportState.WAITING, ExportState.RUNNING)

    @property
    def name(self) -> str:
        """The file's: plain letters, a number, a day, a known ending: it breaks no header and leaves no folder."""
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", self.task.slug).strip("-") or "items"
        return f"{stem}-{self.pk}-{self.created_at:%Y-%m-%d}.{Format(self.format).value}"


class ExportPiece(models.Model):
    """About a mebibyte of a file, in PostgreSQL, so that any host can make it and give it out.

    Text is stored as one member of gzip each. Parquet is first stored as rows, a small file a piece, and these are
    put together into the pieces of the one file.
    """

    of = models.ForeignKey(Export, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    is_rows = models.BooleanField(default=False, help_text="Rows that wait to be put together, no part of the file.")
    content = models.BinaryField()
    first = models.BigIntegerField(help_text="The items looked through for it: this one and later,")
    last = models.BigIntegerField(help_text="up to this one.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["of", "is_rows", "number"], name="one_export_piece_a_number"),)

    def __str__(self) -> str:
        return f"piece {self.number}"
