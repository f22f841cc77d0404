"""How people come in: invitations to a project, and mails about somebody's own way in."""

import secrets

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models.functions import Now

from slider.models.notice import Post
from slider.models.project import Project, Role

_SIGNED = Signer(salt="slider.invitation", sep=".")


def _nonce() -> str:
    return secrets.token_hex(8)


class Invitation(models.Model):
    """One seat in a project, for whoever has the link; with an address, for nobody but its owner."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    email = models.EmailField(blank=True, help_text="Empty: whoever has the link.")
    nonce = models.CharField(max_length=16, default=_nonce)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role"),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
                name="invitation_accepted_once",
            ),
        )
        indexes = (models.Index(fields=["project", "-id"], name="invitation_newest"),)

    def __str__(self) -> str:
        return f"{self.email or 'whoever has the link'} to {self.project_id} as {self.role}"

    @property
    def token(self) -> str:
        """The secret part of its link. It is made of the installation's key, so the table alone opens nothing."""
        return _SIGNED.sign(f"{self.pk}-{self.nonce}")

    @staticmethod
    def of(token: str) -> "Invitation | None":
        """The invitation of a link, whatever has become of it; None for a link that nobody made."""
        try:
            number, _, nonce = _SIGNED.unsign(token).partition("-")
        except BadSignature:
            return None
        found = Invitation.objects.select_related("project", "made_by").filter(pk=int(number), nonce=nonce)
        return found.first()


class AccountLetterKind(models.TextChoices):
    RESET = "reset", "A new password"
    INVITATION = "invitation", "An invitation"
    TOLD = "told", "What was changed"


class AccountLetter(models.Model):
    """A mail about somebody's way in. What it says is made as it is sent: no link waits in the table."""

    kind = models.CharField(max_length=10, choices=AccountLetterKind)
    address = models.EmailField()
    invitation = models.ForeignKey(Invitation, models.CASCADE, null=True, related_name="letters")
    words = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=6, choices=Post, default=Post.DUE)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=AccountLetterKind.values), name="account_letter_kind"),
            models.CheckConstraint(condition=models.Q(state__in=Post.values), name="account_letter_state"),
        )
        indexes = (models.Index(fields=["next_try_at"], condition=models.Q(state=Post.DUE), name="account_letter_due"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.address}: {self.state}"
