"""A person is switched off and on again; their sessions end, and what they held returns."""

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction

from slider.flow import members
from slider.models import Membership, Role


def deactivate(user: User) -> int:
    """Nobody signs in as this person any more: sessions end and leases return now; how many looks returned.

    Raises members.Last where a project would be left without an Admin. Keys that they made go on working: programs use
    them, and whoever administers the project decides.
    """
    with transaction.atomic():
        led = Membership.objects.filter(user=user, role=Role.ADMIN).select_related("project").order_by("project_id")
        for one in led:
            members.keep_an_admin(one.project, without=user.pk)
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_sessions(user)
        return members.give_back()


def activate(user: User) -> None:
    """Let a person sign in again, in the roles they had."""
    User.objects.filter(pk=user.pk).update(is_active=True)


def end_sessions(user: User, *, but: str = "", only: int | None = None) -> int:
    """End sessions of a person: all, all but the one with this key, or only one of them; how many."""
    rows = UserSession.objects.filter(user_id=user.pk).exclude(session_key=but)
    if only is not None:
        rows = rows.filter(pk=only)
    with transaction.atomic():
        keys = list(rows.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        rows.filter(session_key__in=keys).delete()
    return len(keys)
