"""How long an item waits on an idle fleet: from its coming in until its answer is stored, less the call itself.

Items come in one by one, with a pump that lingers since the last one, or long after it went. Everything is as a site
has it: the settings' own linger, a worker of pumps, and one of hands with its beat.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import quantiles

from django.db import connection

from bench import question, report, ways
from bench.place import Place, wait_until
from slider.embedded import Child
from slider.flow import guard, intake

LATENCY_MS = 100
LINGERING_S = (0.3, 1.2)
GONE_S = (3.6, 5.0)  # the default linger is 3 s


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds of one round, of items that met a lingering pump or none."""

    turn: int
    met: str
    items: int
    p50: float
    p95: float
    most: float


def measured(place: Place, mode: report.Mode, *, rounds: int, items: int) -> Iterator[Waits]:
    """Each round sends `items` of both kinds in turns, at moments drawn by a seed."""
    way = ways.Pump(place, replace(mode, latency_ms=LATENCY_MS))
    own = {"SLIDER_LINGER_S": "3", "SLIDER_SHIFT_S": "30"}
    hands = ("--beat", f"--schedule={place.folder}/beat")
    with (
        place.worker("pump", app="slider.celery", queue="work", processes=2, env=own) as worker,
        place.worker("hands", app="slider.celery", queue="sweep,guard", processes=2, options=hands, env=own),
    ):
        guard.tend(way.task.pk)
        _one(way, number=0, worker=worker)
        chance = random.Random(5)
        for turn in range(1, rounds + 1):
            for met, span in (("a lingering pump", LINGERING_S), ("no pump", GONE_S)):
                yield _waits(turn, met, [_after(way, chance.uniform(*span), n, worker) for n in range(items)])


def _after(way: "ways.Pump", gap_s: float, number: int, worker: Child) -> float:
    time.sleep(gap_s)
    return _one(way, number=number, worker=worker)


def _one(way: "ways.Pump", *, number: int, worker: Child) -> float:
    """Milliseconds beyond the call's own time; looked for every 2 ms, which is part of it."""
    body = next(question.bodies(1)) | {"subject": f"Alone {number}"}
    (arrival,) = intake.add(way.task, [intake.Row(body)], origin="the bench")
    began = time.perf_counter()
    found: list[int] = []
    while not found:
        if worker.has_ended() or time.perf_counter() - began > 30:
            wait_until(lambda: False, child=worker, limit_s=0)
        time.sleep(0.002)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.latency_ms FROM slider_decision d JOIN slider_attempt a ON a.id = d.attempt_id "
                "WHERE d.item_id = %s",
                [arrival.item_id],
            )
            found = [latency_ms for (latency_ms,) in cursor.fetchall()]
    return (time.perf_counter() - began) * 1000 - found[0]


def _waits(turn: int, met: str, found: Sequence[float]) -> Waits:
    cuts = quantiles(found, n=20, method="inclusive")
    return Waits(turn, met, len(found), cuts[9], cuts[18], max(found))


def table(found: Sequence[Waits]) -> Iterator[str]:
    """Medians of the rounds, with their spreads."""
    yield "| an item meets | items a round | p50 ms | p95 ms | longest ms |"
    yield "|---|--:|--:|--:|--:|"
    for met in dict.fromkeys(one.met for one in found):
        mine = [one for one in found if one.met == met]
        cells = [report.shown([getattr(one, name) for one in mine], 0) for name in ("p50", "p95", "most")]
        yield f"| {met} | {mine[0].items} | {' | '.join(cells)} |"


def document(found: Sequence[Waits]) -> list[dict[str, object]]:
    return [asdict(one) for one in found]
