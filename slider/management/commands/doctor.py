"""`manage.py doctor`: looks at everything that Slider needs, names what is wrong, and says what to do."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slider.management.doctor import parts, servers
from slider.management.doctor.finding import Finding

_SIGNS = {"well": "ok    ", "look": "look  ", "wrong": "WRONG "}


class Command(BaseCommand):
    help = (
        "Look at the settings, PostgreSQL, Redis, the clocks, the migrations, the models' endpoints and the fleet. It "
        "changes nothing. Exit code 0: nothing is wrong; 1: something is, and the words say what to do."
    )
    requires_system_checks = ()  # they are part of what is looked at

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Say it as one JSON object.")
        parser.add_argument("--no-endpoints", action="store_true", help="Do not ask the models' endpoints.")
        parser.add_argument("--no-fleet", action="store_true", help="Do not expect workers: nothing is started yet.")
        parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="For each endpoint.")

    def handle(self, *, timeout: float, **said: Any) -> None:
        found: list[Finding] = []
        for one in _all(timeout_s=timeout, endpoints=not said["no_endpoints"], fleet=not said["no_fleet"]):
            found.append(one)
            if not said["json"]:
                self.stdout.write(f"{_SIGNS[one.state]}{one.part}: {one.words}")
                if one.todo:
                    self.stdout.write(f"      -> {one.todo}")
        wrong = [one.part for one in found if one.state == "wrong"]
        if said["json"]:
            told = {"well": not wrong, "findings": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        if wrong:
            raise CommandError(f"Wrong: {', '.join(dict.fromkeys(wrong))}.")


def _all(*, timeout_s: float, endpoints: bool, fleet: bool) -> Iterator[Finding]:
    yield from parts.settings_are_safe()
    yield parts.folder()
    database = list(servers.database())
    yield from database
    yield from servers.redis_server()
    # Without the tables nobody knows which endpoints are in use, nor who works.
    if any(one.state == "wrong" and one.part in ("PostgreSQL", "Migrations") for one in database):
        return
    if endpoints:
        yield from parts.endpoints(timeout_s=timeout_s)
    if fleet:
        yield from parts.fleet()
