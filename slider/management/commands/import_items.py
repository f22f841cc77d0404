"""`manage.py import_items`: a file of items comes in, as on the import page; killed half-way, the fleet goes on."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from slider.flow import asking, files, imports
from slider.flow.intake import Fate
from slider.management import local_file, named
from slider.management.bar import Bar
from slider.management.local_file import Options
from slider.models import OVER, Import, ImportState, Purpose, RefusedRow, Task
from slider.queries.imports import progress, state_of
from slider.rows import Broken, ColumnMap, Unmapped

REFUSED = 3
_SHOWN = 10


class Command(BaseCommand):
    help = (
        "Bring in a file of items: CSV, TSV, JSON Lines or Excel; text also gzipped. Rows that are here already are "
        "left alone, so the same file twice adds nothing. When this is killed the fleet goes on with the file; "
        "--follow waits for it. Exit code 0: every row is in, or would be; 1: the file can't be read, or was dropped; "
        "3: some rows were refused, or would be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", type=Path, nargs="?", help="The file.")
        parser.add_argument("--by", help="Who brings it in; needed but for a dry run.")
        columns = parser.add_argument_group("columns", "In place of what their names say:")
        columns.add_argument(
            "--map", action="append", default=[], metavar="FIELD=COLUMN", help="Which column becomes a field."
        )
        columns.add_argument("--id", metavar="COLUMN", help="Which column is the id.")
        columns.add_argument("--priority", metavar="COLUMN", help="Which column is the priority.")
        columns.add_argument("--due", metavar="COLUMN", help="Which column says when the result is due.")
        columns.add_argument(
            "--leave-out", action="append", default=[], metavar="COLUMN", help="One that goes nowhere."
        )
        deeds = parser.add_mutually_exclusive_group()
        deeds.add_argument("--dry-run", action="store_true", help="Check every row and keep nothing.")
        deeds.add_argument("--ask", action="store_true", help="Examine it, and leave the word to the import page.")
        deeds.add_argument(
            "--follow", "--resume", type=int, metavar="ID", help="Go on with an import that has begun, or waits."
        )
        deeds.add_argument("--drop", type=int, metavar="ID", help="End an import; what is in stays.")
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")

    def handle(self, *, task: str, file: Path | None, **said: Any) -> None:
        of = named.task(task)
        self._json = bool(said["json"])
        options = Options(tuple(said["map"]), tuple(said["leave_out"]), said["id"], said["priority"], said["due"])
        try:
            if said["drop"] is not None:
                self._drop(_found(of, said["drop"]), _by(of, said))
            elif said["follow"] is not None:
                self._follow(_found(of, said["follow"]), options, of, said)
            elif file is None:
                raise CommandError("Name the file, or an import to follow.")
            elif said["dry_run"]:
                self._look_through(of, file, local_file.mapping(of, file, options))
            else:
                self._bring_in(of, file, options, _by(of, said), asks=said["ask"])
        except (Broken, Unmapped, imports.Unfit, OSError) as error:
            raise CommandError(f"{file.name}: {error}" if file else f"{error}.") from error

    def _bring_in(self, of: Task, file: Path, options: Options, by: User, *, asks: bool) -> None:
        mapping = local_file.mapping(of, file, options)
        then = ImportState.LOOKING if asks else ImportState.COMING if mapping else ImportState.WAITING
        with file.open("rb") as stream:
            held = files.receive(of, name=file.name, stream=stream, by=by.pk, then=then, mapping=mapping)
        self._carry(held)

    def _follow(self, held: Import, options: Options, of: Task, said: dict[str, Any]) -> None:
        """Go on with an import. One that waits for a word is brought in, by whoever is named."""
        if held.state == ImportState.ASKING:
            by = _by(of, said)
            mapping = local_file.said_of(ColumnMap.from_json(held.mapping), options)
            asking.start(held, mapping, by=by.pk)
        self._carry(held)

    def _drop(self, held: Import, by: User) -> None:
        if not asking.drop(held, by=by.pk):
            raise CommandError(f"Import {held.pk} is {state_of(held)} already.")
        self._out({"import": held.pk, "state": state_of(held), "added": held.added}, [progress(held).words])

    def _carry(self, held: Import) -> None:
        """Do what is next ourselves, or wait for whoever has begun."""
        bar = Bar(f"import {held.pk}: rows", sys.stderr)
        try:
            while True:
                imports.run(held.pk, tell=bar.show)
                held.refresh_from_db()
                if held.state in (*OVER, ImportState.ASKING):
                    break
                bar.show(held.seen, held.total)
                time.sleep(0.5)
        finally:
            bar.close()
        self._tell(held)

    def _tell(self, held: Import) -> None:
        refused = _told(RefusedRow.objects.filter(of=held).order_by("line", "id")[:_SHOWN])
        told = {"import": held.pk, "state": state_of(held), "note": held.note, "problem": held.problem}
        told |= {"rows": held.seen, "added": held.added, "known": held.known, "refused": held.refused}
        if held.state == ImportState.ASKING:
            told |= {"rows": held.total, "page": f"/imports/{held.pk}/", "mapping": held.mapping}
            self._out(told, [progress(held).words, f"Say what becomes of it at /imports/{held.pk}/"])
            return
        self._out(told | {"examples": refused}, [progress(held).words, *_lines(refused)])
        if held.state in (ImportState.FAILED, ImportState.DROPPED):
            raise CommandError(held.problem)
        if held.refused:
            raise CommandError(f"{held.refused:,} rows were refused; the others are in.", returncode=REFUSED)

    def _look_through(self, task: Task, file: Path, mapping: ColumnMap | None) -> None:
        bar = Bar("rows", sys.stderr)
        try:
            found = local_file.count(task, file, mapping, tell=bar.show, shown=_SHOWN)
        finally:
            bar.close()
        examples = _told(found.examples)
        added, known = found.fates[Fate.ADDED], found.fates[Fate.KNOWN]
        told: dict[str, Any] = {"state": "looked through", "note": found.note, "rows": found.rows}
        told |= {"added": added, "known": known, "refused": found.refused, "examples": examples}
        told |= {"mapping": mapping.to_json() if mapping else None}
        here = f" {known:,} are here already." if known else ""
        words = f"{added:,} of {found.rows:,} rows would come in.{here} Nothing was kept: this was a dry run."
        self._out(told, [found.note, words, *_lines(examples)])
        if found.refused:
            raise CommandError(f"{found.refused:,} rows would be refused.", returncode=REFUSED)

    def _out(self, told: dict[str, Any], lines: list[str]) -> None:
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) if self._json else "\n".join(lines))


def _found(of: Task, number: int) -> Import:
    found = Import.objects.select_related("task").filter(pk=min(number, 2**63 - 1), task=of).first()
    if found is None:
        raise CommandError(f"The task {of.slug} has no import {number}.")
    if found.purpose != Purpose.ITEMS:
        raise CommandError(
            f"{found.name} holds past outputs and no items: go on with it on its page, or drop it there."
        )
    return found


def _by(of: Task, said: dict[str, Any]) -> User:
    if said["by"] is None:
        raise CommandError("Say who brings it in, by --by.")
    return named.person(said["by"], may="intake", of=of.project)


def _told(refused: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"line": row.line, "column": row.column, "reason": row.reason} for row in refused]


def _lines(refused: list[dict[str, Any]]) -> list[str]:
    return [f"  line {row['line']}{', ' + row['column'] if row['column'] else ''}: {row['reason']}" for row in refused]
