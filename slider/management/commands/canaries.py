"""`manage.py canaries`: puts planted nonsense before a task's own scoring and says how much of it would have passed."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slider.engine import percents
from slider.engine.sanity.canaries import KINDS, Kind
from slider.flow import canaries
from slider.models import Task


class Command(BaseCommand):
    help = "Measure a task's scoring and its sentinels on planted nonsense. Nothing is routed, nothing is published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="The task as project/task by their short names, such as demo/sort-messages.")
        parser.add_argument("--count", type=int, default=300, help="How many canaries (default 300).")
        parser.add_argument("--seed", type=int, default=1, help="The same seed makes the same canaries (default 1).")
        parser.add_argument("--json", action="store_true", dest="as_json", help="Write the figures as JSON.")

    def handle(self, *, task: str, count: int, seed: int, as_json: bool, **_: Any) -> None:
        if not 1 <= count <= 10_000:
            raise CommandError(f"--count {count}: give a number from 1 to 10000.")
        try:
            report = canaries.run(self._task(task).pk, count=count, seed=seed)
        except canaries.TooFewKnown as error:
            raise CommandError(str(error)) from error
        if as_json:
            self.stdout.write(json.dumps(report.to_json(), indent=2))
            return
        share = percents.said(report.share)
        self.stdout.write(f"With the slider at {share}, of the planted answers of each kind would have run unattended:")
        self.stdout.write(
            f"{'kind':<30} {'planted':>8} {'score alone':>12} {'with sentinels':>15} {'at most (95 %)':>15}"
        )
        for kind in [*Kind, None]:
            if kind in report.alone:
                alone, guarded = report.alone[kind], report.guarded[kind]
                name = KINDS[kind] if kind else "all together"
                one, both, most = _passed(alone.rate), _passed(guarded.rate), percents.at_most(guarded.high)
                self.stdout.write(f"{name:<30} {alone.shown:>8} {one:>12} {both:>15} {most:>15}")

    def _task(self, named: str) -> Task:
        project, _, slug = named.rpartition("/")
        found = Task.objects.filter(slug=slug, **({"project__slug": project} if project else {}))
        tasks = list(found[:2])
        if len(tasks) == 1:
            return tasks[0]
        if tasks:
            raise CommandError(f"There are several tasks {slug!r}: name the project as well, as project/{slug}.")
        known = [f"{one.project.slug}/{one.slug}" for one in Task.objects.select_related("project").order_by("pk")[:20]]
        raise CommandError(f"There is no task {named!r}; there are {', '.join(known) or 'none'}.")


def _passed(rate: float | None) -> str:
    return "not known" if rate is None else percents.fixed(rate)
