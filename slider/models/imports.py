"""A file of items on its way in, kept in pieces until every row is in or refused."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class ImportState(models.TextChoices):
    WAITING = "waiting", "waits for its turn"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "could not be read"


class Purpose(models.TextChoices):
    ITEMS = "items", "items to work on"
    HISTORY = "history", "past outputs that people have judged"


class Import(models.Model):
    task = models.ForeignKey(Task, models.PROTECT, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, help_text="The file's name, cleaned.")
    purpose = models.CharField(max_length=7, choices=Purpose, db_default=Purpose.ITEMS)
    format = models.CharField(max_length=5)
    bytes = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.WAITING)
    problem = models.CharField(max_length=500, blank=True, help_text="Why the file as a whole was refused.")
    note = models.CharField(max_length=500, blank=True, help_text="How it was read: separator, sheet, id column.")
    total = models.PositiveIntegerField(null=True, help_text="Rows in the file, once counted.")
    seen = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0, help_text="Rows that were here already, unchanged.")
    refused = models.PositiveIntegerField(default=0)
    token = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ImportState.values), name="import_state"),
            models.CheckConstraint(condition=models.Q(purpose__in=Purpose.values), name="import_purpose"),
        )

    def __str__(self) -> str:
        return self.name


class ImportChunk(models.Model):
    """A piece of the file, in PostgreSQL, so that any host of the fleet can read it; gone when the import is done."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["of", "number"], name="one_chunk_a_number"),)

    def __str__(self) -> str:
        return f"piece {self.number}"


class RefusedRow(models.Model):
    of = models.ForeignKey(Import, models.CASCADE, related_name="refused_rows")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ("line", "id")

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
