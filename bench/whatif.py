"""`python -m bench.whatif`: the server's time for 200 positions of a slider, however many items were scored.

The decisions are written by SQL, a day's worth of them, with their looks: the real tables, indexes and counters, but
not the hours that routing so many items would take.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from bench.place import place, set_up

SIZES = (10_000, 100_000, 1_000_000)
POSITIONS = 200
WARM = 3


@dataclass(frozen=True, slots=True)
class Row:
    """What one question took, in milliseconds, over so many times."""

    items: int
    what: str
    times: int
    p50_ms: float
    p95_ms: float


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    with place():
        set_up()
        logging.getLogger("django_structlog").setLevel(logging.WARNING)  # a line a request would be in the figures
        found = list(rows(given.items, times=given.times))
    if given.json:
        print(json.dumps([asdict(row) for row in found], indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.whatif", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", type=int, nargs="+", default=list(SIZES), help="Scored items of the task.")
    parser.add_argument("--times", type=int, default=100, help="How often each question is asked.")
    parser.add_argument("--json", action="store_true", help="Print the figures; the table goes to standard error.")
    return parser.parse_args(arguments)


def rows(sizes: Sequence[int], *, times: int) -> Iterator[Row]:
    """Fill one task a size and ask each question of it, after a few times to warm up."""
    from bench import scored  # models can be read only now

    say("| scored items | question | p50 ms | p95 ms |")
    say("|--:|---|--:|--:|")
    for size in sizes:
        task = scored.task(size)
        for what, question in scored.questions(task, positions=POSITIONS).items():
            row = measured(size, what, question, times=times)
            say(f"| {size:,} | {what} | {row.p50_ms:.2f} | {row.p95_ms:.2f} |")
            yield row


def measured(items: int, what: str, question: Callable[[], object], *, times: int) -> Row:
    took = []
    for turn in range(WARM + times):
        began = time.perf_counter()
        question()
        if turn >= WARM:
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return Row(items, what, times, p50_ms=took[len(took) // 2], p95_ms=took[min(len(took) - 1, len(took) * 95 // 100)])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
