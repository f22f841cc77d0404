"""`make bench`: the fleet's whole way of an item, from claim to outbox, beside a bare loop of the same calls."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bench import report
from bench.place import Place, place, set_up

if TYPE_CHECKING:
    from bench import ways

MODES = {
    # Nothing but the cost of the way itself.
    "quick": report.Mode(latency_ms=0, tokens=20, in_flight=100, items=5000, items_plain=2000, logprobs=True),
    # The endpoint is the limit, as it should be: what is lost to it?
    "slow": report.Mode(latency_ms=1000, tokens=500, in_flight=100, items=2000, items_plain=20, logprobs=False),
    # Answers of 240 kB: reading them is the work.
    "wide": report.Mode(latency_ms=1000, tokens=500, in_flight=100, items=1000, items_plain=20, logprobs=True),
}


IDLE, MEMORY, ROWS = "idle", "memory", "rows"
APART = (IDLE, MEMORY, ROWS)  # measured in their own ways, at no latency


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    modes = [MODES[name] for name in given.modes if name in MODES]
    if given.items:
        modes = [replace(mode, items=given.items, items_plain=min(given.items, mode.items_plain)) for mode in modes]
    with place() as here:
        set_up()
        found = [*documents(here, modes, rounds=given.rounds), *apart(here, given)]
    if given.json:
        print(json.dumps(found, indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.fleet", description=__doc__)
    parser.add_argument("--modes", nargs="+", choices=(*MODES, *APART), default=[*MODES, *APART])
    parser.add_argument("--items", type=int, default=0, help="Items a run, instead of each mode's own number.")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 1_000_000], help="Sizes of the table of `rows`."
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    return parser.parse_args(arguments)


def documents(here: Place, modes: Sequence[report.Mode], *, rounds: int) -> Iterator[dict[str, object]]:
    """Measure mode after mode."""
    from bench import ways
    from bench.peers.plain import create_table

    create_table()
    for mode in modes:
        chosen: list[ways.Way] = [ways.Bare(here, mode), ways.Plain(here, mode)]
        chosen += [ways.Pump(here, mode, processes=processes) for processes in (1, 2)]
        runs = measured(chosen, rounds)
        rows = report.rows(runs)
        say("\n".join(("", *report.table(mode, rows, rounds=rounds), "")))
        yield report.document(mode, rows, runs)


def apart(here: Place, given: argparse.Namespace) -> Iterator[dict[str, object]]:
    """What is no comparison with others: waiting on an idle fleet, memory, and the cost beside many rows."""
    from bench import idle, lasting

    quick = MODES["quick"]
    if IDLE in given.modes:
        waits = list(idle.measured(here, quick, rounds=given.rounds, items=given.items or 20))
        say("\n".join(("", *idle.table(waits), "")))
        yield {"mode": IDLE, "rounds": idle.document(waits)}
    if MEMORY in given.modes:
        grown = []
        for items, rss_mb in lasting.memory(here, quick, items=given.items or 100_000):
            grown.append((items, rss_mb))
            say(f"after {items:,} items: {rss_mb:.0f} MB")
        yield {"mode": MEMORY, "mb": grown}
    if ROWS in given.modes:
        costs = list(lasting.beside(here, quick, rows=given.rows, rounds=given.rounds, items=given.items or 5000))
        say("\n".join(("", *lasting.table(costs), "")))
        yield {"mode": ROWS, "rounds": lasting.document(costs)}


def measured(chosen: Sequence["ways.Way"], rounds: int) -> list[report.Run]:
    """Run the ways in turns, so that a change of the machine meets them all."""
    runs = []
    for turn in range(1, rounds + 1):
        for way in chosen:
            runs.append(way.run(turn, way.items))
            say(f"round {turn}, {way.name}: {runs[-1].rate:.1f} items/s (load {os.getloadavg()[0]:.1f})")
    return runs


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
