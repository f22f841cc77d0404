"""`manage.py export_items`: a task's items and results to a file, line by line, with flat memory."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from slider.management import named
from slider.management.bar import Bar
from slider.models import Item, State
from slider.queries import export


class Command(BaseCommand):
    help = (
        "Write all items of a task with their newest results, oldest first: JSON Lines, which can be imported as they "
        "are, or CSV. A file stands under its name only when it is whole. Exit code 0: written; 1: it could not be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", help="Where to; - for the standard output.")
        parser.add_argument("--format", choices=list(export.FORMATS), help="Usually as the file's name says.")
        parser.add_argument("--state", choices=State.values, help="Only items in this state.")
        parser.add_argument("--json", action="store_true", help="Say what was written as one JSON object.")

    def handle(self, *, task: str, file: str, state: str | None, **said: Any) -> None:
        of = named.task(task)
        if file == "-" and said["json"]:
            raise CommandError("--json speaks on the standard output: give the export a file of its own.")
        kind = said["format"] or ("csv" if file.lower().endswith(".csv") else "jsonl")
        total = Item.objects.filter(task=of, **({"state": state} if state else {})).count()
        bar = Bar("lines", sys.stderr)
        lines = export.table(of, state=state) if kind == "csv" else export.jsonl(of, state=state)
        try:
            if file == "-":
                count, size = _write(lines, sys.stdout.buffer, bar, total)
            else:
                count, size = _write_whole(lines, Path(file), bar, total)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror or error}") from error
        finally:
            bar.close()
        if file == "-":
            return
        told = {"file": file, "format": kind, "lines": count, "bytes": size}
        self.stdout.write(json.dumps(told, indent=2) if said["json"] else f"{file}: {count:,} lines, {size:,} bytes.")


def _write_whole(lines: Iterator[str], file: Path, bar: Bar, total: int) -> tuple[int, int]:
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as stream:
            written = _write(lines, stream, bar, total)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written


def _write(lines: Iterator[str], stream: BinaryIO, bar: Bar, total: int) -> tuple[int, int]:
    count = size = 0
    for text in lines:
        piece = text.encode()
        stream.write(piece)
        count, size = count + piece.count(b"\n"), size + len(piece)
        bar.show(count, max(total, count))
    return count, size
