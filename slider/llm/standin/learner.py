"""Learns labels from the few texts of one prompt and says how likely each label is for a new text.

The learner is a ridge regression in its dual form over cosine-like similarities. With as few texts as a
prompt holds that is one small linear system, and its leave-one-out answers come for free (Hastie,
Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10): with ``A = (K +
ridge)^-1`` and weights ``W = A Y`` the score of text i, learnt without it, is ``Y_i - W_i / A_ii``. They
set the temperature that turns scores into chances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from slider.llm.standin.features import text_features

Floats = npt.NDArray[np.float64]

_RIDGE: Final = 3.0
_SHARPNESS_GRID: Final = np.geomspace(1.0, 60.0, 24)
_LEAN_GRID: Final = (0.5, 1.0, 1.5, 2.0, 3.0)
# With too few examples to check against, the chances come from this sharpness.
_UNCHECKED_SHARPNESS: Final = 16.0
# The check starts from these, and examples outvote them as they grow in number.
_USUAL_SHARPNESS: Final = 8.0
_SHARPNESS_SPREAD: Final = 0.5
_USUAL_LEAN: Final = 1.0
_LEAN_SPREAD: Final = 1.0
_FEWEST_FOR_CHECK: Final = 8
# So many examples, spread evenly over the labels, are imagined before the usual shares are counted.
_DOUBT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text whose label is known: an example, or a phrase from the description of a label."""

    text: str
    label: int
    is_example: bool


class Learner:
    """Fitted to the lessons of one prompt; ``chances`` is cheap, fitting is not."""

    def __init__(self, lessons: Sequence[Lesson], *, labels: int) -> None:
        counted = [text_features(lesson.text) for lesson in lessons]
        self._places = _places(counted)
        self._rarity = _rarity(counted, self._places)
        rows = np.zeros((len(lessons), len(self._places)))
        for row, features in zip(rows, counted, strict=True):
            self._fill(row, features)
        taught = [lesson.label for lesson in lessons if lesson.is_example]
        self._usual = _shares(taught, labels)
        targets = np.zeros((len(lessons), labels))
        targets[np.arange(len(lessons)), [lesson.label for lesson in lessons]] = 1.0
        targets -= self._usual
        inverse = np.linalg.inv(rows @ rows.T + _RIDGE * np.eye(len(lessons)))
        dual = inverse @ targets
        self._weights: Floats = rows.T @ dual
        unseen = targets - dual / np.diag(inverse)[:, None]
        examples = [at for at, lesson in enumerate(lessons) if lesson.is_example]
        self._sharpness, self._lean = _temper(unseen[examples], np.array(taught, dtype=int), np.log(self._usual))

    def chances(self, text: str) -> Floats:
        """How likely each label is, shape (labels,), summing to 1; the usual shares when nothing is known."""
        row = np.zeros(len(self._places))
        self._fill(row, text_features(text))
        known = np.flatnonzero(row)
        scores = row[known] @ self._weights[known]
        return _softmax(scores * self._sharpness + self._lean * np.log(self._usual))

    def _fill(self, row: Floats, features: dict[str, float]) -> None:
        unknown = 0.0
        for feature, count in features.items():
            place = self._places.get(feature)
            if place is None:
                unknown += count
            else:
                row[place] = (1.0 + math.log(count) if count > 1 else count) * self._rarity[place]
        length = math.sqrt(float(row @ row))
        if length:
            row /= length


def _places(counted: Sequence[dict[str, float]]) -> dict[str, int]:
    places: dict[str, int] = {}
    for features in counted:
        for feature in features:
            places.setdefault(feature, len(places))
    return places


def _rarity(counted: Sequence[dict[str, float]], places: dict[str, int]) -> Floats:
    seen = np.zeros(len(places))
    for features in counted:
        seen[[places[feature] for feature in features]] += 1
    return np.asarray(np.log((1.0 + len(counted)) / (0.5 + seen)), dtype=float)


def _shares(taught: Sequence[int], labels: int) -> Floats:
    counts = np.bincount(np.array(taught, dtype=int), minlength=labels) + _DOUBT / labels
    return np.asarray(counts / counts.sum(), dtype=float)


def _temper(unseen: Floats, taught: npt.NDArray[np.int_], base: Floats) -> tuple[float, float]:
    """The sharpness of the scores and the weight of the usual shares that suit the leave-one-out answers best."""
    if len(taught) < _FEWEST_FOR_CHECK:
        return _UNCHECKED_SHARPNESS, _USUAL_LEAN
    best, worth = (_USUAL_SHARPNESS, _USUAL_LEAN), -math.inf
    for sharpness in _SHARPNESS_GRID:
        for lean in _LEAN_GRID:
            chances = _softmax(unseen * sharpness + lean * base)
            value = float(np.log(chances[np.arange(len(taught)), taught]).sum())
            value -= 0.5 * (math.log(sharpness / _USUAL_SHARPNESS) / _SHARPNESS_SPREAD) ** 2
            value -= 0.5 * (math.log(lean / _USUAL_LEAN) / _LEAN_SPREAD) ** 2
            if value > worth:
                best, worth = (float(sharpness), lean), value
    return best


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=float)
