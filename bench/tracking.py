"""How closely the realised share follows the slider, with the product's own routing."""

from dataclasses import dataclass

import numpy as np

from slider.engine import lanes
from slider.engine.arrays import Floats

ITEMS, CHANGE, WINDOW = 10_000, 5_000, 500
_BATCH = 50

KINDS = ("still", "ramp", "tied", "jump", "tied, jump")
"""Scores that stay, that rise all along, of which 76 % are one value, and that jump in the middle."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """|realised share - slider|, each the mean over the replays and the most in any of them, in points.

    Attributes:
        after: of the first 100, 500 and 2,000 items.
        worst: of the worst 500 items in a row.
        jumped: of the 500 items after the middle, where the scores jump if they do.
    """

    kind: str
    share: float
    after: tuple[tuple[float, float], ...]
    worst: tuple[float, float]
    jumped: tuple[float, float]


def tracked(kind: str, *, share: float, replays: int, seed: int) -> Tracked:
    """Route some replays of a kind at one setting of the slider."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    ran = np.stack([_routed(scores(kind, rng), share=share, rng=rng) for _ in range(replays)])
    upto = np.concatenate([np.zeros((replays, 1)), np.cumsum(ran, axis=1)], axis=1)
    windows = (upto[:, WINDOW:] - upto[:, :-WINDOW]) / WINDOW
    return Tracked(
        kind=kind,
        share=share,
        after=tuple(_points(upto[:, n] / n - share) for n in (100, 500, 2000)),
        worst=_points(np.abs(windows - share).max(axis=1)),
        jumped=_points(windows[:, CHANGE] - share),
    )


def scores(kind: str, rng: np.random.Generator) -> Floats:
    """Draw the scores of one replay."""
    z, place = rng.standard_normal(ITEMS), np.arange(ITEMS)
    later = place >= CHANGE
    if kind == "ramp":
        return z + 3.0 * place / ITEMS
    if kind == "jump":
        return z + 2.0 * later
    if kind.startswith("tied"):
        others = np.round(z, 1) + (2.0 * later if kind == "tied, jump" else 0.0)
        return np.where(rng.random(ITEMS) < 0.76, 1.0, others)
    return z


def _routed(drawn: Floats, *, share: float, rng: np.random.Generator) -> Floats:
    """Say which items of one replay ran unattended."""
    ties, track, parts = rng.random(len(drawn)), lanes.Track(), []
    for start in range(0, len(drawn), _BATCH):
        part = slice(start, start + _BATCH)
        routed = lanes.choose(track, scores=drawn[part], ties=ties[part], share=share)
        track = routed.track
        parts.append(routed.lanes)
    return np.concatenate(parts).astype(np.float64)


def _points(off: Floats) -> tuple[float, float]:
    apart = 100.0 * np.abs(off)
    return float(apart.mean()), float(apart.max())
