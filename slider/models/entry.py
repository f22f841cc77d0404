"""The log: what was done and by whom, and where each entry stands in its chain. Rows are added, never edited."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.project import Project
from slider.models.task import Task


class Kind(models.TextChoices):
    """What an entry tells of."""

    DECISION = "decision", "items routed"
    RESULT = "result", "results"
    VERDICT = "verdict", "verdicts and corrections"
    ITEM = "item", "files brought in, items withdrawn"
    SLIDER = "slider", "slider moved"
    POLICY = "policy", "policies of the guard"
    GUARD = "guard", "acts of the guard"
    OPERATION = "operation", "acts of operators"
    SETTING = "setting", "settings"
    ROLE = "role", "roles and rights"
    KEY = "key", "API keys"
    PERSON = "person", "people's accounts"
    SIGN_IN = "sign_in", "signed in"
    SIGN_OUT = "sign_out", "signed out"
    REFUSED = "refused", "sign-in refused"
    EXPORT = "export", "exports"
    PRIVACY = "privacy", "erasure, retention and secrets"
    LOG = "log", "the log itself"


class Entry(models.Model):
    """One thing that was done, written by the database in the transaction that did it.

    No foreign key of it is checked: an entry outlives what it tells of, and locks nothing.
    """

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=12, choices=Kind)
    chain = models.CharField(max_length=30, help_text="The chain it stands in: «task 7», «project 3» or «site».")
    project = models.ForeignKey(
        Project, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    task = models.ForeignKey(Task, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    via = models.CharField(max_length=40, blank=True, help_text="The way in. Empty: by hand, in the database.")
    facts = models.JSONField(default=dict, help_text="What was done, in small words and numbers; contents as digests.")
    digests = models.BinaryField(null=True, help_text="Of many rows: each one's id (8 bytes) and SHA-256 (32 bytes).")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="entry_kind"),)
        indexes = (
            models.Index(fields=["project", "-at", "-id"], name="entry_of_project"),
            models.Index(fields=["project", "kind", "-at", "-id"], name="entry_by_kind"),
            models.Index(fields=["task", "-at", "-id"], name="entry_of_task"),
            models.Index(
                fields=["project", "by", "-at", "-id"], condition=models.Q(by__isnull=False), name="entry_by_person"
            ),
        )

    def __str__(self) -> str:
        return f"entry {self.pk}: {self.kind}"


class Link(models.Model):
    """An entry's place in its chain, and the hash that holds it to all that came before: made as it is committed."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="link", db_constraint=False)
    chain = models.CharField(max_length=30)
    number = models.BigIntegerField(help_text="1 for the first of its chain.")
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chain", "number"], name="one_link_a_number"),)

    def __str__(self) -> str:
        return f"{self.chain}, {self.number}"
