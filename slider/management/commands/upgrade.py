"""`manage.py upgrade`: the migrations of a release in two halves, before and after its code, while everything runs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.migrations import Migration

from slider.management.upgrade import applying
from slider.queries import upgrade
from slider.queries.upgrade import Waiting


class Command(BaseCommand):
    help = (
        "Apply migrations around a change of the code. `before`: what old code can live with; then bring the new code. "
        "`after`: what only old code still needed is taken away, once none of it runs. `both`: nothing of Slider runs."
    )
    requires_system_checks = ()  # they may look at tables that do not exist yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("when", choices=["before", "after", "both"])
        parser.add_argument("--plan", action="store_true", help="Say what would be applied, and change nothing.")
        parser.add_argument(
            "--wait",
            type=float,
            default=300.0,
            metavar="SECONDS",
            help="How long to try again while others hold the locks or another upgrade runs. Default: 300.",
        )

    def handle(self, *, when: str, plan: bool, wait: float, **_: Any) -> None:
        if plan:
            self.tell(chosen(when, upgrade.waiting()))
            return
        try:
            with applying.alone(limit_s=wait):
                migrations = chosen(when, upgrade.waiting())
                self.tell(migrations)
                applying.apply(migrations, limit_s=wait, say=self.stdout.write)
        except applying.Busy as error:
            raise CommandError(str(error)) from error
        left = upgrade.waiting().after
        if left:
            self.stdout.write(f"{len(left)} wait until no older code runs: then `python manage.py upgrade after`.")

    def tell(self, migrations: list[Migration]) -> None:
        names = [".".join(upgrade.key(migration)) for migration in migrations]
        self.stdout.write(f"To apply: {', '.join(names)}." if names else "Nothing to apply.")


def chosen(when: str, waits: Waiting) -> list[Migration]:
    """The migrations of this half in their order; a CommandError where they can't be applied now."""
    if when == "both":
        return list(waits.plan)
    if when == "after":
        if waits.before:
            raise CommandError(
                f"{waits.before[0]} waits, and it belongs before the new code: run `upgrade before` first."
            )
        if not waits.stuck:
            return list(waits.after)
    if waits.stuck:
        migration, root = waits.stuck[0]
        raise CommandError(
            f"{migration} builds on {root}, which comes after an older release than this one. Upgrade to that "
            "release first, with `upgrade after` at its end; or stop all of Slider and run `upgrade both`."
        )
    return list(waits.before)
