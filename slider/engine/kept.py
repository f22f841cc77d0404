"""A watch as it is kept from one look to the next: strict JSON, the same to the last bit, or refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.fresh import FreshStarts
from slider.engine.orders import Tuning
from slider.engine.watch import STATES, Watch

_SAME = 1e-12


def to_json(watch: Watch) -> dict[str, object]:
    """Return the state of a watch over one stream for a JSON column (NaN becomes null), about 10 kB."""
    if len(watch.tested) != 1:
        raise ValueError(f"This watch is over {len(watch.tested)} streams: only that of one task is stored.")
    state: dict[str, object] = {name: _stored(getattr(watch, name)[0]) for name in STATES}
    return state | {
        "wrong": watch.counters.wrong[0].tolist(),
        "right": watch.counters.right[0].tolist(),
        "best": watch.proof.best[0].tolist(),
        "tested": float(watch.tested[0]),
        "fresh": watch.fresh.to_json(0),
    }


def from_json(stored: Mapping[str, Any], *, tested: float, delta: float, tuning: Tuning) -> Watch:
    """Read back what `to_json` wrote; an empty mapping is a new epoch.

    `tested` may be another limit than the one it was written under, as what is known of reviewers moves. The counts
    are what they are. The best wealth so far is kept under a looser limit, under which it would have been larger, and
    forgotten under a stricter one: `certificate.certify` then begins with what the counts are worth there.

    Raises:
        ValueError: a field is missing or does not fit.
    """
    watch = Watch(np.array([tested]), delta, tuning)
    if not stored:
        return watch
    counters = (("wrong", watch.counters.wrong), ("right", watch.counters.right), ("best", watch.proof.best))
    try:
        for name, here in (*((name, getattr(watch, name)) for name in STATES), *counters):
            here[0] = _read(stored[name], like=here[0])
        if tested < _limit(stored.get("tested", tested)) * (1.0 - _SAME):
            watch.proof.best[0] = 0.0
        watch.fresh = FreshStarts.from_json(stored["fresh"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"A stored watch does not fit: {error!r}. Start a new epoch of evidence.") from error
    return watch


def _limit(stored: object) -> float:
    """The limit that a watch was written under."""
    if not isinstance(stored, float) or not 0.0 < stored < 1.0:
        raise ValueError(f"tested is {stored!r}")
    return stored


def begun(counters: certificate.Counters, *, best: Floats, tested: float, delta: float) -> Watch:
    """Return a watch over one stream whose epoch begins with labels from before its first item (`once.certify`).

    Args:
        counters: of one stream.
        best: shape (cuts,), `Certificate.best` of the look at them.
        tested, delta: as for `Watch`, of one stream.
    """
    watch = Watch(np.array([tested]), delta)
    watch.counters.wrong[0], watch.counters.right[0] = counters.wrong, counters.right
    watch.proof.best[0] = np.maximum(best, 0.0)
    return watch


def _stored(array: Floats | Ints | Bools) -> object:
    values = array.tolist()
    return values if array.dtype.kind != "f" else _without_nan(values)


def _without_nan(value: object) -> object:
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _read(stored: object, *, like: Floats | Ints | Bools) -> Floats | Ints | Bools:
    values = np.array(stored, dtype=np.float64)  # None becomes NaN
    if values.shape != like.shape:
        raise ValueError(f"shape {values.shape} instead of {like.shape}")
    if like.dtype.kind == "f":
        return values
    if np.isnan(values).any():
        raise ValueError("null where there should be a number")
    if (np.abs(values) > 2.0**53).any():
        raise ValueError("a count that nobody can have counted")
    return values.astype(np.bool_) if like.dtype.kind == "b" else values.astype(np.int64)
