"""Fingerprints of long texts: two that say nearly the same have nearly the same bits."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from slider.engine.arrays import Floats, Ints
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
    if not texts:
        return []
    sizes = np.array([len(text) for text in texts], dtype=np.int64)
    rows = np.repeat(np.arange(len(texts)) * familiar.BUCKETS, sizes)
    counts = np.bincount(rows + np.concatenate(texts), minlength=len(texts) * familiar.BUCKETS)
    counts = counts.reshape(len(texts), familiar.BUCKETS)
    off = _quickly(counts)
    sides = off > 0.0
    # The textbook bound of a sum's rounding: terms times precision times the norms of what is multiplied.
    doubt = (sizes + _MORE_ROUNDINGS) * _PRECISION * np.sqrt(sizes) * _longest_plane()
    for row, bit in np.argwhere(np.abs(off) <= doubt[:, None]).tolist():
        there = np.flatnonzero(counts[row])
        sides[row, bit] = np.sqrt(counts[row, there].astype(np.float64)) @ _planes()[there, bit] > 0.0
    found: list[int] = np.packbits(sides, axis=1).view(">u8").ravel().tolist()
    return found


def _quickly(counts: Ints) -> npt.NDArray[np.float32]:
    """How far off each plane texts lie, in half precision; two at a time, for which no library wakes other threads."""
    roots = np.zeros((len(counts) + len(counts) % 2, familiar.BUCKETS), dtype=np.float32)
    np.sqrt(counts, out=roots[: len(counts)], dtype=np.float32, casting="same_kind")
    off: npt.NDArray[np.float32] = roots.reshape(-1, 2, familiar.BUCKETS) @ _quick_planes()
    return off.reshape(-1, _BITS)[: len(counts)]


def those_near(one: int, others: Sequence[int]) -> list[int]:
    """The places of those among others that say nearly the same."""
    return [place for place, other in enumerate(others) if (one ^ other).bit_count() <= MOST_BITS]


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
