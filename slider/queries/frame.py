"""What every page's frame shows of a person: their rights, and what waits on their desk."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from slider.models import Membership, Project, Review, ReviewState
from slider.models.project import RIGHTS
from slider.queries import offered, practice

MANY = 1000  # counting stops here: a frame must not grow slow with the backlog


@dataclass(frozen=True, slots=True)
class Desk:
    """How many looks are open to one person, counted up to `MANY`."""

    may_review: bool
    count: int

    @property
    def text(self) -> str:
        return f"{MANY - 1}+" if self.count >= MANY else str(self.count)


def rights(user: AbstractBaseUser | AnonymousUser, project: Project) -> frozenset[str]:
    """The verbs that a person may use in a project; empty for a stranger."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    role = Membership.objects.filter(user_id=user.pk, project=project).values_list("role", flat=True).first()
    return RIGHTS.get(role or "", frozenset())


def desk(user: AbstractBaseUser | AnonymousUser) -> Desk:
    """What waits for a look of this person, over all projects where they review."""
    projects = reviewed_projects(user)
    if not projects or not user.is_authenticated:
        return Desk(may_review=False, count=0)
    open_looks = Review.objects.filter(offered.to(int(user.pk)), state=ReviewState.OPEN, task__project__in=projects)
    open_looks = open_looks.exclude(task__in=practice.barred_ids(int(user.pk), projects))
    return Desk(may_review=True, count=open_looks.values("pk")[:MANY].count())


def fleet_reach(user: AbstractBaseUser | AnonymousUser) -> list[int]:
    """The projects whose part of the fleet a person runs."""
    if not user.is_authenticated or not user.is_active:
        return []
    operators = [role for role, verbs in RIGHTS.items() if "operate" in verbs]
    return list(
        Membership.objects.filter(user_id=int(user.pk), role__in=operators).values_list("project_id", flat=True)
    )


def reviewed_projects(user: AbstractBaseUser | AnonymousUser) -> list[int]:
    """The projects in which a person may review."""
    if not user.is_authenticated:
        return []
    reviewers = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    return list(
        Membership.objects.filter(user_id=int(user.pk), role__in=reviewers).values_list("project_id", flat=True)
    )
