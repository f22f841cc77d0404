"""Fresh starts: after a bad spell has passed, part of the evidence's wealth is bet anew from there on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slider.engine import certificate, watermark
from slider.engine.arrays import Bools, Ints
from slider.engine.certificate import Counters
from slider.engine.labels import Labels

MOST = len(certificate.ACCOUNTS) - 1
"""Fresh starts that an epoch has, each with an account of its own (`certificate.ACCOUNTS`)."""


@dataclass(slots=True, eq=False)
class FreshStarts:
    """The starts of one epoch for several streams, changed in place.

    A start bets on items that were routed after it was made, and on no others: whoever made it may have known the
    verdict of any item before it, or that there was none yet, which late errors make a bad sign.

    Attributes:
        laid_aside: for each start, the labels that it does not bet on; all -1 in a stream that has not made it.
        places: shape (streams, MOST), the place of the next item when the start was made.
    """

    laid_aside: list[Counters]
    places: Ints

    @classmethod
    def none(cls, streams: int) -> "FreshStarts":
        """Return starts that nobody has made yet."""
        zero = Counters.zero(streams)
        unmade = [Counters(wrong=zero.wrong - 1, right=zero.right - 1) for _ in range(MOST)]
        return cls(unmade, np.zeros((streams, MOST), dtype=np.int64))

    @property
    def made(self) -> Bools:
        """Which starts were made, shape (streams, MOST)."""
        return np.stack([start.wrong[:, 0, 0] >= 0 for start in self.laid_aside], axis=1)

    def make(self, which: Bools, *, counters: Counters, place: Ints) -> Bools:
        """Make the next start in these streams, where one is left.

        Args:
            which: shape (streams,).
            counters: what has been counted so far.
            place: shape (streams,), the place of the next item.

        Returns:
            Shape (streams,), where one was made.
        """
        made = self.made
        begun: Bools = which & ~made.all(axis=1)
        for stream in np.flatnonzero(begun).tolist():
            number = int(made[stream].argmin())
            start = self.laid_aside[number]
            start.wrong[stream], start.right[stream] = counters.wrong[stream], counters.right[stream]
            self.places[stream, number] = place[stream]
        return begun

    def lay_aside(self, labels: Labels, *, old: Ints, new: Ints) -> None:
        """Lay aside what the marks pass on their way from `old` to `new` of items from before a start.

        Args:
            labels, old, new: those of `watermark.between`.
        """
        for number, start in enumerate(self.laid_aside):
            since = self.places[:, number, None]
            low, high = np.minimum(old, since), np.minimum(new, since)
            behind = (high > low) & (start.wrong[:, :1, 0] >= 0)
            if behind.any():
                early = watermark.between(low, np.where(behind, high, low), labels=labels)
                start.wrong[...] += early.wrong
                start.right[...] += early.right

    def replace(self, which: Bools, new: "FreshStarts") -> None:
        """Put the starts of other streams, as many as `which` names, in the place of these."""
        for start, other in zip(self.laid_aside, new.laid_aside, strict=True):
            start.wrong[which], start.right[which] = other.wrong, other.right
        self.places[which] = new.places

    def to_json(self, stream: int) -> list[object]:
        """Return the starts that one stream has made, for a JSON column."""
        return [
            {"wrong": start.wrong[stream].tolist(), "right": start.right[stream].tolist(), "place": int(place)}
            for start, place in zip(self.laid_aside, self.places[stream], strict=True)
            if start.wrong[stream, 0, 0] >= 0
        ]

    @classmethod
    def from_json(cls, stored: Sequence[Mapping[str, Any]]) -> "FreshStarts":
        """Read back what `to_json` wrote, as the starts of one stream.

        Raises:
            ValueError: they are more than there can be, or of another shape.
        """
        if len(stored) > MOST:
            raise ValueError(f"{len(stored)} fresh starts, not {MOST} at the most")
        starts = cls.none(1)
        for number, one in enumerate(stored):
            kept = Counters.from_json(one)
            starts.laid_aside[number].wrong[0], starts.laid_aside[number].right[0] = kept.wrong, kept.right
            starts.places[0, number] = int(one["place"])
        return starts
