"""Labels on their way into the evidence: what people said of items, for one stream or many at once."""

from dataclasses import dataclass, fields

import numpy as np

from slider.engine import audit, certificate
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
    """

    bins: Ints
    classes: Ints
    wrong: Bools
    lane: Bools
    present: Bools

    @property
    def weights(self) -> Floats:
        """What each label counts, shape (streams, n): least chance / own chance; 0 where there is none."""
        weights: Floats = np.where(self.present, audit.LADDER[self.classes], 0.0)
        return weights

    def only(self, which: Bools) -> "Labels":
        """Return the same labels with those outside of `which`, shape (streams, n), taken out."""
        return Labels(self.bins, self.classes, self.wrong, self.lane, self.present & which)

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

    def counted(self) -> certificate.Counters:
        """Return the labels as counters, one per stream."""
        streams = len(self.bins)
        size = len(certificate.CUTS) * audit.STEPS
        row = np.arange(streams)[:, None] * size + self.bins * audit.STEPS + self.classes
        shape = (streams, len(certificate.CUTS), audit.STEPS)
        bad = np.bincount(row[self.present & self.wrong], minlength=streams * size).reshape(shape)
        good = np.bincount(row[self.present & ~self.wrong], minlength=streams * size).reshape(shape)
        return certificate.Counters(wrong=bad.astype(np.int64), right=good.astype(np.int64))


def one(bins: Ints, *, classes: Ints, wrong: Bools, lane: Bools) -> Labels:
    """Return the labels of a single stream, each array of shape (n,)."""
    present = np.ones((1, len(bins)), dtype=np.bool_)
    return Labels(bins[None], classes[None], wrong[None], lane[None], present)
