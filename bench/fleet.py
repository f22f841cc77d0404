"""`make bench`: the fleet's whole way of an item, from claim to outbox, beside a bare loop of the same calls."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from bench import report
from bench.place import Place, place

if TYPE_CHECKING:
    from bench import ways

WARM_ITEMS = 300
MODES = {
    # Nothing but the cost of the way itself.
    "quick": report.Mode(latency_ms=0, tokens=20, in_flight=100, items=5000, items_plain=1000, logprobs=True),
    # The endpoint is the limit, as it should be: what is lost to it?
    "slow": report.Mode(latency_ms=1000, tokens=500, in_flight=100, items=2000, items_plain=20, logprobs=False),
    # Answers of 240 kB: reading them is the work.
    "wide": report.Mode(latency_ms=1000, tokens=500, in_flight=100, items=1000, items_plain=20, logprobs=True),
}


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    modes = [MODES[name] for name in given.modes]
    if given.items:
        modes = [replace(mode, items=given.items, items_plain=min(given.items, mode.items_plain)) for mode in modes]
    with place() as here:
        django.setup()
        call_command("migrate", verbosity=0)
        found = list(documents(here, modes, rounds=given.rounds))
    if given.json:
        print(json.dumps(found, indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.fleet", description=__doc__)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--items", type=int, default=0, help="Items a run, instead of each mode's own number.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    return parser.parse_args(arguments)


def documents(here: Place, modes: Sequence[report.Mode], *, rounds: int) -> Iterator[dict[str, object]]:
    """Measure mode after mode, with the same two workers."""
    from bench import ways  # models can be read only now
    from bench.peers.plain import create_table

    create_table()
    plain = here.worker("plain", app="bench.peers.plain", queue="plain", processes=2)
    pump = here.worker("pump", app="slider.celery", queue="work", processes=1)
    for mode in modes:
        runs = measured([ways.Bare(here, mode), ways.Plain(here, mode, plain), ways.Pump(here, mode, pump)], rounds)
        rows = report.rows(runs)
        say("\n".join(("", *report.table(mode, rows, rounds=rounds), "")))
        yield report.document(mode, rows, runs)


def measured(chosen: Sequence["ways.Way"], rounds: int) -> list[report.Run]:
    """Warm every way up, then run them in turns, so that a change of the machine meets them all."""
    for way in chosen:
        way.run(0, min(way.items, WARM_ITEMS))
    runs = []
    for turn in range(1, rounds + 1):
        for way in chosen:
            runs.append(way.run(turn, way.items))
            say(f"round {turn}, {way.name}: {runs[-1].rate:.1f} items/s")
    return runs


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
