"""What a person responsible for a task has to hear of: said once, seen by each, and owed by mail."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class NoticeKind(models.TextChoices):
    """What happened. The labels are the heads of banners and the subjects of mails."""

    PULLED_BACK = "pulled_back", "Pulled back"
    RELEASED = "released", "Released"
    REOPENED = "reopened", "Reopened by evidence"
    SUSPICION = "suspicion", "Under suspicion"
    QUARANTINE = "quarantine", "In quarantine"
    CLEARED = "cleared", "Cleared"
    RECEIVER_OFF = "receiver_off", "A receiver was turned off"


# What people who only review may hear of. The rest speaks of audits: they would look at those looks otherwise.
PLAIN_KINDS = (NoticeKind.PULLED_BACK, NoticeKind.RELEASED, NoticeKind.REOPENED)
# What wants somebody to act, and what is good news.
GRAVE_KINDS = (NoticeKind.PULLED_BACK, NoticeKind.SUSPICION, NoticeKind.QUARANTINE, NoticeKind.RECEIVER_OFF)
WORDS_MOST = 600


class Notice(models.Model):
    """An act of the guard or of a person, in words. Rows are added, never edited."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind)
    words = models.CharField(max_length=WORDS_MOST)
    facts = models.JSONField(default=dict, help_text="The numbers behind the words, by name.")
    policy = models.PositiveIntegerField(null=True, help_text="The number of the policy that it put in force.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: the guard."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (models.CheckConstraint(condition=models.Q(kind__in=NoticeKind.values), name="notice_kind"),)
        indexes = (models.Index(fields=["task", "-id"], name="notice_newest"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.words[:60]}"

    @property
    def is_grave(self) -> bool:
        return self.kind in GRAVE_KINDS

    @property
    def who(self) -> str:
        if self.by is not None:
            return self.by.get_username()
        return "the sender" if self.kind == NoticeKind.RECEIVER_OFF else "the guard"


class NoticeSeen(models.Model):
    """Somebody has put a notice away."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="seen")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["notice", "user"], name="one_sight_a_person"),)

    def __str__(self) -> str:
        return f"{self.user_id} has seen {self.notice_id}"


class Post(models.TextChoices):
    DUE = "due", "to be sent"
    SENT = "sent", "sent"
    FAILED = "failed", "given up"
    VOID = "void", "no longer theirs to read"


class Letter(models.Model):
    """A notice owed to one person by mail."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="letters")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=6, choices=Post, default=Post.DUE)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["notice", "to"], name="one_letter_a_person"),
            models.CheckConstraint(condition=models.Q(state__in=Post.values), name="letter_state"),
        )
        indexes = (models.Index(fields=["next_try_at"], condition=models.Q(state=Post.DUE), name="letter_due"),)

    def __str__(self) -> str:
        return f"letter to {self.to_id} about {self.notice_id}: {self.state}"
