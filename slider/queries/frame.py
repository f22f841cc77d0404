"""What every page's frame shows of a person: their rights, and what waits on their desk."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from slider.models import Membership, Project, standing
from slider.models.may_look import member_may_look
from slider.models.project import RIGHTS
from slider.queries import offered

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
, waiting AS MATERIALIZED (
    SELECT count(*) AS looks FROM (
        SELECT FROM mine CROSS JOIN LATERAL (
            SELECT FROM (
                SELECT * FROM slider_review w WHERE w.task_id = mine.id AND w.state = 'open'
                ORDER BY w.turn, w.id LIMIT {{scanned}}
            ) AS r WHERE {member_may_look("r", member="mine", person="%(user)s")} LIMIT {{many}}
        ) AS one LIMIT {{many}}
    ) AS found
)
SELECT
    EXISTS (SELECT FROM slider_membership m WHERE m.user_id = %(user)s AND m.role = ANY(%(roles)s)),
    looks,
    looks < {{many}} AND EXISTS (
        SELECT FROM mine CROSS JOIN LATERAL (
            SELECT FROM slider_review w WHERE w.task_id = mine.id AND w.state = 'open'
            ORDER BY w.turn, w.id OFFSET {{scanned}} LIMIT 1
        ) AS more
    )
FROM waiting
"""  # noqa: S608  # nothing but the rule goes into this text


@dataclass(frozen=True, slots=True)
class Desk:
    """How many looks are open to one person, counted up to `MANY`.

    `more`: of a task only the first were looked through, and others may lie behind them.
    """

    may_review: bool
    count: int
    more: bool = False

    @property
    def text(self) -> str:
        if self.count >= MANY:
            return f"{MANY - 1}+"
        return f"{self.count}+" if self.count and self.more else str(self.count)


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
        # The limits stand in the text: the plan is made once, and hangs on them.
        cursor.execute(_WAITING.format(many=MANY, scanned=offered.SCANNED), {"user": user.pk, "roles": _REVIEWING})
        may_review, count, more = cursor.fetchone()
    return Desk(may_review, count, more)


def fleet_reach(user: AbstractBaseUser | AnonymousUser) -> list[int]:
    """The projects whose part of the fleet a person runs."""
    if not user.is_authenticated or not user.is_active:
        return []
    operators = [role for role, verbs in RIGHTS.items() if "operate" in verbs]
    return list(
        Membership.objects.filter(user_id=int(user.pk), role__in=operators).values_list("project_id", flat=True)
    )
