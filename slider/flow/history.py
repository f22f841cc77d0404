"""Past outputs as evidence: a first calibration, a certificate from one look, and what the guard adds of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import audit, calibration, certificate, coins, evidence, lanes, reference
from slider.engine import once as exact
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.calibration import Calibration
from slider.models import Policy

_HEARD = 20_000  # past labels that say what is usual of each bin
_HARDEST = 1e6  # as `score.HARDEST`: stages do not import each other
FIRST_FIT = 40  # labels before the first calibration of a history's own; fewer rows are no history


@dataclass(frozen=True, slots=True)
class PastLabel:
    """A stored row: its known signals (none: no usable answer), its outcome, and the chance that it was looked at.

    `here` are those whose history began the policy's own epoch, or is about to begin the next.
    """

    signals: dict[str, float]
    correct: bool
    chance: float
    here: bool


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Past outputs with their outcomes, one row each, in the order of use.

    `x` is what `evidence.matrix` makes; a row without any signal had no usable answer. `chances` are the propensities
    brought onto the audits' ladder; `counted` leaves out what that took.
    """

    x: Floats
    correct: Bools
    propensity: Floats
    chances: Floats
    counted: Bools
    ties: Floats

    @property
    def answered(self) -> Bools:
        return has_answer(self.x)


def has_answer(x: Floats) -> Bools:
    """Which rows bring any signal at all; the others had no usable answer, and rank last."""
    result: Bools = (~np.isnan(x)).sum(axis=1) > 0
    return result


def ordered(ids: Sequence[str], secret: bytes, *, seed: str) -> Ints:
    """The order in which rows are used: a permutation by the rows' own coins, whatever the order of the file.

    The same rows come in the same order however a file was sorted, and nobody who lacks the secret can choose it.
    """
    result: Ints = np.argsort(coins.coins(secret, ids, f"history order|{seed}"), kind="stable")
    return result


def labels(
    ids: Sequence[str], *, x: Floats, correct: Bools, propensity: Floats, secret: bytes, seed: str = ""
) -> Labels:
    """Labels from rows in the order of use.

    A chance between two rungs is brought down to the lower one by a coin, exactly: a row that was looked at with
    chance p and is kept with chance q / p was looked at with chance q.
    """
    rungs = np.minimum(np.ceil(-2.0 * np.log2(propensity) - 1e-9).astype(int), audit.STEPS - 1)
    chances: Floats = audit.LADDER[rungs]
    thin = coins.coins(secret, ids, f"history thin|{seed}")
    ties = coins.coins(secret, ids, f"history tie|{seed}")
    # A propensity may be a hair below the ladder's last rung: the tolerance of the rung above.
    counted: Bools = thin <= chances / propensity + 1e-9
    return Labels(x, correct, propensity, chances, counted, ties)


def once(known: Labels, *, start: Calibration) -> certificate.Counters:
    """Count past outputs as one look's evidence: every label is first a test, and only then training.

    Each row is scored by a calibration fitted on the rows before it and ranked among all rows' scores under it
    (`engine.once.ranks`). So the counters hold what a certificate needs: ranks that knew nothing of their own label.
    """
    ranks = exact.ranks(
        known.x,
        correct=known.correct,
        answered=known.answered,
        propensity=known.propensity,
        ties=known.ties,
        start=start,
    )
    chosen = known.counted
    if not chosen.any():
        return nothing()
    least = float(known.chances[chosen].min())
    classes = {float(c): audit.weight_class(float(c), least=least) for c in np.unique(known.chances[chosen])}
    return certificate.count(
        ranks[chosen],
        classes=np.array([classes[float(c)] for c in known.chances[chosen]], dtype=np.int64),
        wrong=~known.correct[chosen],
    )


def nothing() -> certificate.Counters:
    """No labels at all."""
    shape = (len(certificate.CUTS), audit.STEPS)
    return certificate.Counters(wrong=np.zeros(shape, dtype=np.int64), right=np.zeros(shape, dtype=np.int64))


def fit(known: Labels, *, start: Calibration) -> Calibration:
    """The first calibration: fitted on every row with an answer. A signal that no row has gets no say."""
    return _fit(known, len(known.correct), start)


def only_ranking(fitted: Calibration) -> Calibration:
    """What other workers' rows may say: where to begin with the ranking, and nothing about how often one is right."""
    return replace(fitted, knots=(0.0,), rates=(0.5,), labels=0, weight=0.0)


def _fit(known: Labels, until: int, start: Calibration) -> Calibration:
    usable = known.answered[:until]
    x = known.x[:until][usable]
    fitted = calibration.fit(
        x, correct=known.correct[:until][usable], propensity=known.propensity[:until][usable], previous=start
    )
    absent = (~np.isnan(x)).sum(axis=0) == 0
    # Live answers may bring a signal that the history lacks; by it they would be ranked as nothing was tested.
    return replace(
        fitted,
        coef=tuple(0.0 if none else c for c, none in zip(fitted.coef, absent, strict=True)),
        missing=tuple(0.0 if none else c for c, none in zip(fitted.missing, absent, strict=True)),
    )


# ---- what the guard adds -----------------------------------------------------------------------------------------


def heard(policy: Policy, fitted: Calibration, *, coming: int) -> Ints:
    """A coming history's labels as its calibration ranks them: shape (bins, 2), right and wrong.

    The watch has heard them, so to speak: they are what is usual of each bin. Else the brake would hold back what
    nobody has heard anything of.
    """
    rows = [row for row in _rows(policy, own=True, most=_HEARD, coming=coming) if row.here]
    answered = np.array([bool(row.signals) for row in rows], dtype=np.bool_)
    scores = fitted.scores(evidence.matrix([row.signals for row in rows]), answered=answered)
    return reference.ranked_anew(
        np.maximum(np.round(scores, 6), -_HARDEST),
        wrong=np.array([not row.correct for row in rows], dtype=np.bool_),
        propensity=np.array([row.chance for row in rows], dtype=np.float64),
    )


def start(policy: Policy) -> Calibration:
    """What a fit of this policy's worker begins with: other workers' rows where there are any, else the usual prior."""
    rows = _rows(policy, own=False, most=20_000)
    return only_ranking(_fit_rows(rows)) if len(rows) >= FIRST_FIT else calibration.prior()


def training(policy: Policy, *, most: int) -> list[PastLabel]:
    """Past outputs of this policy's worker for a fit: those with an answer."""
    return [row for row in _rows(policy, own=True, most=most) if row.signals]


def window(policy: Policy, fitted: Calibration, *, coming: int | None = None) -> tuple[float, ...]:
    """The ranking scores that a new calibration gives to the items ranked last, oldest first.

    Where fewer than a window's worth have come in live, past outputs of this policy's worker stand before them: of
    histories that are in force, and of the one that is `coming`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(s.signals, '{}'), coalesce(a.outcome = 'answered' AND s.difficulty < 1e6, false)
            FROM slider_decision d
            LEFT JOIN slider_attempt a ON a.id = d.attempt_id LEFT JOIN slider_score s ON s.attempt_id = a.id
            WHERE d.task_id = %s AND d.bin IS NOT NULL ORDER BY d.seq DESC LIMIT %s
            """,
            [policy.task_id, lanes.WINDOW],
        )
        live = cursor.fetchall()[::-1]
    most = lanes.WINDOW - len(live)
    past = _rows(policy, own=True, most=10 * lanes.WINDOW, coming=coming) if most else []
    signals = [known(row[0]) for row in live] + [row.signals for row in past]
    answered = [bool(row[1]) for row in live] + [bool(row.signals) for row in past]
    scores = fitted.scores(evidence.matrix(signals), answered=np.array(answered, dtype=np.bool_))
    before = sample(scores[len(live) :], propensity=np.array([row.chance for row in past]), most=most) if past else ()
    return (*before, *(float(score) for score in scores[: len(live)]))


def sample(scores: Floats, *, propensity: Floats, most: int) -> tuple[float, ...]:
    """Up to `most` scores as they would come in: those that were looked at seldom stand for more items."""
    if np.all(propensity == propensity[0]):
        return tuple(float(score) for score in scores[-most:])
    ends = np.cumsum(1.0 / propensity)
    count = min(most, len(scores))
    places = np.searchsorted(ends, (np.arange(count) + 0.5) * (ends[-1] / count))
    # Neighbours in this list must be no neighbours in score, and the rows' own order is one by chance.
    return tuple(float(scores[place]) for place in places)


def _fit_rows(rows: Sequence[PastLabel]) -> Calibration:
    usable = [row for row in rows if row.signals]
    return calibration.fit(
        evidence.matrix([row.signals for row in usable]),
        correct=np.array([row.correct for row in usable], dtype=np.bool_),
        propensity=np.array([row.chance for row in usable], dtype=np.float64),
    )


def _rows(policy: Policy, *, own: bool, most: int, coming: int | None = None) -> list[PastLabel]:
    """Rows of histories of this worker that were put into force, or are about to."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.signals, r.correct, r.propensity, p.id, p.epoch
            FROM slider_pastrow r JOIN slider_past p ON p.id = r.past_id
            WHERE p.task_id = %s AND p.worker_id = %s AND (p.state = 'in_force' OR p.id = %s) AND r.own = %s
            ORDER BY p.id DESC, r.place LIMIT %s
            """,
            [policy.task_id, policy.worker_id, coming, own, most],
        )
        rows = cursor.fetchall()
    return [
        PastLabel(known(signals), correct, chance, epoch == policy.epoch if coming is None else past == coming)
        for signals, correct, chance, past, epoch in rows
    ]


def known(stored: Any) -> dict[str, float]:
    """The signals that this version's calibration knows; further ones are kept for later versions."""
    signals: Mapping[str, float] = json.loads(stored) if isinstance(stored, str) else stored
    return {name: signals[name] for name in evidence.SIGNALS if name in signals}
