"""Public packages as oracles, where they are installed: they are no part of the locks, and of nothing that runs."""

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from slider.engine import bounds
from slider.engine.backtest import frozen

LIMIT, DELTA = 0.03, 0.05


def compared() -> Iterator[str]:
    """Say how far our formulas are from theirs, a sentence each; nothing where a package is absent."""
    yield from _mapie()
    yield from _confseq()


def _mapie() -> Iterator[str]:
    """The p-values of Learn then Test, in the form that MAPIE takes unless it is told that losses are 0 or 1."""
    found = _installed("mapie", "mapie.risk_control.methods")
    if found is None:
        return
    module, name = found
    wrong, labels = np.array([0, 5, 12, 20, 29, 40]), 1000
    p_value = module.compute_hoeffding_bentkus_p_value
    theirs = np.array([float(np.ravel(p_value(np.array([k / labels]), labels, np.array([LIMIT])))[0]) for k in wrong])
    ours = frozen.hoeffding_bentkus(wrong, np.full(len(wrong), labels), limit=LIMIT)
    yield f"{name}: p-values of Learn then Test differ from ours by {np.abs(theirs - ours).max():.1e} at the most."


def _confseq() -> Iterator[str]:
    """Upper confidence bounds by betting, which are looked at after every label."""
    found = _installed("confseq", "confseq.betting")
    if found is None:
        return
    module, name = found
    wrong = np.random.default_rng(3).random(1000) < 0.015
    _, theirs = module.betting_cs(wrong.astype(np.float64), alpha=2.0 * DELTA)
    ours = bounds.upper_error(np.array([wrong.sum()]), np.array([(~wrong).sum()]), delta=DELTA)
    yield (
        f"{name}: after 1,000 labels with {int(wrong.sum())} errors its upper bound is {float(theirs[-1]):.4f} "
        f"(two-sided, so at delta {DELTA}), ours {float(ours):.4f}."
    )


def _installed(package: str, module: str) -> tuple[Any, str] | None:
    try:
        return import_module(module), f"{package} {version(package)}"
    except (ImportError, PackageNotFoundError):
        return None
