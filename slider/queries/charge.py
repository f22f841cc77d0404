"""Who is in charge of whose way in: the projects that a person administers, and whom they may switch off."""

from django.contrib.auth.models import User

from slider.models import Membership
from slider.models.project import RIGHTS


def led_projects(me: User) -> list[int]:
    """The projects that this person administers."""
    roles = [role for role, verbs in RIGHTS.items() if "administer" in verbs]
    return list(Membership.objects.filter(user=me, role__in=roles).values_list("project_id", flat=True))


def why_not(me: User, who: User) -> str:
    """Why this person may not switch somebody off, or give them a new password; empty: they may.

    Somebody's whole way in is nobody's but a superuser's, or of the Admins of every project that they are in: an Admin
    of one could walk into the others through them otherwise.
    """
    if who.pk == me.pk:
        return "Nobody does this to themselves: ask another Admin."
    if me.is_superuser:
        return ""
    if who.is_superuser or who.is_staff:
        return "Only a superuser of this installation does this to somebody who runs it."
    if Membership.objects.filter(user=who).exclude(project__in=led_projects(me)).exists():
        return "They are in other projects, too: take them out of yours, or ask a superuser of this installation."
    return ""
