"""The people of a project and what they know; what its tasks take, and who of them could do it."""

from dataclasses import dataclass

from slider.models import Membership, Project, Review, ReviewState, Role, Task
from slider.models.project import RIGHTS

MANY = 1000  # waiting looks that are read for what they take


@dataclass(frozen=True, slots=True)
class Member:
    """One person in a project."""

    user_id: int
    name: str
    role: str
    reviews: bool
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A skill that looks take, and how many of those who review have it."""

    skill: str
    tasks: tuple[str, ...]
    waiting: int  # looks that wait for somebody with it; counting stops at `MANY` looks of all
    people: int


def members(project: Project) -> list[Member]:
    """Everybody who can sign in, by name."""
    found = Membership.objects.filter(project=project, user__is_active=True).select_related("user")
    return [
        Member(
            one.user_id,
            one.user.get_username(),
            str(Role(one.role).label),
            "review" in RIGHTS[one.role],
            tuple(one.skills),
        )
        for one in found.order_by("user__username")
    ]


def wanted(project: Project) -> list[Wanted]:
    """What the project's tasks ask for, and what waits for it: nobody else may take it, so a 0 has to be seen."""
    tasks: dict[str, set[str]] = {}
    waiting: dict[str, int] = {}
    for task in Task.objects.filter(project=project):
        for skill in task.skills:
            tasks.setdefault(skill, set()).add(task.name)
    looks = Review.objects.filter(task__project=project, state=ReviewState.OPEN, skills__isnull=False)
    for taken, name in looks.values_list("skills", "task__name")[:MANY]:
        for skill in taken or ():
            tasks.setdefault(skill, set()).add(name)
            waiting[skill] = waiting.get(skill, 0) + 1
    known = [one.skills for one in members(project) if one.reviews]
    return [
        Wanted(skill, tuple(sorted(names)), waiting.get(skill, 0), sum(skill in some for some in known))
        for skill, names in sorted(tasks.items())
    ]


def reviewers(project: Project) -> int:
    """How many people review in a project."""
    roles = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    return Membership.objects.filter(project=project, role__in=roles, user__is_active=True).count()
