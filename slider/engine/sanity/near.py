"""Fingerprints of long texts: two that say nearly the same have nearly the same bits."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.sanity import familiar, words

LEAST_WORDS = 12
MOST_BITS = 7
"""Two texts of which at most 7 of 64 bits differ are near duplicates: a cosine of about 0.94 between their triples."""

_BITS = 64
_PRECISION = 1.01 * 2.0**-24
_MORE_ROUNDINGS = 4  # of a root, of a plane, of their product, and one to spare


def fingerprint(text: str) -> int | None:
    """Return the 64 bits of a text: for each, on which side of a fixed random plane its letter triples lie.

    (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002. The share of bits that differ
    is the angle between the two texts' counts of triples.)

    Returns:
        None for fewer than 12 words: short answers are alike by nature.
    """
    return fingerprints([familiar.grams(text)])[0] if len(words.words(text)) >= LEAST_WORDS else None


def fingerprints(texts: Sequence[Ints]) -> list[int]:
    """Return the bits of many texts, however few words they have, from the buckets of their triples.

    They are reckoned in half the usual precision, and a text that lies too near one of the planes to tell by that is
    reckoned anew: the bits are those of full precision, as fingerprints are stored and compared for years.
    """
    sizes = np.array([len(text) for text in texts], dtype=np.int64)
    rows = np.repeat(np.arange(len(texts)) * familiar.BUCKETS, sizes)
    places = rows + np.concatenate([*texts, np.empty(0, dtype=np.int64)])
    counts = np.bincount(places, minlength=len(texts) * familiar.BUCKETS).reshape(len(texts), familiar.BUCKETS)
    roots = np.sqrt(counts, dtype=np.float32)
    off = roots @ _quick_planes()
    found = np.packbits(off > 0.0, axis=1)
    # The textbook bound of a sum's rounding: terms times precision times the norms of what is multiplied.
    doubt = (sizes + _MORE_ROUNDINGS) * _PRECISION * np.sqrt(sizes) * _longest_plane()
    for row in np.flatnonzero((np.abs(off) <= doubt[:, None]).any(axis=1)).tolist():
        found[row] = np.packbits(_exactly(counts[row]))
    return [int.from_bytes(bits, "big") for bits in found]


def _exactly(counts: Ints) -> Bools:
    there = np.flatnonzero(counts)
    sides: Bools = np.sqrt(counts[there].astype(np.float64)) @ _planes()[there] > 0.0
    return sides


def are_near(one: int, other: int) -> bool:
    """Whether two texts with these fingerprints say nearly the same."""
    return (one ^ other).bit_count() <= MOST_BITS


@cache
def _planes() -> Floats:
    """64 planes through the space of triples, the same on every machine: shape (2048, 64)."""
    rng = np.random.Generator(np.random.PCG64(64))
    return rng.standard_normal((familiar.BUCKETS, _BITS))


@cache
def _quick_planes() -> npt.NDArray[np.float32]:
    return _planes().astype(np.float32)


@cache
def _longest_plane() -> float:
    return float(np.sqrt((_planes() ** 2).sum(axis=0)).max())
