"""What is odd about a history: order, ranking, what the live worker gives, and what only a person can answer."""

from typing import Any

import numpy as np
from django.db import connection

from slider.engine import calibration, evidence, order, ranking
from slider.engine.arrays import Bools, Floats
from slider.flow import history
from slider.flow.past.meaning import Cell, Meaning
from slider.flow.past.sieve import NOBODY, Sifted
from slider.models import Worker

SORTED_LEVEL = 1e-3  # how often a file in random order is called sorted
LIVE_LEAST = 50  # live answers before they are compared with the history
_FAR = 0.1


def of(sifted: Sifted, meaning: Meaning, worker: Worker | None) -> dict[str, Any]:
    """Counts, tests, questions, barriers and warnings, as the page and the command show them.

    A question must be answered by a person, and nothing is stored before. A barrier keeps the rows from being
    evidence, whatever anybody answers.
    """
    own = sifted.of(sifted.own)
    # Before it is said whose rows these are, their order and ranking are those of a mixture, and mean nothing.
    whose = _whose(sifted, meaning)
    ranked = _rankings(own) if not whose else {}
    best = max(ranked.items(), key=lambda pair: pair[1].value, default=None)
    tests = _order(own, meaning) if not whose else []
    found: dict[str, Any] = {
        **{name: sifted.counts[name] for name in COUNTS},
        "rows": len(own.ids),
        "others": len(sifted.ids) - len(own.ids),
        "right": int(own.correct.sum()),
        "wrong": int((~own.correct).sum()),
        "models": dict(sifted.models.most_common(20)),
        "tasks": dict(sifted.tasks.most_common(20)),
        "order": tests,
        "sorted": _is_sorted(tests, by="file"),
        "drift": _is_sorted(tests, by="time"),
        "auroc": _auroc(*best) if best else None,
        "signals": [_signal(own, meaning, name, ranked.get(name)) for name in meaning.signals],
        "least_chance": float(own.propensity.min()) if own.ids else None,
    }
    found["questions"] = _questions(found, meaning, whose, best[1] if best else None)
    found["barriers"] = _barriers(found, meaning, worker)
    found["warnings"] = _warnings(found, own, worker)
    return found


COUNTS = ("read", "unlabelled", "identical", "contradicting", "live", "used", "elsewhere", "refused")


def _rankings(own: Sifted) -> dict[str, ranking.Auroc]:
    """How well the usual prior, and each signal alone, rank right above wrong: nothing here was fitted."""
    if not own.ids:
        return {}
    scores = calibration.prior().scores(own.x, answered=history.has_answer(own.x))
    found = {"all signals": ranking.auroc(scores, own.correct)}
    for column, name in enumerate(evidence.SIGNALS):
        here = ~np.isnan(own.x[:, column])
        if here.any():
            found[name] = ranking.auroc(own.x[here, column], own.correct[here])
    return found


def _auroc(by: str, measured: ranking.Auroc) -> dict[str, Any]:
    return {"by": by, "value": measured.value, "low": measured.low, "high": measured.high}


def _order(own: Sifted, meaning: Meaning) -> list[dict[str, Any]]:
    found = [_runs("file", what, marks) for what, marks in _marks(own.correct, own.x)]
    if meaning.time and own.times:
        by_time = np.array(sorted(range(len(own.ids)), key=lambda place: _moment(own.times[place])), dtype=np.int64)
        found.append(_runs("time", "right and wrong", own.correct[by_time]))
    return found


def _marks(correct: Bools, x: Floats) -> list[tuple[str, Bools]]:
    signals = [(name, order.above_the_middle(x[:, column])) for column, name in enumerate(evidence.SIGNALS)]
    return [("right and wrong", correct), *((name, marks) for name, marks in signals if marks.any())]


def _runs(by: str, what: str, marks: Bools) -> dict[str, Any]:
    found = order.runs(marks)
    return {"by": by, "what": what, "runs": found.runs, "expected": found.expected, "p": found.p}


def _is_sorted(tests: list[dict[str, Any]], *, by: str) -> bool:
    runs = [order.Runs(test["runs"], test["expected"], test["p"]) for test in tests if test["by"] == by]
    return order.is_sorted(runs, level=SORTED_LEVEL)


def _moment(time: Cell | None) -> tuple[int, float, str]:
    """A key that puts times in order: numbers by size, texts such as ISO dates by their letters, none first."""
    if time is None:
        return 0, 0.0, ""
    try:
        return 1, float(time), ""
    except ValueError:
        return 2, 0.0, str(time)


def _signal(own: Sifted, meaning: Meaning, name: str, measured: ranking.Auroc | None) -> dict[str, Any]:
    values = own.x[:, evidence.SIGNALS.index(name)]
    here = values[~np.isnan(values)]
    said = meaning.signals[name]
    return {
        "name": name,
        "column": said.column,
        "way": said.way,
        "present": int(here.size),
        "constant": bool(here.size and np.ptp(here) < 1e-9),
        "auroc": measured.value if measured is not None else None,
    }


def _whose(sifted: Sifted, meaning: Meaning) -> list[str]:
    asked = ["task"] if len(sifted.tasks) > 1 and not meaning.own_task else []
    return asked + (["model"] if len(sifted.models) > 1 and not meaning.own_model else [])


def _questions(found: dict[str, Any], meaning: Meaning, whose: list[str], best: ranking.Auroc | None) -> list[str]:
    if not meaning.correct and not (meaning.answer and meaning.gold):
        return ["outcome"]
    if not meaning.signals:
        return ["signals"]
    if whose or meaning.reading or meaning.own_model == NOBODY:
        return whose
    one_kind = found["rows"] >= history.FIRST_FIT and 0 in (found["right"], found["wrong"])
    return ["reading"] if one_kind or (best is not None and best.looks_flipped) else []


def _barriers(found: dict[str, Any], meaning: Meaning, worker: Worker | None) -> list[str]:
    said = []
    usable = found["others"] if meaning.own_model == NOBODY else found["rows"]
    if usable < history.FIRST_FIT:
        said.append(
            f"{usable} usable rows are too few: a calibration takes at least {history.FIRST_FIT}, and a share usually "
            "several hundred."
        )
    if worker is None:
        return [*said, "The task has no worker: set one up first, for it is its outputs that are vouched for."]
    for signal in found["signals"]:
        if signal["name"] not in gives(worker):
            said.append(
                f"The worker in force ({worker}) gives no «{signal['name']}», so live items could not be ranked "
                f"as these rows are. Leave the column {signal['column']} out, or let the worker give it."
            )
    return said


def gives(worker: Worker) -> frozenset[str]:
    """The signals that a worker's answers bring, by its settings."""
    given = {
        "token_logodds": worker.logprobs,
        "weakest_token": worker.logprobs,
        "agreement": worker.samples > 1,
        "stated": worker.ask_confidence,
    }
    return frozenset(name for name, does in given.items() if does)


def _warnings(found: dict[str, Any], own: Sifted, worker: Worker | None) -> list[str]:
    said = [
        f"«{signal['name']}» is the same in every row: it ranks nothing."
        for signal in found["signals"]
        if signal["constant"]
    ]
    if found["drift"]:
        said.append(
            "In the order of time, right and wrong answers stand in stretches: the task or its worker has changed "
            "meanwhile. Bring only the rows since then, if you can tell when that was."
        )
    if found["unlabelled"]:
        said.append(
            f"{found['unlabelled']:,} rows have no verdict and are left out. That is sound only if chance decided "
            "which were looked at: otherwise give the chance in a column."
        )
    return said + (_unlike_live(own, worker) if worker is not None else [])


def _unlike_live(own: Sifted, worker: Worker) -> list[str]:
    """Signals that live answers of this worker have shown to be other than in the history."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.signals FROM slider_decision d JOIN slider_attempt a ON a.id = d.attempt_id
            JOIN slider_score s ON s.attempt_id = a.id
            WHERE d.task_id = %s AND a.worker_id = %s AND a.outcome = 'answered' ORDER BY d.seq DESC LIMIT 500
            """,
            [worker.task_id, worker.pk],
        )
        live = evidence.matrix([history.known(row[0]) for row in cursor.fetchall()])
    said = []
    for column, name in enumerate(evidence.SIGNALS if len(live) >= LIVE_LEAST else ()):
        now, then = (values[~np.isnan(values)] for values in (live[:, column], own.x[:, column]))
        if not now.size or not then.size:
            continue
        apart = ranking.auroc(np.concatenate([now, then]), np.arange(now.size + then.size) < now.size)
        if abs(apart.value - 0.5) > _FAR and not apart.low <= 0.5 <= apart.high:
            higher = "higher" if apart.value > 0.5 else "lower"
            said.append(
                f"Live answers have a {higher} «{name}» than these rows: is the column read the right way, and are "
                "they a fair sample of what comes in now?"
            )
    return said
