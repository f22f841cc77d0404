"""Labels on their way into the evidence: what people said of items, for one stream or many at once."""

from dataclasses import dataclass, fields, replace

import numpy as np

from slider.engine import audit
from slider.engine.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Verdicts in the order in which they are to be used; every array has the shape (streams, n).

    Streams that have fewer labels than others are filled up with entries whose `present` is False.

    Attributes:
        bins: the bin of the rank that the item was routed with (`certificate.bins`).
        classes: its weight class (`audit.weight_class`).
        wrong: True where a correct reviewer would call the answer wrong.
        lane: True where the item ran unattended.
        present: False where there is no label.
        places: the item's place in the routing order.
        rungs: the rung of the chance with which it was looked at (`audit.LADDER`); 0 in people's lane.
    """

    bins: Ints
    classes: Ints
    wrong: Bools
    lane: Bools
    present: Bools
    places: Ints
    rungs: Ints

    @property
    def weights(self) -> Floats:
        """What each label counts, shape (streams, n): least chance / own chance; 0 where there is none."""
        weights: Floats = np.where(self.present, audit.LADDER[self.classes], 0.0)
        return weights

    def only(self, which: Bools) -> "Labels":
        """Return the same labels with those outside of `which`, shape (streams, n), taken out."""
        return replace(self, present=self.present & which)

    def packed(self) -> "Labels":
        """Return the same labels in the same order, with as few gaps as there can be: quick where most are absent."""
        counts = self.present.sum(axis=1)
        most = int(counts.max(initial=0))
        if most == self.present.shape[1]:
            return self
        stream, place = np.nonzero(self.present)
        column = np.arange(len(stream)) - np.repeat(np.cumsum(counts) - counts, counts)
        from_where = np.zeros((len(counts), most), dtype=np.int64)
        from_where[stream, column] = place
        columns = {one.name: np.take_along_axis(getattr(self, one.name), from_where, axis=1) for one in fields(self)}
        return Labels(**columns | {"present": np.arange(most) < counts[:, None]})


def one(bins: Ints, *, classes: Ints, wrong: Bools, lane: Bools, places: Ints, rungs: Ints) -> Labels:
    """Return the labels of a single stream, each array of shape (n,)."""
    present = np.ones((1, len(bins)), dtype=np.bool_)
    return Labels(bins[None], classes[None], wrong[None], lane[None], present, places[None], rungs[None])
