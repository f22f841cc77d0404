"""The brake: a certified cut whose newest labels look bad is not used for a while."""

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats

HALF_LIFE = 2000.0
"""Items after which a label counts half."""

PRIOR = 100.0
"""Labels of what is usual that stand behind a bin, times its width: as if a hundred had been spread over all ranks."""


def forget(tallies: Floats, *, items: int) -> Floats:
    """Let old labels fade: halved every `HALF_LIFE` items."""
    faded: Floats = tallies * 0.5 ** (items / HALF_LIFE)
    return faded


def position(tallies: Floats, certified: Bools, *, usual: Floats, remaining: Bools, most: Floats) -> Floats:
    """Return the largest certified cut whose recent error stays below `most`, else the smallest certified one.

    An estimate, not a test: it keeps a slow decay from using up what the certificate once saw. Inside a bin both
    lanes are alike, so labels count without weights, and bins are put together by their widths.

    Args:
        tallies: shape (streams, bins, 2), faded counts of right and wrong labels.
        certified: shape (streams, bins).
        usual: shape (streams, bins), the error expected of each bin: what stands in where labels are few.
        remaining: shape (streams, bins), False where a bin is in quarantine.
        most: shape (streams,), the error up to which a cut is used.

    Returns:
        Shape (streams,), a cut; 0 where none is certified.
    """
    behind = PRIOR * certificate.WIDTHS
    rates = (tallies[..., 1] + behind * usual) / (tallies.sum(axis=-1) + behind)
    widths = certificate.WIDTHS * remaining
    recent = np.cumsum(rates * widths, axis=1) / np.maximum(np.cumsum(widths, axis=1), 1e-9)
    good = certified & (recent <= most[:, None])
    largest = np.where(good, certificate.CUTS, 0.0).max(axis=1)
    smallest = np.where(certified, certificate.CUTS, 2.0).min(axis=1)
    return np.where(largest > 0.0, largest, np.where(smallest <= 1.0, smallest, 0.0))
