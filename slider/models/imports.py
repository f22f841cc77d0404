"""A file of items on its way in, kept in pieces until every row is in or refused."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class ImportState(models.TextChoices):
    ARRIVING = "arriving", "is arriving"
    LOOKING = "looking", "is being examined"
    ASKING = "asking", "waits for a word"
    TRYING = "trying", "is tried out"
    COMING = "coming", "is being brought in"  # as somebody said; older code would bring it in by its columns' names
    WAITING = "waiting", "waits for its turn"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "could not be read"
    DROPPED = "dropped", "dropped"


OVER = (ImportState.DONE, ImportState.FAILED, ImportState.DROPPED)
"""Nothing more becomes of such a file."""


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
    asks = models.BooleanField(db_default=False, help_text="Waits for a person's word once it is examined.")
    mapping = models.JSONField(null=True, help_text="Which column goes where. Empty: as the columns are called.")
    columns = models.JSONField(null=True, help_text="What its columns hold, once it is examined.")
    sample = models.JSONField(null=True, help_text="Its first rows as they stand, to show what they would become.")
    shape = models.BinaryField(max_length=32, null=True, help_text="A digest of the names of its columns.")
    tried = models.JSONField(null=True, help_text="What the last dry run counted, and with which mapping.")
    asked_at = models.DateTimeField(null=True, help_text="Since when it waits for a word.")
    once = models.CharField(max_length=300, null=True, help_text="The key and the name of the call that brought it.")
    once_said = models.BinaryField(max_length=32, null=True, help_text="A digest of what that call said of it.")
    token = models.BigIntegerField(default=0)
    takes = models.PositiveIntegerField(db_default=0, help_text="How often it was taken up since somebody's last word.")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ImportState.values), name="import_state"),
            models.CheckConstraint(condition=models.Q(purpose__in=Purpose.values), name="import_purpose"),
            models.UniqueConstraint(fields=["once"], name="one_import_a_call"),
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
