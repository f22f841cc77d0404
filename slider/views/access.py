"""Who may reach what: an object of a project that is not yours does not exist, a right that is missing is said."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from slider.models import Item, Membership, Project, Role, Task
from slider.models.project import RIGHTS, SAID, enough_for
from slider.queries import charge
from slider.queries.frame import fleet_reach, rights

BIGGEST_ID = 2**63 - 1
"""No row has a larger one, and the database can't be asked for it."""


def person(request: HttpRequest) -> User:
    """Who is signed in. The middleware lets nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def task_or_404(request: HttpRequest, task_id: int, verb: str) -> Task:
    """The task, if the person belongs to its project and may `verb` there."""
    task = Task.objects.select_related("project").filter(pk=task_id, project__in=_own_projects(request)).first()
    if task is None:
        raise Http404(f"There is no task {task_id} in your projects.")
    demand(request, task.project, verb)
    return task


def project_or_404(request: HttpRequest, slug: str, verb: str) -> Project:
    """The project, if the person belongs to it and may `verb` there."""
    own = Project.objects.filter(pk__in=_own_projects(request))
    project = None if "\x00" in slug else own.filter(slug=slug).first()
    if project is None:
        raise Http404(f"There is no project {slug} among yours.")
    demand(request, project, verb)
    return project


def item_or_404(request: HttpRequest, item_id: int, verb: str) -> Item:
    """The item with its task, if the person belongs to its project and may `verb` there."""
    items = Item.objects.select_related("task__project")
    item = items.filter(pk=item_id, task__project__in=_own_projects(request)).first()
    if item is None:
        raise Http404(f"There is no item {item_id} in your projects.")
    demand(request, item.task.project, verb)
    return item


def demand(request: HttpRequest, project: Project, verb: str) -> None:
    """Refuse, in words that say what is missing and whom to ask, unless the person may `verb` in the project."""
    user = person(request)
    role = Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    if user.is_active and role is not None and verb in RIGHTS[role]:
        return
    admins = Membership.objects.filter(project=project, role=Role.ADMIN, user__is_active=True)
    ask = list(admins.values_list("user__username", flat=True).order_by("user__username")[:3])
    raise PermissionDenied(
        f"You are a {Role(role).label if role else 'stranger'} in {project.name}. "
        f"To {SAID.get(verb, verb)} there takes the role {' or '.join(enough_for(verb))}. "
        + (f"Ask {' or '.join(ask)} for it." if ask else "Ask whoever runs this installation for it.")
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of the fleet somebody runs: the tasks of these projects; with None all of them, and the machines."""

    projects: tuple[int, ...] | None

    @property
    def everything(self) -> bool:
        return self.projects is None


def reach(request: HttpRequest) -> Reach:
    """What of the fleet this person runs: a superuser all of it, who may `operate` projects their tasks."""
    user = person(request)
    if user.is_active and user.is_superuser:
        return Reach(None)
    projects = fleet_reach(user)
    if not projects:
        raise PermissionDenied(
            "The fleet is run by superusers of this installation, and by Operators and Admins of a project for its "
            "tasks. Ask one of them."
        )
    return Reach(tuple(projects))


def operated_or_404(request: HttpRequest, task_id: int) -> Task:
    """The task, if this person runs it: a superuser runs each, also where they belong to no project."""
    if not person(request).is_superuser:
        return task_or_404(request, task_id, "operate")
    task = Task.objects.select_related("project").filter(pk=min(task_id, BIGGEST_ID)).first()
    if task is None:
        raise Http404(f"There is no task {task_id}.")
    return task


def machines_or_404(request: HttpRequest) -> None:
    """A machine belongs to the installation: for whoever runs less than that it does not exist."""
    if not person(request).is_superuser:
        raise Http404("There is no such machine in your reach.")


def person_or_404(request: HttpRequest, user_id: int) -> User:
    """Somebody whom this person answers for: a superuser for everybody, an Admin for whoever is in their projects."""
    found = User.objects.filter(pk=min(user_id, BIGGEST_ID))
    if not person(request).is_superuser:
        found = found.filter(memberships__project__in=charge.led_projects(person(request))).distinct()
    who = found.first()
    if who is None:
        raise Http404(f"There is no person {user_id} in your projects.")
    return who


def demand_charge(request: HttpRequest, who: User) -> None:
    """Refuse, in words, unless this person is in charge of somebody's whole way in."""
    words = charge.why_not(person(request), who)
    if words:
        raise PermissionDenied(words)


def site_or_403(request: HttpRequest) -> None:
    """What belongs to no project is read by superusers alone."""
    if not person(request).is_superuser:
        raise PermissionDenied("The log of the whole site is read by superusers of this installation. Ask one of them.")


def is_blind(request: HttpRequest, project: Project) -> bool:
    """People who only review must not see which items are audited: they would look at them otherwise."""
    known = rights(request.user, project)
    return "review" in known and "steer" not in known


def _own_projects(request: HttpRequest) -> list[int]:
    return list(Membership.objects.filter(user=person(request)).values_list("project_id", flat=True))
