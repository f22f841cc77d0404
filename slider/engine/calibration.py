"""Calibration: signals become a score that ranks items and a chance of being correct."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slider.engine import evidence, isotonic, regression, standard
from slider.engine.arrays import Bools, Floats, check_length

HEAVIEST = 4.0
"""Most that one label counts in the ranking fit, against a label from the people's lane."""

LEAST_LABELS = 200
"""From this many labels on, with 10 or more of each kind, the rising curve is fitted."""

_LEAST_OF_A_KIND = 10
_TRUST = 0.6
_DISTRUST = -0.6
# What says something about the item and nothing about the answer starts with little, and may be missing.
_WEAK = {"familiar": 0.1}
_SCALE = ("mean", "sd", "missing_share")
_ARRAYS = ("coef", "missing", "knots", "rates")
_NUMBERS = ("intercept", "labels", "weight")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted map from signals to a ranking score and to a chance of being correct.

    A calibration belongs to one task, worker version, prompt and playbook. Whoever stores it keeps those
    beside `key`.

    Attributes:
        signals: names of the columns, in order.
        scale: what the signals are standardised with.
        coef: per signal, score per sd; negative when the task has shown that the signal points the wrong way.
        missing: per signal, score added when it is missing.
        intercept: score of an average row.
        knots, rates: the rising curve from score to chance of being correct; both empty: the logistic itself.
        labels: number of labels it was fitted on; 0 means nothing is known yet.
        weight: sum of 1 / propensity over those labels, an estimate of the number of items they stand for.
    """

    signals: tuple[str, ...]
    scale: standard.Scale
    coef: tuple[float, ...]
    missing: tuple[float, ...]
    intercept: float
    knots: tuple[float, ...]
    rates: tuple[float, ...]
    labels: int
    weight: float

    @property
    def key(self) -> str:
        """A name for exactly these numbers: 16 hexadecimal digits of their SHA-256."""
        text = json.dumps(self.to_json(), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def logit(self, x: Floats) -> Floats:
        """Return the ranking score of each row, in log-odds: larger is more likely correct. Always finite.

        Args:
            x: shape (n, len(signals)), NaN where a signal is missing (`evidence.matrix`).

        Raises:
            ValueError: the shape differs, or a value is infinite.
        """
        return standard.design(x, self.scale) @ _coefficients(self)

    def scores(self, x: Floats, *, answered: Bools) -> Floats:
        """Return `logit`, and -inf for a row without a usable answer: what `lanes.choose` takes.

        Args:
            x: as for `logit`.
            answered: shape (n,), False where the worker gave no answer that could be parsed and checked.
        """
        check_length(answered, len(x), "answered")
        return np.where(answered, self.logit(x), -np.inf)

    def p_correct(self, x: Floats) -> Floats:
        """Return the chance that each row's answer is correct, strictly inside (0, 1). For rows with an
        answer.

        It is an estimate: among items that score alike, the weighted share of correct labels tends to it. It
        is no bound (those are in `bounds`) and decides no lane. Without labels it is 0.5 for every row:
        unknown.
        """
        score = self.logit(x)
        if self.knots:
            return np.interp(score, self.knots, self.rates)
        return regression.logistic(score)

    def to_json(self) -> dict[str, object]:
        """Return a value for a JSON column; `from_json` gives back an equal Calibration, to the last bit."""
        arrays = {name: list(getattr(self, name)) for name in _ARRAYS}
        arrays |= {name: list(getattr(self.scale, name)) for name in _SCALE}
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        return {"signals": list(self.signals), **arrays, **numbers}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Calibration":
        """Read back what `to_json` wrote.

        Raises:
            ValueError: a field is missing or is not numbers, or the lengths do not fit.
        """
        try:
            names = np.asarray(stored["signals"], dtype=str).tolist()
            fields = {name: _numbers(stored[name]) for name in (*_SCALE, *_ARRAYS, *_NUMBERS)}
        except KeyError as missing:
            raise ValueError(f"A stored calibration needs {missing}; it has {sorted(stored)}.") from missing
        _check_sizes(names, fields)
        return cls(
            signals=tuple(names),
            scale=standard.Scale(*(fields[name] for name in _SCALE)),
            coef=fields["coef"],
            missing=fields["missing"],
            intercept=fields["intercept"][0],
            knots=fields["knots"],
            rates=fields["rates"],
            labels=int(fields["labels"][0]),
            weight=fields["weight"][0],
        )


USUAL: Mapping[str, float] = {"token_logodds": 2.0, "weakest_token": 3.0, "agreement": 1.5, "stated": 2.0}
"""Where known signals lie before a task has shown its own."""


def prior(signals: Sequence[str] = evidence.SIGNALS, *, trusted: Sequence[bool] | Bools | None = None) -> Calibration:
    """Return what is assumed before the first label, the same for every task.

    Every signal helps a little (0.6 per sd; 0.1 for one that knows only the item), a missing one is distrusted
    (but for that one), and how often answers are correct is not known: the curve is flat at 0.5. So items can
    be ranked from the first one on, while `p_correct` says nothing.

    Args:
        signals: names of the columns.
        trusted: per signal, False where larger values say nothing until labels do; None: all point to trust.
    """
    size = len(signals)
    helps = [True] * size if trusted is None else [bool(one) for one in trusted]
    return Calibration(
        signals=tuple(signals),
        scale=standard.Scale(
            mean=tuple(USUAL.get(name, 0.0) for name in signals),
            sd=(2.0,) * size,
            missing_share=(0.0,) * size,
        ),
        coef=tuple(_WEAK.get(name, _TRUST) if one else 0.0 for name, one in zip(signals, helps, strict=True)),
        missing=tuple(0.0 if name in _WEAK else _DISTRUST for name in signals),
        intercept=0.0,
        knots=(0.0,),
        rates=(0.5,),
        labels=0,
        weight=0.0,
    )


def fit(
    x: Floats, *, correct: Bools, propensity: Floats, previous: Calibration | None = None, curve: bool = True
) -> Calibration:
    """Fit a calibration on labelled items.

    A logistic regression on standardised signals and indicators of the missing ones, whose coefficients are
    pulled towards those of `previous` (a Gaussian prior per sd: precision 4 for signals, 0.5 for the
    intercept), with weights min(1 / propensity, 4) scaled to mean 1: clipping costs a little bias and saves
    the ranking from a few heavy labels. From 200 labels on a rising curve through the rates, with the full
    weights 1 / propensity, turns the score into `p_correct`.

    What it gives: with weights, labels gathered mostly in the people's lane do not make the unattended lane
    look like it (the curve's rates are Horvitz-Thompson ratios). What it does not give: a guarantee. Nothing
    that is promised rests on this fit; a poor one costs share, never the error limit.

    Args:
        x: shape (n, len(signals)), NaN for a missing signal; only rows with an answer (the others are ranked
            last by rule, and would teach the fit about failures instead of mistakes).
        correct: shape (n,), True where a person found the answer correct.
        propensity: shape (n,), in (0, 1]: the chance with which the item was looked at (1 in the people's
            lane).
        previous: what to pull towards; `prior()` when None. Pass an earlier fit only when its labels are not
            in `x`, such as that of the worker's last version: labels that are in both would count twice.
        curve: False leaves the rising curve out, where only the ranking is wanted.

    Returns:
        The new Calibration; `previous` itself when there are no rows. Deterministic: equal input, equal
        output.

    Raises:
        ValueError: shapes differ, a signal is infinite, or a propensity is outside (0, 1].
    """
    start = previous if previous is not None else prior()
    check_length(correct, len(x), "correct")
    check_length(propensity, len(x), "propensity")
    if not np.all((propensity > 0.0) & (propensity <= 1.0)):
        raise ValueError("propensity holds a value outside (0, 1]: give the chance that the item was looked at.")
    if len(x) == 0:
        return start
    full: Floats = 1.0 / propensity
    weights: Floats = np.minimum(full, HEAVIEST)
    weights /= weights.mean()
    scale = standard.measure(x, weights=weights, start=start.scale)
    design, y = standard.design(x, scale), correct.astype(np.float64)
    beta = regression.maximise(design, y=y, weights=weights, centre=_coefficients(start))
    score: Floats = design @ beta
    drawn: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
    if curve and len(y) >= LEAST_LABELS and min(y.sum(), (1.0 - y).sum()) >= _LEAST_OF_A_KIND:
        drawn = isotonic.curve(score, correct=y, weights=full, model=regression.logistic(score))
    size = len(start.signals)
    return Calibration(
        signals=start.signals,
        scale=scale,
        coef=tuple(beta[1 : size + 1].tolist()),
        missing=tuple(beta[size + 1 :].tolist()),
        intercept=float(beta[0]),
        knots=tuple(drawn[0].tolist()),
        rates=tuple(drawn[1].tolist()),
        labels=len(y),
        weight=float(full.sum()),
    )


def _coefficients(calibration: Calibration) -> Floats:
    """Return intercept, coefficients of signals and of missing ones as one vector."""
    return np.array([calibration.intercept, *calibration.coef, *calibration.missing], dtype=np.float64)


def _numbers(stored: object) -> tuple[float, ...]:
    """Return a stored number, or list of numbers, as finite floats."""
    values = np.atleast_1d(np.asarray(stored, dtype=np.float64))
    if values.ndim != 1 or not np.all(np.isfinite(values)):
        raise ValueError(f"A stored calibration holds {stored!r}: it should be a list of finite numbers.")
    return tuple(values.tolist())


def _check_sizes(signals: list[str], fields: Mapping[str, tuple[float, ...]]) -> None:
    """Raise ValueError when stored lengths do not fit together or a standard deviation is not above 0."""
    wrong = [name for name in (*_SCALE, "coef", "missing") if len(fields[name]) != len(signals)]
    wrong += [name for name in _NUMBERS if len(fields[name]) != 1]
    if wrong or len(fields["knots"]) != len(fields["rates"]) or min(fields["sd"], default=1.0) <= 0.0:
        raise ValueError(f"A stored calibration for {signals} does not fit: {wrong or 'knots, rates or sd'}.")
