"""One assignment to one person: a look at an item, blind to who looked before."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.engine import coins
from slider.models.item import Item
from slider.models.states import BESIDE, OWED, ReviewKind, ReviewState, Verdict
from slider.models.task import Task

TOGETHER = "together"  # stands for the page where a look was taken to be decided with others; no page has this name


class Review(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="reviews")
    task = models.ForeignKey(Task, models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=8, choices=ReviewKind)
    aimed = models.BooleanField(
        db_default=False, help_text="A look back to where something looked wrong: no sample of the whole lane."
    )
    slot = models.PositiveSmallIntegerField(default=1)
    looks = models.PositiveSmallIntegerField(
        null=True, help_text="So many people were to look at the item, each without the others. Empty: one."
    )
    skills = models.JSONField(null=True, help_text="What a person must know to take it. Empty: nothing.")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Whose alone it is to take.",
    )
    for_lead = models.BooleanField(db_default=False, help_text="Only somebody who leads may take it.")
    declined = models.BooleanField(db_default=False, help_text="Somebody has passed it on, and is not asked again.")
    place = models.BigIntegerField(null=True, help_text="Its item's place in the routing order.")
    bin = models.PositiveSmallIntegerField(null=True, help_text="Its item's bin. Empty: no evidence about the ranking.")
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.OPEN)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="reviews")
    last_holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whose lease ran out.",
    )
    token = models.BigIntegerField(default=0, help_text="Fences: one more with each claim.")
    lease_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    answer = models.JSONField(null=True, help_text="The answer that holds after this look; null after a rejection.")
    reason = models.CharField(max_length=40, blank=True)
    lucky = models.BooleanField(
        db_default=False, help_text="Right for the wrong reason: accepted, and evidence for nothing."
    )
    note = models.TextField(max_length=5000, blank=True)
    decided_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(
        null=True, help_text="Until then its verdict can be taken back: nobody counts it."
    )
    # A trigger writes it: whoever makes a look need not know of it.
    hidden_chance = models.FloatField(
        db_default=0.0, editable=False, help_text="Chance that its draft is hidden first, fixed when it was made."
    )
    created_at = models.DateTimeField(db_default=Now())
    page = models.CharField(
        max_length=36, blank=True, db_default="", help_text="The open page that renews its lease; empty: none does."
    )
    pressing = models.FloatField(
        null=True, help_text="How much a look is worth here: the share of recent looks that are worth less, 0-1."
    )
    due_at = models.DateTimeField(null=True, help_text="When its answer is wanted. Empty: nobody said.")
    # The database gives it, whoever asks for the look: see migration 0015 and docs/decisions/0019.
    turn = models.DateTimeField(help_text="When it comes first: the order in which looks are handed out.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "kind", "slot"], name="one_review_a_slot"),
            models.CheckConstraint(condition=models.Q(kind__in=ReviewKind.values), name="review_kind"),
            models.CheckConstraint(condition=models.Q(state__in=ReviewState.values), name="review_state"),
            models.CheckConstraint(
                condition=models.Q(verdict="") | models.Q(verdict__in=Verdict.values), name="review_verdict"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ReviewState.HELD, holder__isnull=False, lease_until__isnull=False)
                | models.Q(state__in=[ReviewState.OPEN, ReviewState.WAITING], holder=None, lease_until=None)
                | models.Q(state__in=[ReviewState.DECIDED, ReviewState.VOID], lease_until=None),
                name="review_lease_only_while_held",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ReviewState.DECIDED, decided_at__isnull=False)
                & (models.Q(holder__isnull=False) | models.Q(kind=ReviewKind.GATE, looks__isnull=False))
                & ~models.Q(verdict="")
                | (~models.Q(state=ReviewState.DECIDED) & models.Q(verdict="", decided_at=None)),
                name="review_decided_has_a_verdict",
            ),
            # Several looks: the gate carries the one verdict that they come to, and each of them is a peer.
            models.CheckConstraint(
                condition=models.Q(
                    kind=ReviewKind.PEER, looks__gte=2, looks__lte=5, slot__gte=1, slot__lte=models.F("looks")
                )
                | models.Q(kind=ReviewKind.GATE, slot=1, looks=None)
                | models.Q(kind=ReviewKind.GATE, slot=1, looks__gte=2, looks__lte=5)
                | (~models.Q(kind__in=[ReviewKind.PEER, ReviewKind.GATE]) & models.Q(looks=None)),
                name="review_never_more_than_asked",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ReviewState.WAITING) | models.Q(kind=ReviewKind.GATE, looks__isnull=False),
                name="review_waits_for_its_looks",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ReviewKind.PEER) | models.Q(place=None, bin=None, aimed=False),
                name="review_peer_is_no_evidence",
            ),
            models.UniqueConstraint(
                fields=["item", "holder"],
                condition=models.Q(kind=ReviewKind.PEER, state__in=[ReviewState.HELD, ReviewState.DECIDED]),
                name="one_look_a_person",
            ),
            # A look at the reviewers is no evidence about the ranking, and nobody is asked twice about one item.
            models.CheckConstraint(
                condition=~models.Q(kind__in=BESIDE) | models.Q(place=None, bin=None, aimed=False),
                name="review_beside_is_no_evidence",
            ),
            models.UniqueConstraint(
                fields=["item", "holder"],
                condition=models.Q(kind__in=BESIDE, state=ReviewState.DECIDED),
                name="one_look_beside_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(pressing=None) | models.Q(pressing__gte=0, pressing__lte=1), name="review_pressing"
            ),
            models.CheckConstraint(
                condition=models.Q(undo_until=None) | models.Q(state=ReviewState.DECIDED),
                name="review_undo_only_while_decided",
            ),
            # Only what is right may be left out of the evidence: see docs/decisions/0017.
            models.CheckConstraint(
                condition=models.Q(lucky=False) | models.Q(verdict=Verdict.ACCEPT), name="review_lucky_is_right"
            ),
        )
        indexes = (
            models.Index(fields=["task", "turn", "id"], condition=models.Q(state=ReviewState.OPEN), name="review_turn"),
            # The oldest look of each bin that is owed: where the evidence ends for now.
            models.Index(
                fields=["task", "bin", "place"],
                condition=models.Q(state__in=OWED),
                name="review_owed_by_bin",
            ),
            models.Index(fields=["holder"], condition=models.Q(state=ReviewState.HELD), name="review_held"),
            models.Index(
                fields=["assignee"],
                condition=models.Q(state=ReviewState.OPEN, assignee__isnull=False),
                name="review_assigned",
            ),
            models.Index(fields=["task", "decided_at"], name="review_decided"),
            # The verdicts that can still be taken back: few, and the newest.
            models.Index(
                fields=["task", "undo_until"], condition=models.Q(undo_until__isnull=False), name="review_undo_until"
            ),
            # The items that people have finished, newest first.
            models.Index(
                fields=["task", "-item"],
                condition=models.Q(state=ReviewState.DECIDED, kind=ReviewKind.GATE),
                name="review_by_people",
            ),
            models.Index(
                fields=["item"],
                include=["task", "slot", "state", "verdict"],
                condition=models.Q(kind=ReviewKind.AUDIT),
                name="review_audits",
            ),
            models.Index(
                fields=["task", "kind"],
                include=["item", "holder"],
                condition=models.Q(state__in=[ReviewState.OPEN, ReviewState.HELD]),
                name="review_owed",
            ),
            models.Index(
                fields=["task", "kind", "-decided_at"],
                condition=models.Q(kind__in=BESIDE, state=ReviewState.DECIDED),
                name="review_of_reviewers",
            ),
        )

    @property
    def is_drawn_hidden(self) -> bool:
        """Whether its coin says that the draft, if there is one, is hidden until the person has answered."""
        chance = self.hidden_chance
        return chance > 0 and coins.coin(bytes(self.task.coin_secret), self.pk, "hidden") < chance

    def __str__(self) -> str:
        return f"{self.kind} of #{self.item_id}"


class Hidden(models.Model):
    """A task that a person reviews and doesn't want on their desk. What is new is shown to all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "task"], name="one_hiding_a_person"),)

    def __str__(self) -> str:
        return f"{self.user_id} hides {self.task_id}"


class Decline(models.Model):
    """A skip: this person is not asked about this item again, in whatever look at it."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="declines")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["review", "user"], name="one_decline_a_person"),)

    def __str__(self) -> str:
        return f"{self.user_id} declined {self.review_id}"


class HandingKind(models.TextChoices):
    ASSIGNED = "assigned", "assigned"
    FREED = "freed", "given back to everybody"
    HANDED = "handed", "handed on"
    FLAGGED = "flagged", "flagged to a lead"


class Handing(models.Model):
    """A look that was given to somebody: by whom, to whom, and with which words. Rows are never edited."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="handings")
    kind = models.CharField(max_length=8, choices=HandingKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: nobody by name."
    )
    note = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=HandingKind.values), name="handing_kind"),
            models.CheckConstraint(
                condition=~models.Q(kind__in=[HandingKind.HANDED, HandingKind.FLAGGED]) | ~models.Q(note=""),
                name="handing_says_why",
            ),
        )
        indexes = (models.Index(fields=["review"], condition=models.Q(kind=HandingKind.FLAGGED), name="handing_flags"),)

    def __str__(self) -> str:
        return f"{self.review_id} {self.kind}"
