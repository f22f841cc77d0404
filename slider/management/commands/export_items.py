"""`manage.py export_items`: a task's items to a file, page by page, with flat memory; no job of the fleet."""

import hashlib
import json
import sys
import zlib
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from slider.flow import log
from slider.management import named
from slider.management.bar import Bar
from slider.models import Format, Kind, Lane, Narrowed, State, Task
from slider.queries import export
from slider.queries.export import Boundary, Page
from slider.rows import outgoing, parquet_out
from slider.rows.shaped import PARTS, USUAL, Shape

_TIMES = {
    "came_since": "came in at or after",
    "came_until": "came in before",
    "done_since": "were done at or after",
    "done_until": "were done before",
}


@dataclass(slots=True)
class _Counted:
    """What has been written."""

    items: int = 0
    bytes: int = 0
    sha256: str = ""


class Command(BaseCommand):
    help = (
        "Write the items of a task with what is told of them, oldest first, as they are at this moment: JSON Lines or "
        "CSV, which can be imported again, also gzipped, or Parquet. A file stands under its name only when it is "
        "whole; the log tells that it left. Exit code 0: written; 1: it could not be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", help="Where to; - for the standard output.")
        parser.add_argument("--format", choices=Format.values, help="Usually as the file's name says.")
        parser.add_argument("--state", choices=State.values, default="", help="Only items in this state.")
        parser.add_argument("--lane", choices=Lane.values, default="", help="Only items of this lane.")
        parser.add_argument("--begins", default="", help="Only items whose id begins so.")
        for name, words in _TIMES.items():
            option = f"--{name.replace('_', '-')}"
            parser.add_argument(option, type=_moment, metavar="TIME", help=f"Only items that {words}: 2026-11-28, UTC.")
        parser.add_argument(
            "--parts",
            default=",".join(USUAL),
            help=f"What is told of each: some of {','.join(PARTS)}; an empty text for none.",
        )
        parser.add_argument("--json", action="store_true", help="Say what was written as one JSON object.")

    def handle(self, *, task: str, file: str, **said: Any) -> None:
        of = named.task(task)
        if file == "-" and said["json"]:
            raise CommandError("--json speaks on the standard output: give the export a file of its own.")
        kind = Format(said["format"] or _by_name(file))
        if kind == Format.PARQUET and not parquet_out.is_here():
            raise CommandError(f"{parquet_out.MISSING}.")
        wanted = Narrowed(said["state"], said["lane"], said["begins"], *(said[name] for name in _TIMES))
        shape = export.shape_of(of, _parts(said["parts"]))
        counted, bar = _Counted(), Bar("items", sys.stderr)
        content = _content(of, kind, shape, wanted, counted, bar)
        facts = {"what": "items", "format": kind, "narrowed": wanted.to_log(), "parts": shape.parts}
        try:
            if file == "-":
                _stream(content, of, facts, counted)
            else:
                _write_whole(content, Path(file), counted)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror or error}") from error
        finally:
            bar.close()
        _tell(of, "made", facts, counted)
        if file == "-":
            return
        told = {"file": file, "format": kind, "lines": counted.items, "bytes": counted.bytes, "sha256": counted.sha256}
        words = f"{file}: {counted.items:,} items, {counted.bytes:,} bytes."
        self.stdout.write(json.dumps(told, indent=2) if said["json"] else words)


def _by_name(file: str) -> str:
    endings = sorted(Format.values, key=len, reverse=True)
    return next((ending for ending in endings if file.lower().endswith(f".{ending}")), Format.JSONL)


def _parts(text: str) -> list[str]:
    parts = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        raise CommandError(f"There is no part {unknown[0]}. There are: {', '.join(PARTS)}.")
    return parts


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def _content(task: Task, kind: Format, shape: Shape, wanted: Narrowed, counted: _Counted, bar: Bar) -> Iterator[bytes]:
    within = export.boundary(task)
    pages = _watched(export.pages(task, shape, wanted, within), within, counted, bar)
    if kind == Format.PARQUET:
        rows = (parquet_out.packed([parquet_out.batch(page.items, shape)], shape) for page in pages if page.items)
        return parquet_out.together(rows, shape)
    is_csv = kind in (Format.CSV, Format.CSV_GZ)
    texts = (outgoing.table(page.items, shape) if is_csv else outgoing.jsonl(page.items, shape) for page in pages)
    raw = _encoded(outgoing.head(shape) if is_csv else "", texts)
    return _gzipped(raw) if kind in (Format.CSV_GZ, Format.JSONL_GZ) else raw


def _watched(pages: Iterator[Page], within: Boundary, counted: _Counted, bar: Bar) -> Iterator[Page]:
    looked = 0
    for page in pages:
        looked, counted.items = looked + page.looked, counted.items + len(page.items)
        bar.show(looked, within.total)
        yield page


def _encoded(head: str, texts: Iterator[str]) -> Iterator[bytes]:
    yield head.encode()
    for text in texts:
        yield text.encode()


def _gzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for some in raw:
        yield packer.compress(some)
    yield packer.flush()


def _stream(content: Iterator[bytes], of: Task, facts: Mapping[str, Any], counted: _Counted) -> None:
    try:
        _write(content, sys.stdout.buffer, counted)
    except BaseException:
        _tell(of, "broken off", facts, counted)  # what was written has left, whoever stopped the rest
        raise


def _tell(of: Task, op: str, facts: Mapping[str, Any], counted: _Counted) -> None:
    """The log tells what left, by its digest, or how much where it never became a whole file."""
    told = {**facts, "op": op, "rows": counted.items, "bytes": counted.bytes, "command": True}
    told |= {"sha256": counted.sha256} if counted.sha256 else {}
    log.write(Kind.EXPORT, by=None, facts=told, project_id=of.project_id, task_id=of.pk)


def _write_whole(content: Iterator[bytes], file: Path, counted: _Counted) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as stream:
            _write(content, stream, counted)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _write(content: Iterator[bytes], stream: BinaryIO, counted: _Counted) -> None:
    digest = hashlib.sha256()
    for some in content:
        stream.write(some)
        digest.update(some)
        counted.bytes += len(some)
    counted.sha256 = digest.hexdigest()
