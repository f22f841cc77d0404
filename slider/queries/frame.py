"""What every page's frame shows of a person: their rights, and what waits on their desk."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from slider.models import Membership, Project, standing
from slider.models.may_look import member_may_look
from slider.models.project import RIGHTS

MANY = 1000  # counting stops here: a frame must not grow slow with the backlog

_REVIEWING = [str(role) for role, verbs in RIGHTS.items() if "review" in verbs]
_WAITING = f"""
WITH mine AS MATERIALIZED (
    SELECT t.id, m.skills, m.role FROM slider_membership m JOIN slider_task t ON t.project_id = m.project_id
    WHERE m.user_id = %(user)s AND m.role = ANY(%(roles)s) AND NOT CASE
        WHEN t.practice_looks = 0 THEN false
        WHEN EXISTS (SELECT FROM slider_admission a WHERE a.task_id = t.id AND a.person_id = %(user)s) THEN false
        ELSE slider_must_practise(t.id, %(user)s) END
)
SELECT
    EXISTS (SELECT FROM slider_membership m WHERE m.user_id = %(user)s AND m.role = ANY(%(roles)s)),
    (SELECT count(*) FROM (
        SELECT FROM mine CROSS JOIN LATERAL (
            SELECT FROM slider_review r WHERE r.task_id = mine.id AND r.state = 'open'
            AND {member_may_look("r", member="mine", person="%(user)s")} LIMIT %(many)s
        ) AS one LIMIT %(many)s
    ) AS waiting)
"""  # noqa: S608  # nothing but the rule goes into this text


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
    if not user.is_authenticated:
        return Desk(may_review=False, count=0)
    with standing.cursor() as cursor:
        cursor.execute(_WAITING, {"user": user.pk, "roles": _REVIEWING, "many": MANY})
        may_review, count = cursor.fetchone()
    return Desk(may_review, count)


def fleet_reach(user: AbstractBaseUser | AnonymousUser) -> list[int]:
    """The projects whose part of the fleet a person runs."""
    if not user.is_authenticated or not user.is_active:
        return []
    operators = [role for role, verbs in RIGHTS.items() if "operate" in verbs]
    return list(
        Membership.objects.filter(user_id=int(user.pk), role__in=operators).values_list("project_id", flat=True)
    )
