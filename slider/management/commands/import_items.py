"""`manage.py import_items`: a file of items comes in, as on the import page; killed half-way, the fleet goes on."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from slider import rows
from slider.flow import imports, intake
from slider.flow.files import PIECE_BYTES
from slider.management import named
from slider.management.bar import Bar
from slider.models import Import, ImportState, RefusedRow, Task
from slider.queries.imports import progress
from slider.rows import Bad, Broken, Reader
from slider.schema import Schema

REFUSED = 3
_SHOWN = 10


class Command(BaseCommand):
    help = (
        "Bring in a file of items: CSV, TSV, JSON Lines or Excel; text also gzipped. Rows that are here already are "
        "left alone, so the same file twice adds nothing. When this is killed the fleet goes on with the file; "
        "--follow waits for it. Exit code 0: every row is in; 1: the file can't be read; 3: some rows were refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", type=Path, nargs="?", help="The file.")
        parser.add_argument("--by", help="Who brings it in; needed but for a dry run.")
        parser.add_argument("--dry-run", action="store_true", help="Check every row and keep nothing.")
        parser.add_argument("--follow", type=int, metavar="ID", help="Wait for an import that has begun already.")
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")

    def handle(self, *, task: str, file: Path | None, **said: Any) -> None:
        of = named.task(task)
        self._json = bool(said["json"])
        if said["follow"] is not None:
            found = Import.objects.filter(pk=min(said["follow"], 2**63 - 1), task=of).first()
            if found is None:
                raise CommandError(f"The task {of.slug} has no import {said['follow']}.")
            self._carry(found)
        elif file is None:
            raise CommandError("Name the file, or an import to follow.")
        elif said["dry_run"]:
            self._look_through(of, file)
        elif said["by"] is None:
            raise CommandError("Say who brings it in, by --by.")
        else:
            by = named.person(said["by"], may="intake", of=of.project)
            try:
                with file.open("rb") as stream:
                    held = imports.receive(of, name=file.name, stream=stream, by=by.pk)
            except (imports.Unfit, OSError) as error:
                raise CommandError(f"{file.name}: {error}") from error
            self._carry(held)

    def _carry(self, held: Import) -> None:
        """Bring the rows in ourselves, or wait for whoever has begun."""
        bar = Bar(f"import {held.pk}: rows", sys.stderr)
        try:
            while True:
                imports.run(held.pk, tell=bar.show)
                held.refresh_from_db()
                if held.state in (ImportState.DONE, ImportState.FAILED):
                    break
                bar.show(held.seen, held.total)
                time.sleep(0.5)
        finally:
            bar.close()
        self._tell(held)

    def _tell(self, held: Import) -> None:
        refused = [
            {"line": row.line, "column": row.column, "reason": row.reason}
            for row in RefusedRow.objects.filter(of=held).order_by("line", "id")[:_SHOWN]
        ]
        told = {"import": held.pk, "state": held.state, "note": held.note, "problem": held.problem}
        told |= {"rows": held.seen, "added": held.added, "known": held.known, "refused": held.refused}
        self._out(told | {"examples": refused}, [progress(held).words, *_lines(refused)])
        if held.state == ImportState.FAILED:
            raise CommandError(held.problem)
        if held.refused:
            raise CommandError(f"{held.refused:,} rows were refused; the others are in.", returncode=REFUSED)

    def _look_through(self, task: Task, file: Path) -> None:
        schema = Schema.compile(task.input_schema)
        seen, refused, examples = 0, 0, list[dict[str, Any]]()
        bar = Bar("rows", sys.stderr)
        try:
            with _opened(task, file) as reader:
                for seen, row in enumerate(reader.records(), start=1):
                    bad = row if isinstance(row, Bad) else _refused(row, schema)
                    if bad is not None:
                        refused += 1
                        if len(examples) < _SHOWN:
                            examples.append({"line": bad.line, "column": bad.column, "reason": bad.reason})
                    bar.show(seen)
                note = reader.note
        except (Broken, OSError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        finally:
            bar.close()
        told = {"state": "looked through", "note": note, "rows": seen, "refused": refused, "examples": examples}
        words = f"{seen - refused:,} of {seen:,} rows would come in. Nothing was kept: this was a dry run."
        self._out(told, [note, words, *_lines(examples)])
        if refused:
            raise CommandError(f"{refused:,} rows would be refused.", returncode=REFUSED)

    def _out(self, told: dict[str, Any], lines: list[str]) -> None:
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) if self._json else "\n".join(lines))


def _refused(row: rows.Record, schema: Schema) -> Bad | None:
    """Why a row would not come in; whether its id stands for another body is known only when it comes."""
    arrival = intake.refusal(intake.Row(row.body, row.external_id, row.priority, row.due_at), schema)
    return None if arrival is None else Bad(row.line, arrival.reason, arrival.where.lstrip("/"))


def _opened(task: Task, file: Path) -> AbstractContextManager[Reader]:
    def pieces() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    with file.open("rb") as stream:
        kind = rows.kind_of(rows.clean_name(file.name), stream.read(PIECE_BYTES))
    return rows.open_file(pieces, kind, task.input_schema, most_bytes=4 * settings.IMPORT_MAX_BYTES)


def _lines(refused: list[dict[str, Any]]) -> list[str]:
    return [f"  line {row['line']}{', ' + row['column'] if row['column'] else ''}: {row['reason']}" for row in refused]
