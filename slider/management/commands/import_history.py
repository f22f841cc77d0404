"""`manage.py import_history`: past outputs with verdicts calibrate a task's slider before its first live item."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from slider import rows
from slider.engine import percents
from slider.flow import histories, policies
from slider.flow.files import PIECE_BYTES
from slider.flow.past import survey
from slider.flow.past.meaning import WAYS, Meaning, Signal
from slider.management import named
from slider.models import Gauge, Past, Policy, Task, can
from slider.queries import past as told
from slider.rows import Broken, Kind, Table

ASKS, BARRED = 3, 4


class Command(BaseCommand):
    help = (
        "Read past outputs that people have judged (CSV, JSON Lines, Excel; text also gzipped), say what they prove, "
        "and keep them for a person to put into force. Exit code 0: kept (or looked through); 1: it can't be read; "
        "3: a question is open, nothing is kept; 4: the rows can't be evidence, nothing is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task: its number, its short name, or project/short-name.")
        parser.add_argument("file", type=Path, help="The file.")
        parser.add_argument("--dry-run", action="store_true", help="Look through it and keep nothing.")
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")
        reading = parser.add_mutually_exclusive_group()
        reading.add_argument("--assume-straight", action="store_true", help="Right means right, odd as it looks.")
        reading.add_argument("--assume-flipped", action="store_true", help="What the file calls right is wrong.")
        parser.add_argument("--seed", type=int, help="Another order of use than the rows' own; it is kept.")
        parser.add_argument("--model", help="Whose rows are the worker's, where there are several; - for nobody's.")
        parser.add_argument("--of-task", help="Which task's rows to take, where the file has several.")
        parser.add_argument("--correct", metavar="COLUMN", help="The column that says right or wrong.")
        parser.add_argument("--wrong", metavar="COLUMN", help="A column whose 1 means wrong.")
        parser.add_argument("--answer", metavar="COLUMN", help="With --gold: right is where the two are the same.")
        parser.add_argument("--gold", metavar="COLUMN")
        ways = ", ".join(WAYS)
        parser.add_argument(
            "--signal",
            action="append",
            metavar="NAME=COLUMN[:WAY]",
            help=f"A signal's column and how its numbers are meant ({ways}). In place of all that were guessed.",
        )
        parser.add_argument("--propensity", metavar="COLUMN", help="The chance with which a row was looked at.")
        parser.add_argument("--confirm", metavar="REASON", help="Put it into force at once; takes --by.")
        parser.add_argument("--by", metavar="USER", help="Who answers for it.")

    def handle(self, *, task: str, file: Path, **said: Any) -> None:
        self._json = bool(said["json"])
        of = named.task(task)
        by = _person(of, said["by"], said["confirm"])
        policy = Gauge.objects.select_related("policy__worker").get(pk=of.pk).policy
        try:
            opened = partial(_opened, file, _kind(file))
            note, count, columns = histories.look(opened, pulse=partial(self._progress, "looking at"))
            meaning = _meaning(survey.guess(columns), said, {column.name for column in columns})
            seed = "" if said["seed"] is None else str(said["seed"])
            examined = histories.examine(
                of, policy.worker, opened, meaning, pulse=partial(self._progress, "reading"), seed=seed
            )
        except (Broken, OSError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        past = Past(task=of, worker=policy.worker, name=rows.clean_name(file.name), by=by)
        past.columns = [column.to_json() for column in columns]
        self._tell(past, examined, policy, note=note, count=count, keep=not said["dry_run"])
        if said["confirm"] and not said["dry_run"] and by is not None:
            self._confirm(past, said["confirm"], by, policy)

    def _tell(
        self, past: Past, examined: histories.Examined, policy: Policy, *, note: str, count: int, keep: bool
    ) -> None:
        found = examined.findings
        if found["questions"]:
            past.findings, past.answers = found, examined.meaning.to_json()
            asked = [told.question(code, past) for code in found["questions"]]
            self._out({"state": "asks", "questions": asked, "findings": found}, told.lines(past, note, count))
            raise CommandError(" ".join(asked), returncode=ASKS)
        if examined.counters is None:
            past.findings, past.answers = found, examined.meaning.to_json()
            self._out({"state": "barred", "findings": found}, told.lines(past, note, count))
            raise CommandError(" ".join(found["barriers"]), returncode=BARRED)
        if keep:
            past.save()
            histories.keep(past, examined)
        else:
            past.findings, past.answers = found, examined.meaning.to_json()
            past.counters = examined.counters.to_json()
            past.rows = int(examined.counters.labels)
        proof = told.proof(past, policy)
        page = f"/histories/{past.pk}/" if keep else ""
        state = "kept" if keep else "looked through"
        known = {"state": state, "history": past.pk, "page": page, "findings": found, "proof": told.as_json(proof)}
        ends = [f"Kept. A person puts it into force at {page}"] if keep else ["Nothing was kept: this was a dry run."]
        self._out(known, [*told.lines(past, note, count), *told.proof_lines(proof), *ends])

    def _confirm(self, past: Past, reason: str, by: User, policy: Policy) -> None:
        try:
            now = histories.confirm(past.pk, reason=reason, by=by.pk, expected=policy.number)
        except (histories.Unfit, policies.Superseded) as error:
            raise CommandError(str(error)) from error
        if not self._json:
            allowed = "not known yet" if now.allowed is None else percents.said(now.allowed)
            effect = percents.said(now.effective)
            self.stdout.write(f"In force as policy {now.number}: allowed {allowed}, in effect {effect}.")

    def _out(self, known: dict[str, Any], lines: list[str]) -> None:
        self.stdout.write(json.dumps(known, indent=2, ensure_ascii=False) if self._json else "\n".join(lines))

    def _progress(self, doing: str, seen: int) -> None:
        if seen % 10_000 == 0 or sys.stderr.isatty():
            self.stderr.write(f"{doing} row {seen:,}", ending="\r" if sys.stderr.isatty() else "\n")


def _person(task: Task, name: str | None, reason: str | None) -> User | None:
    if name is None:
        if reason:
            raise CommandError("--confirm takes --by: somebody has to answer for it.")
        return None
    person = User.objects.filter(username=name, is_active=True).first()
    if person is None:
        raise CommandError(f"There is nobody called {name}.")
    if reason and not can(person, "steer", task.project):
        raise CommandError(f"{name} may not move the sliders of {task.project}: name a Tuner or Admin of it.")
    return person


def _kind(file: Path) -> Kind:
    with file.open("rb") as stream:
        return rows.kind_of(file.name, stream.read(PIECE_BYTES))


def _opened(file: Path, kind: Kind) -> AbstractContextManager[Table]:
    def pieces() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    return rows.open_table(pieces, kind, most_bytes=4 * settings.IMPORT_MAX_BYTES)


def _meaning(guess: Meaning, said: dict[str, Any], columns: set[str]) -> Meaning:
    """The guess, with what was said in its place."""
    found = guess
    if column := said["correct"] or said["wrong"]:
        found = replace(found, correct=column, says="wrong" if said["wrong"] else "right", answer="", gold="")
    if said["answer"] or said["gold"]:
        if not (said["answer"] and said["gold"]):
            raise CommandError("--answer and --gold belong together: right is where the two are the same.")
        found = replace(found, correct="", says="right", answer=said["answer"], gold=said["gold"])
    if said["signal"]:
        found = replace(found, signals=dict(_signal(text) for text in said["signal"]))
    if said["propensity"]:
        found = replace(found, propensity=said["propensity"])
    reading = "flipped" if said["assume_flipped"] else "straight" if said["assume_straight"] else ""
    found = replace(found, own_model=said["model"] or "", own_task=said["of_task"] or "", reading=reading)
    named = [said[name] for name in ("correct", "wrong", "answer", "gold", "propensity") if said[name]]
    named += [signal.column for signal in found.signals.values()]
    if missing := [name for name in named if name not in columns]:
        raise CommandError(f"The file has no column {missing[0]}. It has: {', '.join(sorted(columns)[:30])}.")
    return found


def _signal(text: str) -> tuple[str, Signal]:
    name, _, rest = text.partition("=")
    column, _, way = rest.rpartition(":")
    column, way = (column, way) if way in WAYS and column else (rest, "logodds")
    if name not in survey.SIGNAL_NAMES or not column:
        raise CommandError(f"--signal {text}: say NAME=COLUMN[:WAY], NAME one of {', '.join(survey.SIGNAL_NAMES)}.")
    return name, Signal(column, way)
