"""`manage.py backtest`: replays the slider, and what it is compared with, on outputs whose truth is known."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from slider.engine import percents
from slider.engine.backtest import baselines, planted
from slider.management.backtest import files, options, plan, summary, table, work
from slider.management.backtest import looks as one_look
from slider.management.backtest.plan import ORDERS, Plan

EPILOG = """
A row: {"id", "task", "model", "signals": {name: number}, "correct": 0 or 1}, and where there are any "t" (place in
time), "phase", "answer" with "human_votes" ({answer: people}). A larger signal means more trust. Rules: """


class Command(BaseCommand):
    help = "Replay the slider on JSONL files (gzipped or not) of outputs whose truth is known. Needs no database."
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, epilog=EPILOG + ", ".join(baselines.RULES), **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        say = parser.add_argument
        say("files", nargs="+", type=Path, metavar="FILE")
        say("--alpha", nargs="+", type=options.inside, default=[0.05, 0.02, 0.01], help="Tolerated errors, 0-1.")
        say("--delta", type=options.inside, default=0.05, help="Chance with which the promise may fail.")
        say("--slider", type=options.share, default=1.0, help="Largest share that may run unattended.")
        say("--audit-floor", type=options.floor, default=1 / 16, help="Least audit chance, 1/64 or more.")
        say("--miss", type=options.share, default=0.0, help="Share of errors that a reviewer lets pass.")
        say("--false-alarm", type=options.share, default=0.0, help="Share of right answers called wrong.")
        say(
            "--known-answers",
            type=options.count,
            default=planted.PLANTED,
            help="Wrong answers judged first where reviewers miss some; 0: misses are not corrected for.",
        )
        say("--votes", action="store_true", help="One person, drawn from each row's human_votes, judges it.")
        say("--delay-right", type=options.delay, default=60.0, help="Mean delay of a verdict, in items.")
        say("--delay-wrong", type=options.delay, default=200.0, help="The same for a wrong answer.")
        say("--delay-most", type=options.delay, default=1500.0, help="No verdict takes longer.")
        say("--order", choices=ORDERS, default="bootstrap", help="Drawn, as they lie, or drawn within phases.")
        say("--regression", type=options.share, default=0.0, help="Right answers that turn wrong, silently.")
        say("--regression-at", type=options.count, default=0, help="The item it begins at (default: the middle).")
        say("--replays", type=options.positive, default=200)
        say("--items", type=options.count, default=0, help="A replay's items (20,000; else all rows of the file).")
        say("--rules", nargs="+", choices=tuple(baselines.RULES), default=list(baselines.RULES), metavar="RULE")
        say("--least", type=options.positive, default=1000, help="Rows that a task and worker must have.")
        say("--once", type=options.count, default=0, help="Instead: one look at so many labels, drawn anew each time.")
        say("--processes", type=options.positive, default=1)
        say("--seed", type=options.count, default=5)
        say("--json", action="store_true", help="Print every figure as JSON; -v 2 prints a line a rule.")

    def handle(self, **given: Any) -> None:
        try:
            asked = options.plan(given)
            found = files.read(given["files"], least=given["least"])
            options.check(asked, found.pools)
            for remark in found.remarks:
                self.stderr.write(f"Note: {remark}")
            if given["once"]:
                self.look(found, asked, labels=given["once"], as_json=given["json"])
                return
            todo = plan.jobs(found.pools, asked)
            progress = Progress(self.stderr, len(todo))
            outcomes = work.spread(
                plan.run,
                todo,
                processes=given["processes"],
                done=lambda count, job: progress.done(
                    count, f"{job.pool.name} at {percents.said(job.limit)}, {job.rule}"
                ),
            )
        except (files.Unusable, options.Wrong, work.Stopped) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped before the end; nothing is printed of a part.") from None
        if given["json"]:
            self.stdout.write(json.dumps(table.document(outcomes, asked, remarks=found.remarks), indent=1))
            return
        for line in self.lines(summary.pairs(outcomes), asked, every_rule=given["verbosity"] > 1):
            self.stdout.write(line)

    def look(self, found: files.Found, asked: Plan, *, labels: int, as_json: bool) -> None:
        """One look at few labels of each pool, instead of replays."""
        looks = list[one_look.Looked]()
        total = len(found.pools) * len(asked.limits) * len(one_look.WAYS)
        progress = Progress(self.stderr, total)
        for one in one_look.run(found.pools, asked, labels=labels):
            looks.append(one)
            progress.done(len(looks), f"{one.pool} at {percents.said(one.limit)}, {one.way}")
        if as_json:
            self.stdout.write(json.dumps([asdict(one) for one in looks], indent=1))
        else:
            self.stdout.write("\n".join(one_look.of_looks(looks, delta=asked.delta)))

    def lines(self, pairs: list[summary.Pair], asked: Plan, *, every_rule: bool) -> Iterator[str]:
        yield from table.of_pairs(pairs, asked)
        if every_rule or baselines.GUARDED not in asked.rules:
            yield ""
            yield from table.of_rules(pairs, asked)
        phases = list(table.of_phases(pairs))
        if phases:
            yield from ("", *phases)
        yield ""
        yield from summary.lines(summary.summary(pairs, floor=asked.tuning.floor), delta=asked.delta)


class Progress:
    """Says on standard error how far it is: over one line on a terminal, else every ten seconds."""

    def __init__(self, out: OutputWrapper, total: int) -> None:
        self._out, self._total = out, total
        self._said = time.monotonic()

    def done(self, count: int, what: str) -> None:
        words = f"{count} of {self._total} done: {what}"
        if self._out.isatty():
            self._out.write(f"\r{words:100.100}", ending="\n" if count == self._total else "")
        elif count == self._total or time.monotonic() - self._said >= 10.0:
            self._out.write(words)
            self._said = time.monotonic()
