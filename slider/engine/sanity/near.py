"""Fingerprints of long texts: two that say nearly the same have nearly the same bits."""

from functools import cache

import numpy as np

from slider.engine.arrays import Floats
from slider.engine.sanity import familiar, words

LEAST_WORDS = 12
MOST_BITS = 7
"""Two texts of which at most 7 of 64 bits differ are near duplicates: a cosine of about 0.94 between their triples."""

_BITS = 64


def fingerprint(text: str) -> int | None:
    """Return the 64 bits of a text: for each, on which side of a fixed random plane its letter triples lie.

    (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002. The share of bits that differ
    is the angle between the two texts' counts of triples.)

    Returns:
        None for fewer than 12 words: short answers are alike by nature.
    """
    if len(words.words(text)) < LEAST_WORDS:
        return None
    counts = np.bincount(familiar.grams(text), minlength=familiar.BUCKETS)
    there = np.flatnonzero(counts)
    sides = np.sqrt(counts[there].astype(np.float64)) @ _planes()[there] > 0.0
    return int.from_bytes(np.packbits(sides).tobytes(), "big")


def are_near(one: int, other: int) -> bool:
    """Whether two texts with these fingerprints say nearly the same."""
    return (one ^ other).bit_count() <= MOST_BITS


@cache
def _planes() -> Floats:
    """64 planes through the space of triples, the same on every machine: shape (2048, 64)."""
    rng = np.random.Generator(np.random.PCG64(64))
    return rng.standard_normal((familiar.BUCKETS, _BITS))
