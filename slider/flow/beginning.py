"""An installation begins: its first person and its first project. What is there already stays as it is."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from slider.models import Membership, Project, Role


@dataclass(frozen=True, slots=True)
class Begun:
    """Who and what is there now, and which of it is new."""

    person: User
    project: Project
    new_person: bool
    new_project: bool


def begin(*, person: str, password: str, project: str, slug: str) -> Begun:
    """Make the first person, who runs the installation, and a project that they administer.

    Said twice it changes nothing: whoever is there keeps their password. Raises ValidationError for a weak one.
    """
    with transaction.atomic():
        known = User.objects.filter(username=person).first()
        somebody = known or User(username=person, is_staff=True, is_superuser=True)
        if known is None:
            somebody.full_clean(exclude=["password"])
            validate_password(password, somebody)
            somebody.set_password(password)
            somebody.save(force_insert=True)
        place, new_project = Project.objects.get_or_create(slug=slug, defaults={"name": project})
        if new_project:
            place.full_clean()
        Membership.objects.get_or_create(project=place, user=somebody, defaults={"role": Role.ADMIN})
        return Begun(somebody, place, known is None, new_project)
