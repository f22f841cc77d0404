"""What a rule for the slider has to answer in a replay."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.book import Book
from slider.engine.backtest.streams import Held


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The block just routed, as the ranking saw it.

    Attributes:
        since: its first item.
        scores: shape (replays, n), the scores it was ranked by.
        window: shape (replays, w), the newest scores under the ranking in force from here on.
        ranked_anew: shape (replays,), True where that ranking is new.
        heard: shape (replays, bins, 2), the epoch's labels under it, where it is new.
    """

    since: int
    scores: Floats
    window: Floats
    ranked_anew: Bools
    heard: Ints


class Rule(Protocol):
    """A rule decides lanes and audits, and learns from what people say. Replays are kept apart."""

    name: str
    promises: bool  # whether the rule claims that the limit holds with a stated chance

    def lanes(self, bins: Ints, scores: Floats) -> Bools:
        """Say which items run unattended, shape (replays, n)."""

    def closed(self, bins: Ints) -> Ints:
        """Return the closed region that sends an item to people, shape (replays, n); -1 where there is none."""

    def rungs(self) -> Ints:
        """Return the audit chance in force, as rungs of the ladder, shape (replays,)."""

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        """Draw conclusions at the end of a block, from what the book holds by now."""

    def inside(self) -> "Inside":
        """Return what is open now, for the judge."""


class Inside:
    """What a rule has open: cuts of the rank, or everything above a score; one entry a replay.

    `held`: the cut that a new ranking must not spoil; None where the rule has its ranking frozen.
    """

    def __init__(
        self, *, open_bins: Bools | None = None, thresholds: Floats | None = None, held: Held | None = None
    ) -> None:
        if (open_bins is None) == (thresholds is None):
            raise ValueError("Say what is open by rank or by score, not both.")
        self.open_bins = open_bins
        self.thresholds = thresholds
        self.held = held
