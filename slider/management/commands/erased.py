"""`manage.py erased`: the list of erased items, to be kept apart from the backups; and after a restore, them again."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slider.flow import erasing
from slider.management import named
from slider.models import Item
from slider.queries import erased as listed
from slider.queries.erased import Erased

EPILOG = """
Write the list each night, and after each request, to a place that no restore of the database sets back. After a restore
of an older backup, and before anything starts: `manage.py after_restore`, then this with --again.
"""


class Command(BaseCommand):
    help = (
        "Write which items were erased on request, one JSON object a line: numbers, moments and reasons, nothing of "
        "what they held. With --again: erase those of a list that a restore has brought back. Exit code 0: done; "
        "1: it could not be, and nothing was erased; 3: done, and some are not in this database."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="The list; - is the standard output, or with --again the standard input.")
        parser.add_argument("--again", action="store_true", help="Erase again what the list names.")
        parser.add_argument("--by", help="With --again: who does it, an admin of the items' projects, by their name.")

    def handle(self, *, file: str, again: bool, by: str | None, **_: Any) -> None:
        if not again:
            self._write(file)
        elif by is None:
            raise CommandError("Say who erases again, with --by.")
        else:
            self._erase_again(_read(file), by)

    def _write(self, file: str) -> None:
        rows = [json.dumps(asdict(one), default=datetime.isoformat) for one in listed.erased()]
        if file == "-":
            for row in rows:
                self.stdout.write(row)
            return
        try:
            Path(file).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror or error}") from error
        self.stdout.write(f"{file}: {len(rows)} erased item{'' if len(rows) == 1 else 's'}.")

    def _erase_again(self, rows: list[Erased], by: str) -> None:
        here: list[tuple[Item, str]] = []
        away: list[Erased] = []
        for one in rows:
            item = listed.still_here(one)
            away += [one] if item is None else []
            here += [] if item is None else [(item, one.words)]
        # All or none: whoever may not erase in one of the projects has erased nothing.
        projects = {item.task.project_id: item.task.project for item, _ in here}
        who = {number: named.person(by, may="administer", of=project) for number, project in projects.items()}
        done = 0
        for item, words in here:
            try:
                erasing.erase(item.pk, by=who[item.task.project_id].pk, words=words)
                done += 1
            except erasing.Gone:
                pass
        self.stdout.write(f"{done} erased again, {len(here) - done} were erased already.")
        if away:
            names = "; ".join(f"{one.item} of {one.project}/{one.task} ({one.words})" for one in away[:20])
            raise CommandError(
                f"{len(away)} are not in this database, as they came after the backup: {names}. Where a source sends "
                "one of them again it comes in as a new item, whose id nobody knows here: see that it doesn't, or "
                "erase it then.",
                returncode=3,
            )


def _read(file: str) -> list[Erased]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} can't be read: {error}") from error
    return [_row(line, f"{file}, line {number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _row(line: str, where: str) -> Erased:
    try:
        said = json.loads(line)
        if not isinstance(said["item"], int) or not 1 <= len(said["words"].strip()) <= erasing.LONGEST_WORDS:
            raise TypeError("an item has a number, and a reason that the log takes")
        return Erased(
            item=said["item"],
            came_at=_moment(said["came_at"]),
            project=str(said["project"]),
            task=str(said["task"]),
            erased_at=_moment(said["erased_at"]),
            words=str(said["words"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise CommandError(f"{where} is no erased item of such a list: nothing was erased.") from error


def _moment(said: str) -> datetime:
    found = datetime.fromisoformat(said)
    if found.tzinfo is None:
        raise ValueError("a moment has its zone")
    return found.astimezone(UTC)
