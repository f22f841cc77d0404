"""Invitations to a project: made, withdrawn, and accepted once, by the person they are for."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from slider.flow import account_letters
from slider.models import Invitation, Membership, Project, Role, can


class Refused(Exception):
    """An invitation that this person can't accept; the words say why."""


def make(project: Project, *, role: Role, email: str, days: int, by: int) -> Invitation:
    """Invite whoever has the link, or only the owner of an address, who gets it by mail where mail is on."""
    with transaction.atomic():
        made = Invitation.objects.create(
            project=project, role=role, email=email, made_by_id=by, expires_at=timezone.now() + timedelta(days=days)
        )
        if email and settings.ENV.sends_mail:
            account_letters.invite(made)
    return made


def withdraw(invitation: Invitation) -> bool:
    """End an invitation; False when it had ended or was accepted already."""
    open_ones = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    return open_ones.update(withdrawn_at=Now()) == 1


def trouble(invitation: Invitation, *, who: User | None) -> str:
    """Why an invitation lets nobody in, or not this person; empty: it does."""
    if invitation.accepted_at is not None:
        return "This invitation was accepted already: each lets one person in."
    if invitation.withdrawn_at is not None:
        return "This invitation was withdrawn."
    if invitation.expires_at <= timezone.now():
        return "This invitation has run out."
    if not can(invitation.made_by, "administer", invitation.project):
        return "Whoever made this invitation may not invite people any more."
    if who is not None and invitation.email and who.email.casefold() != invitation.email.casefold():
        return "This invitation is for another address than yours."
    if who is not None and Membership.objects.filter(project=invitation.project, user=who).exists():
        return "You are in this project already; your role stays as it is."
    return ""


def accept(invitation: Invitation, *, who: User) -> Membership:
    """Let a person in. Raises Refused, and then nothing has changed; of two who come at once, one is refused."""
    with transaction.atomic():
        wrong = trouble(invitation, who=who)
        if wrong:
            raise Refused(wrong)
        rows = Invitation.objects.filter(Q(expires_at__gt=Now()), pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if not rows.update(accepted_at=Now(), accepted_by=who):
            raise Refused("This invitation was accepted already: each lets one person in.")
        made, new = Membership.objects.get_or_create(
            project=invitation.project, user=who, defaults={"role": invitation.role}
        )
        if not new:
            raise Refused("You are in this project already; your role stays as it is.")
    return made


def accept_as_new(invitation: Invitation, *, name: str, password: str, email: str) -> User:
    """Make a person and let them in, in one step: a refused invitation leaves nobody behind."""
    with transaction.atomic():
        who = User.objects.create_user(name, invitation.email or email, password)
        accept(invitation, who=who)
    return who
