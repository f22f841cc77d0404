"""How the guard writes shares and stretches of the ranking."""

import numpy as np

from slider.engine import percents, regions
from slider.engine.arrays import Bools

percent = percents.said
"""A share as people read it: «62 %», «99.5 %», «0.12 %»."""


def spans(which: Bools) -> list[dict[str, float]]:
    """Regions as stretches of the rank, neighbours joined; shape (regions,)."""
    starts = np.concatenate([[0.0], regions.EDGES[:-1]])
    found: list[dict[str, float]] = []
    for start, end in zip(starts[which].tolist(), regions.EDGES[which].tolist(), strict=True):
        if found and found[-1]["to"] == start:
            found[-1]["to"] = end
        else:
            found.append({"from": start, "to": end})
    return found


def stretches(which: Bools) -> str:
    """«0 % to 10 % and 20 % to 30 %»: ranks count from the easiest."""
    return " and ".join(f"{percent(span['from'])} to {percent(span['to'])}" for span in spans(which))
