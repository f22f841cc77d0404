"""Verdicts for tests: labels of many streams at once, and how soon a statistic of them reaches a line."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.labels import Labels
from slider.engine.watch import Watch


def verdicts(
    wrong: Bools,
    *,
    bins: Ints | int = 0,
    classes: Ints | int = 0,
    lane: Bools | bool = True,
    present: Bools | None = None,
    rungs: Ints | int = 0,
) -> Labels:
    """Return labels of the shape of `wrong`, (streams, n)."""
    return Labels(
        bins=np.broadcast_to(np.asarray(bins, dtype=np.int64), wrong.shape),
        classes=np.broadcast_to(np.asarray(classes, dtype=np.int64), wrong.shape),
        wrong=wrong,
        lane=np.broadcast_to(np.asarray(lane, dtype=np.bool_), wrong.shape),
        present=np.ones(wrong.shape, dtype=np.bool_) if present is None else present,
        places=np.broadcast_to(np.arange(wrong.shape[1]), wrong.shape),
        rungs=np.broadcast_to(np.asarray(rungs, dtype=np.int64), wrong.shape),
    )


def at(labels: Labels, place: int) -> Labels:
    """Return one label of each stream."""
    part = slice(place, place + 1)
    return Labels(
        labels.bins[:, part],
        labels.classes[:, part],
        labels.wrong[:, part],
        labels.lane[:, part],
        labels.present[:, part],
        labels.places[:, part],
        labels.rungs[:, part],
    )


def until(
    labels: Labels, level: Floats, *, carry: Callable[[Floats, Labels], Floats], reached: Callable[[Floats], Bools]
) -> Floats:
    """Return after how many labels each stream's statistic has reached its line, inf where it never does."""
    found = np.full(len(level), np.inf)
    for place in range(labels.wrong.shape[1]):
        level = carry(level, at(labels, place))
        found = np.where(np.isinf(found) & reached(level), place + 1.0, found)
    return found


def two_sigmas(wrong: Bools, *, limit: float, last: int) -> Floats:
    """Return after how many labels the error of the `last` ones lies two standard errors above the limit: a control."""
    sums = np.cumsum(np.concatenate([np.zeros((len(wrong), 1)), wrong], axis=1), axis=1)
    rates = (sums[:, last:] - sums[:, :-last]) / last
    over = rates > limit + 2.0 * np.sqrt(limit * (1.0 - limit) / last)
    return np.where(over.any(axis=1), over.argmax(axis=1) + float(last), np.inf)


def count(watch: Watch, labels: Labels) -> None:
    """Hand labels to the certificate: in the order of routing, with nothing outstanding before them."""
    places = labels.places + watch.floor[:, None]
    beyond = watch.floor[:, None] + labels.wrong.shape[1]
    waiting = np.broadcast_to(beyond, (len(places), len(certificate.CUTS)))
    watch.settle(replace(labels, places=places), waiting=waiting, upto=beyond[:, 0])
