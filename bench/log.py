"""The log: what it adds to routing, and whether each of 10,000 entries can be tampered with unseen.

python -m bench.log cost      with the triggers of the log on and off, in turn
python -m bench.log tamper    every edit, deletion, swap and cut of a seeded run
"""

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests import casts

ENTRIES, SEED = 10_000, 7
BATCHES, ROUNDS = {500: 3, 50: 12, 5: 60}, 6


@contextmanager
def database() -> Iterator[None]:
    """Tables of their own on a server of its own, durable as a real one."""
    with tempfile.TemporaryDirectory(prefix="slider-bench-") as folder:
        os.environ |= {"SLIDER_STATE_DIR": folder, "DJANGO_SETTINGS_MODULE": "slider.settings", "DATABASE_URL": ""}

        from bench.place import set_up
        from slider import embedded

        with embedded.servers(Path(folder)):
            set_up()
            yield


def cost() -> Iterator[str]:
    """What PostgreSQL spends on the routing transaction, in batches of several sizes, with the log and without it.

    CPU time of the one connection, by the kernel's clock: others on the machine hardly change it.
    """
    from tests import casts

    cast = casts.company(share=0.5)
    for size in (500, 50, 5):
        times: dict[bool, list[float]] = {True: [], False: []}
        for nth in range(ROUNDS * 2):
            switch(on=nth % 2 == 0)
            routed(cast, size, f"{size}-{nth}")  # the plans are made anew after a switch
            times[nth % 2 == 0] += [routed(cast, size, f"{size}-{nth}-{batch}") for batch in range(BATCHES[size])]
        switch(on=True)
        with_it, without = (median(times[on]) / size for on in (True, False))
        yield (
            f"batches of {size:>3}: {with_it:7.1f} µs an item with the log, {without:7.1f} without: "
            f"{with_it - without:+6.1f} µs ({with_it / without - 1:+.1%}), {len(times[True])} batches each"
        )


def routed(cast: "casts.Company", size: int, name: str) -> float:
    """Microseconds of PostgreSQL's for one batch through claim, work, score and route, as the fleet writes it."""
    from django.db import connection

    from tests import casts

    names, rng = [f"{name}-{n}" for n in range(size)], random.Random(name)
    answers = {one: casts.says({"topic": "refund", "urgent": False}, p=rng.uniform(0.5, 0.99)) for one in names}
    casts.bring_in(cast.task, {one: {"text": one} for one in names})
    spent = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    began = int(spent.read_text().split()[0])
    casts.answer_all(cast.task, answers)
    return (int(spent.read_text().split()[0]) - began) / 1000


def switch(*, on: bool) -> None:
    from tests import logs

    for table, trigger in (("slider_decision", "decision_told"), ("slider_publication", "publication_told")):
        logs.sql(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER {trigger}")


def tamper(entries: int = ENTRIES, *, seed: int = SEED) -> Iterator[str]:
    """Every place of a chain, in every way that `tests.logs` knows; each must be found, at that place.

    A link is made of what stands before it alone, so the walk begins one place before the first that is touched.
    """
    from slider.models import Task
    from slider.queries import chain
    from tests import casts, logs

    cast = casts.company()
    logs.grow(Task.objects.get(pk=cast.task.pk), entries)
    name, rng = f"task {cast.task.pk}", random.Random(seed)
    last = chain.heads()[name].number
    assert chain.walk().problems == []
    rows = {row.number: row for row in chain.rows(name)}
    tried, missed = Counter[str](), Counter[str]()
    for number in range(1, last + 1):
        other = number % last + 1 if number % 2 else (number - 1 + rng.randrange(1, last)) % last + 1
        for way, statements in logs.ways(name, number, other).items():
            if "moved up" in way and number % 500:
                continue  # it writes every later row
            if number == last and "whole" in way:
                continue  # a cut: below
            first = min(number, other) if "swapped" in way else number
            with logs.tampered(*statements):
                before, found = rows.get(first - 1), None
                for row in chain.rows(name, after=first - 1, piece=3):
                    found = chain.wrong(row, before)
                    if found is not None:
                        break
                    before = row
            tried[way] += 1
            missed[way] += found is None or found.number != first
    kept = chain.heads()
    with logs.tampered():
        logs.sql("SET LOCAL session_replication_role = replica")
        for left in range(last - 1, -1, -1):
            logs.sql("DELETE FROM slider_link WHERE chain = %s AND number > %s", name, left)
            found_cut = chain.compare(chain.Walked(heads=chain.heads([name])), {name: kept[name]})
            tried["cut off behind it"] += 1
            missed["cut off behind it"] += [one.number for one in found_cut] != [left + 1]
    for way, times in tried.items():
        yield f"{way:<40} {times:>6} tried, {missed[way]} not found at its place"


def main(what: str) -> None:
    jobs: dict[str, Callable[[], Iterator[str]]] = {"cost": cost, "tamper": tamper}
    with database():
        for line in jobs[what]():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cost")
