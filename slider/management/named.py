"""What a command line names: a task, a project, a person; with words that say which there are where it is none."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from slider.models import Project, Task, can


def task(named: str) -> Task:
    """By number, by short name, or as project/short-name."""
    project, _, slug = named.rpartition("/")
    tasks = Task.objects.filter(slug=slug, **({"project__slug": project} if project else {}))
    by_number = named.isascii() and named.isdecimal() and len(named) < 18
    found = list((Task.objects.filter(pk=int(named)) if by_number else tasks).select_related("project"))
    if len(found) > 1:
        raise CommandError(f"{named} is a task of several projects: say which, as in {found[0].project.slug}/{slug}.")
    if not found:
        known = [f"{task.project.slug}/{task.slug}" for task in Task.objects.select_related("project")[:10]]
        raise CommandError(f"There is no task {named}. There are: {', '.join(known) or 'none'}.")
    return found[0]


def project(named: str) -> Project:
    """By its short name."""
    found = Project.objects.filter(slug=named).first()
    if found is None:
        known = list(Project.objects.values_list("slug", flat=True).order_by("slug")[:10])
        raise CommandError(f"There is no project {named}. There are: {', '.join(known) or 'none'}.")
    return found


def person(named: str, *, may: str, of: Project) -> User:
    """Somebody who may do this in the project."""
    found = User.objects.filter(username=named, is_active=True).first()
    if found is None:
        raise CommandError(f"There is nobody called {named} who may sign in.")
    if not can(found, may, of):
        raise CommandError(f"{named} may not do this in {of} ({may}): name somebody who may.")
    return found
