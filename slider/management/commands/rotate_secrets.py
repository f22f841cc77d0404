"""`manage.py rotate_secrets`: every sealed value of the database is sealed anew by the first key."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slider.flow import rotating
from slider.models import sealing

EPILOG = """
To take a key out of use: put a new one in front of SLIDER_SEALING_KEYS on every host, start everything anew, run this,
and take the old one away once it says that nothing is sealed by it. Stopped half-way it has lost nothing: run it again.
"""


class Command(BaseCommand):
    help = (
        "Seal every sealed value anew by the first of SLIDER_SEALING_KEYS. May run while everything else does. "
        "Exit code 0: done; 1: some values open with none of the keys, and were left as they are."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count, and write nothing.")
        parser.add_argument("--json", action="store_true", help="Say it as JSON.")

    def handle(self, *, dry_run: bool, **said: Any) -> None:
        told = [_told(place, dry=dry_run) for place in rotating.PLACES]
        first = sealing.keys()[0].name
        if said["json"]:
            self.stdout.write(json.dumps({"key": first, "dry_run": dry_run, "places": told}, indent=2))
        else:
            self.stdout.write(f"The key that seals is {first}.")
            verb = "to be sealed anew" if dry_run else "sealed anew"
            for one in told:
                self.stdout.write(f"{one['place']}: {one['anew']} {verb}, {one['current']} were by that key already.")
                if one["plain"]:
                    self.stdout.write(
                        f"{one['place']}: {one['plain']} not sealed yet, and left so: an upgrade is half-way, and the "
                        "code of the release before reads them as they are. `upgrade after` seals them by that key."
                    )
        lost = {one["place"]: one["lost"] for one in told if one["lost"]}
        if lost:
            words = "; ".join(f"{place}: {', '.join(map(str, rows[:10]))}" for place, rows in lost.items())
            raise CommandError(
                f"Some values open with none of the keys ({words}). Put the key that sealed them behind the first of "
                "SLIDER_SEALING_KEYS, or into SECRET_KEY_FALLBACKS, and run this again.",
                returncode=1,
            )


def _told(place: rotating.Place, *, dry: bool) -> dict[str, Any]:
    counts = list(rotating.rotate(place, dry=dry))
    return {
        "place": str(place),
        "current": sum(one.current for one in counts),
        "anew": sum(one.anew for one in counts),
        "plain": sum(one.plain for one in counts),
        "lost": [row for one in counts for row in one.lost],
    }
