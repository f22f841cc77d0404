"""`manage.py reconcile`: what a caller's own list of ids expects, beside what Slider has."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slider import strict
from slider.management import named
from slider.management.bar import Bar
from slider.queries import reconciling
from slider.queries.reconciling import Compared

DIFFERS = 3
_WORDS = {
    "missing": "in the list, not here: send them again",
    "doubled": "more than once in the list",
    "extra": "here, not in the list",
    "unfinished": "here, and not decided yet",
    "unpublished": "decided, and the result has not left yet",
    "undelivered": "given up by the webhook after all tries: `Fleet` sends them again",
    "withdrawn": "withdrawn: no result comes",
}


class Command(BaseCommand):
    help = (
        "Compare a list of external ids, as your own system has them, with a task's items: which never came, which "
        "are not finished, whose result has not left, and which are here that nobody expected. It changes nothing. "
        "The list has one id a line; or JSON Lines with external_id. Exit code 0: they agree; 1: the list can't be "
        "read; 3: they differ."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", help="The list; - for the standard input.")
        parser.add_argument("--part", action="store_true", help="The list is only a part: say nothing of other items.")
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object, with the ids.")

    def handle(self, *, task: str, file: str, part: bool, **said: Any) -> None:
        of = named.task(task)
        bar, found = Bar("ids", sys.stderr), Compared()
        try:
            for found in reconciling.compare(of, _ids(file), extra=not part):
                bar.show(found.expected)
        except (OSError, ValueError) as error:
            raise CommandError(f"{file}: {error}") from error
        finally:
            bar.close()
        self.stdout.write(
            json.dumps({"agrees": found.agrees} | asdict(found), indent=2, ensure_ascii=False)
            if said["json"]
            else "\n".join(_lines(found))
        )
        if not found.agrees:
            raise CommandError("The list and the task differ.", returncode=DIFFERS)


def _ids(file: str) -> Iterator[str]:
    if file == "-":
        yield from _read(sys.stdin.buffer.readlines())
        return
    with Path(file).open("rb") as stream:
        yield from _read(stream)


def _read(lines: Any) -> Iterator[str]:
    """The ids of the lines; ValueError names the line that holds none."""
    for number, raw in enumerate(lines, start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ValueError(f"line {number} is no UTF-8 text") from None
        if not line.strip():
            continue
        if line.lstrip().startswith("{"):
            yield _of_json(number, line)
        elif "\x00" in line:
            raise ValueError(f"line {number} holds a NUL character")
        else:
            yield line


def _of_json(number: int, line: str) -> str:
    try:
        told = strict.loads(line)
    except strict.StrictError as error:
        raise ValueError(f"line {number}: {error}") from None
    found = told.get("external_id") if isinstance(told, dict) else None
    if not isinstance(found, str):
        raise ValueError(f"line {number} has no external_id")
    return found


def _lines(found: Compared) -> list[str]:
    lines = [f"{found.expected:,} ids in the list; {found.published:,} of them have their result."]
    for name, words in _WORDS.items():
        one = getattr(found, name)
        if one.count:
            some = ", ".join(strict.shown(external_id) for external_id in one.ids[:5])
            lines.append(f"  {one.count:,} {words}: {some}{', …' if one.count > 5 else ''}")
    return lines
