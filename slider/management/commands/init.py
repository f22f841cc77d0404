"""`manage.py init`: a new installation gets its tables, its first person and its first project."""

import json
import os
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils.text import slugify

from slider.flow import beginning
from slider.queries import upgrade

_VARIABLE = "SLIDER_INIT_PASSWORD"


class Command(BaseCommand):
    help = (
        "Set up an installation: apply the migrations to an empty database, make a person who runs it, and a project "
        f"that they administer. Said twice it changes nothing. The password comes from {_VARIABLE}, from the standard "
        "input with --password-stdin, or is made and written once. Exit code 0: it is set up; 1: it is not."
    )
    requires_system_checks = ()  # they may look at tables that do not exist yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", default="admin", help="The first person's name. Usually admin.")
        parser.add_argument("--project", default="First project", help="The project's name.")
        parser.add_argument("--slug", help="Its short name; made of its name where it is left out.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from the standard input.")
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")

    def handle(self, *, person: str, project: str, slug: str | None, **said: Any) -> None:
        short = slug or slugify(project)[:60]
        if not short or slugify(short) != short:
            raise CommandError(f"{short or project!r} is no short name: give small letters, digits and hyphens.")
        given = sys.stdin.readline().rstrip("\r\n") if said["password_stdin"] else os.environ.get(_VARIABLE, "")
        password = given or secrets.token_urlsafe(18)
        applied = _tables()
        try:
            begun = beginning.begin(person=person, password=password, project=project, slug=short)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        told = {
            "migrations": applied,
            "person": begun.person.get_username(),
            "new_person": begun.new_person,
            "password": password if begun.new_person and not given else None,
            "project": begun.project.slug,
            "new_project": begun.new_project,
        }
        self.stdout.write(json.dumps(told, indent=2) if said["json"] else "\n".join(_lines(told)))


def _tables() -> int:
    """Apply what waits; how many migrations that were. An installation that runs is for `upgrade` to change."""
    try:
        waits = upgrade.waiting()
    except OperationalError as error:
        words = " ".join(str(error).split())[:300]
        raise CommandError(f"PostgreSQL does not answer: {words}. `python -m slider doctor` says more.") from error
    if waits.plan and upgrade.is_begun():
        raise CommandError("This installation is set up already, and migrations wait: run `upgrade before`.")
    if waits.plan:
        call_command("migrate", verbosity=0, interactive=False)
    return len(waits.plan)


def _lines(told: dict[str, Any]) -> list[str]:
    person, project = told["person"], told["project"]
    lines = [f"{told['migrations']} migrations applied." if told["migrations"] else "The tables are there."]
    lines.append(f"{person} runs this installation." if told["new_person"] else f"{person} was here already.")
    if told["password"]:
        lines.append(f"Password, shown this once: {told['password']}")
    lines.append(f"The project {project} is {'new' if told['new_project'] else 'here already'}.")
    lines.append("Next: `python -m slider doctor`, then sign in and set up a task.")
    return lines
