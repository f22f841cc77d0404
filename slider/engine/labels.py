"""Labels on their way into the evidence: what people said of items, for one stream or many at once."""

from dataclasses import dataclass, replace

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
    """

    bins: Ints
    classes: Ints
    wrong: Bools
    lane: Bools
    present: Bools
    places: Ints

    @property
    def weights(self) -> Floats:
        """What each label counts, shape (streams, n): least chance / own chance; 0 where there is none."""
        weights: Floats = np.where(self.present, audit.LADDER[self.classes], 0.0)
        return weights

    def only(self, which: Bools) -> "Labels":
        """Return the same labels with those outside of `which`, shape (streams, n), taken out."""
        return replace(self, present=self.present & which)


def one(bins: Ints, *, classes: Ints, wrong: Bools, lane: Bools, places: Ints) -> Labels:
    """Return the labels of a single stream, each array of shape (n,)."""
    present = np.ones((1, len(bins)), dtype=np.bool_)
    return Labels(bins[None], classes[None], wrong[None], lane[None], present, places[None])
