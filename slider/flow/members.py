"""Who is in a project and as what: changed by its admins, of whom one always stays."""

from django.db import transaction

from slider.flow import handing, leavers
from slider.models import Membership, Project, Role


class Last(Exception):
    """The change would leave a project without an Admin who can sign in."""

    def __init__(self, project: Project) -> None:
        super().__init__(f"{project} would be without an Admin. Make somebody else one first.")


def change_role(member: Membership, role: Role) -> None:
    """Give a member another role; what they may not do any more returns at once."""
    with transaction.atomic():
        keep_an_admin(member.project, without=member.user_id if role != Role.ADMIN else None)
        Membership.objects.filter(pk=member.pk).update(role=role)
        give_back()


def remove(member: Membership) -> None:
    """Take somebody out of a project; what they held there returns at once."""
    with transaction.atomic():
        keep_an_admin(member.project, without=member.user_id)
        Membership.objects.filter(pk=member.pk).delete()
        give_back()


def keep_an_admin(project: Project, *, without: int | None) -> None:
    """Refuse what would take the last Admin. The project's row makes two who do so at once wait for each other."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    admins = Membership.objects.filter(project=project, role=Role.ADMIN, user__is_active=True)
    if without is not None and admins.filter(user_id=without).exists() and not admins.exclude(user_id=without).exists():
        raise Last(project)


def give_back() -> int:
    """Return what people hold or were assigned where they do not review any more; how many looks."""
    return leavers.free_held() + handing.free_from_leavers()
