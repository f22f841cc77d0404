"""Where the items of a replay come from."""

from dataclasses import dataclass
from typing import Protocol

from slider.engine.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The next items of every replay; arrays have the shape (replays, n).

    Attributes:
        scores: ranking scores under the calibration in force, larger is easier.
        p_wrong: the true chance that the answer is wrong.
        wrong: whether it is.
        rows: for a stream of known rows, which row it is; -1 otherwise.
        doubt: the chance that a person calls the answer wrong, where people are known to differ; None: people see
            the truth, but for their slips.
    """

    scores: Floats
    p_wrong: Floats
    wrong: Bools
    rows: Ints
    doubt: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a new ranking must not spoil; arrays have the shape (replays,).

    Attributes:
        share: the cut that is open, or the first that can be.
        tested: the limit of its error.
    """

    share: Floats
    tested: Floats


class Stream(Protocol):
    """A source of items for several replays at once."""

    replays: int
    changes: bool  # whether the true errors may be others than at the last block, under the same ranking

    @property
    def stage(self) -> int:
        """The stretch that the stream is in: under one ranking the true errors differ between stages alone."""

    def block(self, start: int, n: int) -> Block:
        """Return items start ... start + n - 1 of every replay; called once for each stretch, in order."""

    def learn(self, arrived: "Arrived", *, epoch: Ints, held: "Held | None" = None) -> Bools:
        """Use labels that have arrived for the ranking; shape (replays,), True where the ranking is new.

        `held`: what the ranking must go on to bear; None where the rule does not say.
        """

    def heard(self) -> Ints:
        """Return the labels of the epoch under the ranking in force, shape (replays, bins, 2), where it is new."""

    def window(self, size: int) -> Floats:
        """Return the scores of the last `size` items under the ranking in force, oldest first, NaN before the first."""

    def errors(self) -> Floats:
        """Return the true error of each bin of the rank now, shape (replays, bins)."""

    def errors_in(self, stage: int, *, replays: Ints) -> Floats:
        """Return what some replays' bins had in an earlier stage, under the ranking in force; (len(replays), bins)."""

    def error_above(self, thresholds: Floats) -> Floats:
        """Return the true error of the items that score at least so much, shape (replays,); 0 where there are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """Labels that have just arrived, one entry each.

    Attributes:
        replay: whose they are.
        rows: the stream's own name for the item (`Block.rows`).
        wrong: what was said.
        propensity: the chance with which the item was looked at.
        epochs: the epoch that the item was routed in.
    """

    replay: Ints
    rows: Ints
    wrong: Bools
    propensity: Floats
    epochs: Ints
