"""A rising curve through rates: the map from a ranking score to a probability."""

import numpy as np

from slider.engine.arrays import Floats

MOST_BINS = 40
LEAST_IN_BIN = 25
"""Labels that a point of the curve stands on at least."""

_PULL = 2.0


def pool(rates: Floats, *, weights: Floats) -> Floats:
    """Return the non-decreasing sequence closest to `rates` in weighted squares (pool adjacent violators).

    Args:
        rates: shape (n,).
        weights: shape (n,), above 0.

    Returns:
        Shape (n,).

    Source: Ayer, Brunk, Ewing, Reid, Silverman, Annals of Mathematical Statistics 26 (1955).
    """
    blocks: list[tuple[float, float, int]] = []
    for rate, weight in zip(rates.tolist(), weights.tolist(), strict=True):
        mean, total, size = rate, weight, 1
        while blocks and blocks[-1][0] > mean:
            earlier, earlier_total, earlier_size = blocks.pop()
            mean = (earlier * earlier_total + mean * total) / (earlier_total + total)
            total, size = total + earlier_total, size + earlier_size
        blocks.append((mean, total, size))
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])


def curve(scores: Floats, *, correct: Floats, weights: Floats, model: Floats) -> tuple[Floats, Floats]:
    """Fit a rising curve from scores to the rate of correct answers.

    The sorted labels are cut into at most 40 bins of 25 or more labels; each bin's weighted rate is pulled
    towards the model's own mean by two labels' worth, so that a bin without an error does not say "never
    wrong"; then `pool` makes the rates rise.

    Args:
        scores: shape (n,), n >= 25; larger should mean more often correct.
        correct: shape (n,), 0 or 1.
        weights: shape (n,), above 0: 1 / the chance with which the item was looked at.
        model: shape (n,), the probability of being correct that the pull goes to, strictly inside (0, 1).

    Returns:
        Knots: scores rising strictly, and rates inside (0, 1) that do not fall.
    """
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, max(1, min(MOST_BINS, len(scores) // LEAST_IN_BIN)))
    total = np.array([weights[part].sum() for part in parts])
    pull = _PULL * float(weights.mean())
    right = np.array([(weights[part] * correct[part]).sum() for part in parts])
    expected = np.array([model[part].mean() for part in parts])
    rates = pool((right + pull * expected) / (total + pull), weights=total + pull)
    at = np.array([np.average(scores[part], weights=weights[part]) for part in parts])
    # Tied scores can put two bins on one spot: there the curve takes their common rate.
    knots, spot = np.unique(at, return_inverse=True)
    mass = np.bincount(spot, weights=total)
    return knots, np.bincount(spot, weights=total * rates) / mass
