"""`manage.py subject`: all that is held under one external id, as JSON, for whoever an item is about and asks."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from slider.flow import subjects
from slider.management import named
from slider.queries import subject


class Command(BaseCommand):
    help = (
        "Write all that is held under an external id, in every task of a project, as JSON. That it was asked for, and "
        "by whom, stands in the log. Exit code 0: written; 1: it could not be, and the words say why."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="The project's short name.")
        parser.add_argument("external_id", help="The id that the item came in under, to the letter.")
        parser.add_argument("file", nargs="?", default="-", help="Where to; - or nothing: to the standard output.")
        parser.add_argument("--by", required=True, help="Who asks for it: an admin of the project, by their name.")

    def handle(self, *, project: str, external_id: str, file: str, by: str, **_: Any) -> None:
        of = named.project(project)
        who = named.person(by, may="administer", of=of)
        if not 1 <= len(external_id) <= 255 or "\x00" in external_id:
            raise CommandError("An external id has 1 to 255 characters.")
        with transaction.atomic():
            found = subject.find(of, external_id)
            subjects.told(of, external_id, [one.item for one in found], by=who.pk, how={"format": "command"})
        text = json.dumps(subject.document(of, external_id, found), ensure_ascii=False, indent=2)
        if file == "-":
            self.stdout.write(text)
            return
        try:
            Path(file).write_text(text + "\n")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror or error}") from error
        self.stdout.write(f"{file}: {len(found)} item{'' if len(found) == 1 else 's'} of {of}.")
