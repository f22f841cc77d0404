"""`manage.py demo_stream`: the demo's messages come again at a pace, and played reviewers judge what people owe."""

import json
import random
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from slider.engine import percents
from slider.flow import intake
from slider.flow.intake import Row
from slider.management.commands.demo_review import Desk, crew
from slider.management.commands.seed_demo import messages
from slider.management.demo import brief
from slider.management.local import children
from slider.management.local.signals import interruptible
from slider.models import Gauge, Item, Task

TICK_S = 0.5
SAY_EVERY_S = 5.0
PEOPLE = 3


class Command(BaseCommand):
    help = (
        "Play a busy day at the demo: its messages come in again under new names, reviewers judge what people owe. "
        "With --regress the stand-in model gets worse meanwhile, as confidently as before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--items", type=int, default=2000, help="How many messages come in (default 2000).")
        parser.add_argument("--per-second", type=float, default=20.0, help="How many a second (default 20).")
        parser.add_argument(
            "--error-rate", type=float, default=0.02, help="How often a reviewer is wrong (default .02)."
        )
        parser.add_argument(
            "--regress", type=float, default=0.0, help="Share of answers that the stand-in gets wrong meanwhile (0-1)."
        )
        parser.add_argument("--seed", type=int, default=1, help="The same seed makes the same slips (default 1).")

    def handle(self, *, items: int, per_second: float, error_rate: float, regress: float, seed: int, **_: Any) -> None:
        for name, value in (("--error-rate", error_rate), ("--regress", regress)):
            if not 0 <= value <= 1:
                raise CommandError(f"{name} {value} is no share: give 0 to 1.")
        if items < 1 or not 0 < per_second <= 500:
            raise CommandError(f"{items} messages at {per_second} a second: give 1 or more, at 500 a second at most.")
        task = Task.objects.filter(slug=brief.TASK_SLUG, project__slug="demo").first()
        if task is None:
            raise CommandError("The demo's task is not here: run `make demo` first.")
        chance = random.Random(seed)  # noqa: S311  (a play, not a secret)
        desk = Desk(task, chance, error_rate=error_rate)
        try:
            with interruptible(), _regressing(regress):
                self._play(task, desk, chance, items=items, per_second=per_second)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        if regress:
            self.stdout.write("The stand-in model is itself again.")

    def _play(self, task: Task, desk: Desk, chance: random.Random, *, items: int, per_second: float) -> None:
        people, known = crew(task, PEOPLE), messages()
        start, sent, looks, said_at = time.monotonic(), 0, 0, 0.0
        day = Item.objects.filter(task=task).count()
        while sent < items or self._owed(task):
            now = time.monotonic() - start
            due = min(items, int(now * per_second) + 1) - sent
            if due > 0:
                chosen = [chance.choice(known) for _ in range(due)]
                rows = [Row(body, f"{name}~{day + sent + n}") for n, (name, body) in enumerate(chosen)]
                intake.add(task, rows, origin="the demo's stream", by=None)
                sent += due
            until = time.monotonic() + TICK_S
            while time.monotonic() < until and desk.look(people[looks % PEOPLE], 0.0) is not None:
                looks += 1
            time.sleep(max(0.0, until - time.monotonic()))
            if now - said_at >= SAY_EVERY_S or sent == items:
                said_at = now
                self.stdout.write(f"{sent} of {items} messages in, {looks} looks. {_standing(task)}")
        while desk.look(people[looks % PEOPLE], 0.0) is not None:
            looks += 1
        self.stdout.write(f"All {sent} messages are past the workers, {looks} looks. {_standing(task)}")

    def _owed(self, task: Task) -> bool:
        return task.items.filter(state__in=("ready", "working")).exists()


def _standing(task: Task) -> str:
    policy = Gauge.objects.select_related("policy").get(pk=task.pk).policy
    allowed = "not known" if policy.allowed is None else percents.said(policy.allowed)
    asked, effect = percents.said(policy.requested), percents.said(policy.effective)
    return f"Slider: {asked} asked, {allowed} allowed, {effect} in effect."


@contextmanager
def _regressing(rate: float) -> Iterator[None]:
    """The stand-in model gives so many wrong answers while this lasts."""
    if not rate:
        yield
        return
    _fault({"regress": {"rate": rate, "quiet": True}})
    try:
        yield
    finally:
        _fault({})


def _fault(faults: dict[str, Any]) -> None:
    log = settings.ENV.SLIDER_STATE_DIR / "log" / "model.log"
    found = children.STANDIN_ADDRESS.findall(log.read_text(encoding="utf-8", errors="replace")) if log.exists() else []
    if not found:
        raise CommandError("No stand-in model runs here: --regress works with the demo's own model only.")
    request = urllib.request.Request(  # noqa: S310  (an address of our own, on this machine)
        found[-1].removesuffix("/v1") + "/faults",
        data=json.dumps(faults).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except (urllib.error.URLError, TimeoutError) as error:
        raise CommandError(
            f"The stand-in model at {found[-1]} does not answer ({error}): is `make demo` running?"
        ) from error
