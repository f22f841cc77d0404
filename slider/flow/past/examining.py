"""A file of history looked at from all sides: what its columns hold, what was found, what the rows prove."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from slider.engine import calibration, certificate
from slider.flow import files, history
from slider.flow.past import findings, meaning, sieve, survey
from slider.flow.past.meaning import Meaning
from slider.flow.past.sieve import NOBODY, Sifted
from slider.flow.past.survey import Column
from slider.models import Task, Worker
from slider.rows import Bad, Broken, Table, Values, paced

MOST_EVIDENCE = 50_000  # rows that count; of more, so many are taken by chance
MOST_PRIOR = 20_000  # rows of other workers that say where to begin

Opened = Callable[[], AbstractContextManager[Table]]
Pulse = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What a file comes to: its findings, and the rows in the order of use; `counters` once nothing is to be asked."""

    meaning: Meaning
    findings: dict[str, Any]
    refused: list[Bad]
    used: Sifted | None = None
    prior: Sifted | None = None
    counters: certificate.Counters | None = None
    fitted: calibration.Calibration | None = None


def look(opened: Opened, *, pulse: Pulse) -> tuple[str, int, list[Column]]:
    """Read a file once: how it is read, how many rows it has, and what its columns hold. Raises Broken."""
    count, beat = 0, paced(pulse)

    def counted(table: Table) -> Iterator[Values | Bad]:
        nonlocal count
        for row in table.rows:
            count += 1
            if count > settings.IMPORT_MAX_ROWS:
                raise Broken(f"the file has more than {settings.IMPORT_MAX_ROWS:,} rows: split it")
            beat(count)
            yield row

    with opened() as table:
        columns = survey.survey(counted(table))
        if count == 0:
            raise Broken("the file has no rows: there is nothing to learn from")
        return table.note, count, columns


def examine(
    task: Task, worker: Worker | None, opened: Opened, said: Meaning, *, pulse: Pulse, seed: str = ""
) -> Examined:
    """Read a file by its columns' meaning, and look at it from all sides. Nothing is stored."""
    others = max(1, worker.samples - 1) if worker is not None else 1
    sifter, beat = sieve.Sieve(said, most_refused=files.REFUSED_KEPT), paced(pulse)
    with opened() as table:
        for number, values in enumerate(table.rows, start=1):
            sifter.add(values if isinstance(values, Bad) else meaning.read(values, said, others=others))
            beat(number)
    sifted = sifter.finish(task)
    found = findings.of(sifted, said, worker)
    found["seed"] = seed
    plain = Examined(said, found, sifter.refused)
    if found["questions"] or found["barriers"]:
        return plain
    return _weighed(task, plain, sifted, seed=seed)


def _weighed(task: Task, plain: Examined, sifted: Sifted, *, seed: str) -> Examined:
    secret = bytes(task.coin_secret)
    others = _in_order(sifted.of(~sifted.own), secret, seed, MOST_PRIOR)
    own = _in_order(sifted.of(sifted.own), secret, seed, MOST_EVIDENCE)
    start = calibration.prior()
    if len(others.ids) >= history.FIRST_FIT:
        start = history.only_ranking(history.fit(_labels(others, secret, seed), start=start))
    if plain.meaning.own_model == NOBODY:
        return replace(plain, used=own, prior=others, counters=history.nothing(), fitted=start)
    known = _labels(own, secret, seed)
    return replace(
        plain,
        used=own,
        prior=others,
        counters=history.once(known, start=start),
        fitted=history.fit(known, start=start),
    )


def _in_order(sifted: Sifted, secret: bytes, seed: str, most: int) -> Sifted:
    """The rows in the order of their coins, whatever the order of the file; of very many, the first that come."""
    places = history.ordered(sifted.ids, secret, seed=seed)[:most]
    return replace(
        sifted,
        ids=[sifted.ids[place] for place in places.tolist()],
        x=sifted.x[places],
        further=sifted.further[places],
        correct=sifted.correct[places],
        propensity=sifted.propensity[places],
        own=sifted.own[places],
        times=[],
    )


def _labels(sifted: Sifted, secret: bytes, seed: str) -> history.Labels:
    return history.labels(
        sifted.ids, x=sifted.x, correct=sifted.correct, propensity=sifted.propensity, secret=secret, seed=seed
    )
