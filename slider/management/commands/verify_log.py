"""`manage.py verify_log`: whether the log is as it was written, and the rows are as the log says."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from slider.queries import chain
from slider.queries.chain import Head, Problem
from slider.queries.recorded import Recorded

EPILOG = """
Ends with 0 where all is whole, 1 where something was changed, deleted, swapped or cut off (the first such row of each
chain is named), 2 where it could not be looked at. Keep heads where whoever runs the database can't write: only they
show that a chain was cut off at its end, or written anew from its beginning.
"""


class Command(BaseCommand):
    help = "Walk the log's hash chains, and hold the rows that it tells of against it. Reads only, at any time."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        say = parser.add_argument
        say("--head", action="append", default=[], metavar="FILE", help="A head that was kept; - reads it from stdin.")
        say("--write-head", metavar="FILE", help="Write the head as it is now, if all is whole; - writes to stdout.")
        say("--chains-only", action="store_true", help="Leave out the rows that the log tells of: quicker.")
        say("--json", action="store_true", help="Say it as JSON.")

    def handle(self, *, head: list[str], write_head: str | None, chains_only: bool, **given: Any) -> None:
        kept = [_read(name) for name in head]
        with chain.one_moment():
            recorded = Recorded()
            walked = chain.walk() if chains_only else chain.walk(recorded.see)
            problems = [*walked.problems, *(one for heads in kept for one in chain.compare(walked, heads))]
            if not chains_only:
                problems += recorded.problems()
        to_stdout = write_head == "-" and not problems
        if not to_stdout:
            self._say(walked, recorded, problems, as_json=given["json"])
        if problems:
            raise CommandError(f"The log is not whole: {problems[0]}", returncode=1)
        if write_head is not None:
            text = chain.document(walked.heads, at=timezone.now())
            if to_stdout:
                self.stdout.write(text)
            else:
                _write(Path(write_head), text)

    def _say(self, walked: chain.Walked, recorded: Recorded, problems: list[Problem], *, as_json: bool) -> None:
        if as_json:
            found = {
                "whole": not problems,
                "chains": len(walked.heads),
                "entries": walked.entries,
                "rows": recorded.rows,
                "problems": [
                    {"chain": one.chain, "number": one.number, "entry": one.entry, "what": one.what} for one in problems
                ],
            }
            self.stdout.write(json.dumps(found, indent=1))
            return
        for one in problems:
            self.stdout.write(str(one))
        if not problems:
            rows = f", {recorded.rows:,} rows as they say" if recorded.rows else ""
            self.stdout.write(f"Whole: {len(walked.heads):,} chains, {walked.entries:,} entries{rows}.")


def _read(name: str) -> dict[str, Head]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        kept = json.loads(text)
        if kept["slider_log"] != 1:
            raise CommandError(
                f"{name} is a head of form {kept['slider_log']!r}: a newer version wrote it", returncode=2
            )
        return {str(one): Head(int(said["number"]), str(said["hash"])) for one, said in kept["chains"].items()}
    except OSError as error:
        raise CommandError(f"{name} can't be read: {error.strerror}", returncode=2) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{name} is no head of a log: write one with --write-head", returncode=2) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}", returncode=2) from error
