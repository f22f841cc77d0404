"""The watermark: labels enter the evidence in the order of routing, up to the oldest look that is outstanding."""

import numpy as np

from slider.engine import audit, certificate
from slider.engine.arrays import Ints
from slider.engine.labels import Labels


def marks(waiting: Ints) -> Ints:
    """Return the place up to which each cut's items are all judged.

    Errors take longer to judge than right answers: labels used in the order of their arrival would flatter. Each
    cut has a mark of its own, since an item outside of it says nothing about it: a hard item that waits for a person
    does not hold up what is known of the easy ones.

    Args:
        waiting: shape (streams, bins), the place in the routing order of the oldest item of each bin that was to be
            looked at and is not judged yet; where there is none, the place of the next item.

    Returns:
        Shape (streams, cuts), falling along the cuts: a larger cut waits for more.
    """
    result: Ints = np.minimum.accumulate(waiting, axis=1)
    return result


def between(old: Ints, new: Ints, *, labels: Labels) -> certificate.Counters:
    """Count the labels that each cut's mark has passed on its way from `old` to `new`.

    Args:
        old, new: shape (streams, cuts), from `marks`, falling along the cuts.
        labels: those with a place from the lowest old mark on, in any order; what no mark has reached is not counted.

    Returns:
        One table a stream: labels inside each cut by weight class.
    """
    streams, cuts = old.shape
    # Both marks fall along the cuts, so a label counts in one run of cuts: from its bin, or from the first cut that
    # has not counted it yet, up to the last cut whose mark has passed it.
    first = np.maximum(labels.bins, _above(old, labels.places))
    stop = _above(new, labels.places)
    counted = labels.present & (stop > first)
    tables = []
    for kind in (labels.wrong, ~labels.wrong):
        stream, column = np.nonzero(counted & kind)
        table = np.zeros((streams, cuts + 1, audit.STEPS), dtype=np.int64)
        classes = labels.classes[stream, column]
        np.add.at(table, (stream, first[stream, column], classes), 1)
        np.add.at(table, (stream, stop[stream, column], classes), -1)
        tables.append(np.cumsum(table, axis=1)[:, :cuts])
    return certificate.Counters(wrong=tables[0], right=tables[1])


def _above(marks_: Ints, places: Ints) -> Ints:
    """Return how many cuts' marks lie above each place, shape (streams, n)."""
    counts = np.empty(places.shape, dtype=np.int64)
    for stream in range(len(places)):
        counts[stream] = len(marks_[stream]) - np.searchsorted(marks_[stream, ::-1], places[stream], side="right")
    return counts
