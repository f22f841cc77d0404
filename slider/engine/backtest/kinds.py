"""The distinct rows of a pool: rows with the same signals score alike, so each kind is rated once."""

from dataclasses import dataclass

import numpy as np

from slider.engine import calibration, certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.pool import Pool


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """How many rows are of each kind, and how many of them are wrong, shape (kinds,)."""

    rows: Floats
    wrong: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The kinds of a pool.

    Attributes:
        x, answered: as in the pool, one entry a kind.
        of_row: the kind of each row of the pool.
    """

    x: Floats
    answered: Bools
    of_row: Ints

    @classmethod
    def of(cls, pool: Pool) -> "Kinds":
        known = np.column_stack([np.nan_to_num(pool.x), np.isnan(pool.x), pool.answered])
        _, first, of_row = np.unique(known, axis=0, return_index=True, return_inverse=True)
        return cls(x=pool.x[first], answered=pool.answered[first], of_row=of_row.reshape(-1).astype(np.int64))

    def members(self, pool: Pool, *, by_phase: bool) -> list[Members]:
        """Count the rows of each kind: in the whole pool, or in each of its phases."""
        phases = pool.phases if by_phase else np.zeros(pool.rows, dtype=np.int64)
        return [
            Members(
                rows=np.bincount(self.of_row[here], minlength=len(self.x)).astype(np.float64),
                wrong=np.bincount(self.of_row[here & ~pool.correct], minlength=len(self.x)).astype(np.float64),
            )
            for here in (phases == phase for phase in range(int(phases.max()) + 1))
        ]

    def scored(self, fitted: calibration.Calibration) -> Floats:
        """Rate all kinds; rounded as routing rounds, so that what is tied stays tied."""
        scores: Floats = np.round(fitted.scores(self.x, answered=self.answered), 6)
        return scores


def true_errors(scores: Floats, members: Members) -> Floats:
    """Return the true error of each bin of the rank: ties share their places evenly, as coins would break them."""
    order = np.argsort(-scores)
    inside, lost = np.cumsum(members.rows[order]), np.cumsum(members.wrong[order])
    falling = scores[order]
    last = np.append(np.flatnonzero(falling[1:] < falling[:-1]), len(scores) - 1)
    mass, lost = np.append(0.0, inside[last]) / inside[-1], np.append(0.0, lost[last]) / inside[-1]
    result: Floats = np.diff(np.interp(certificate.CUTS, mass, lost), prepend=0.0) / certificate.WIDTHS
    return result
