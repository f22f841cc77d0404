"""Every rule that a replay can be run with, by name: the product's own and what it is compared with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from slider.engine import audit
from slider.engine.arrays import Floats
from slider.engine.backtest import frozen, looked
from slider.engine.backtest.guarded import Guarded
from slider.engine.backtest.people import People
from slider.engine.backtest.rules import Rule
from slider.engine.orders import Tuning

LEARNS_UNTIL = 1000
"""Labels after which the ranking of a baseline is frozen, as its users do; the product's own learns on."""

GUARDED, SIMPLE, LTT = "guarded", "Hoeffding looked at", "Learn-then-Test once"
"""The product's rule; the simple rule that audits are compared with; the one that share is compared with."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every rule is told.

    Attributes:
        replays, items: how many there are, and how long each is.
        limit: the share of wrong answers that is tolerated.
        delta: the chance with which the promise may fail.
        people: who judges.
        tuning: of the product's rule; its floor is the audit chance of all others.
        tested: shape (replays,), what the product's rule tests at where reviewers miss errors; None: the limit.
        certifying: the part of delta that its certificate has; the rest went into `tested`.
        slider: the largest share that the product's rule may open.
    """

    replays: int
    items: int
    limit: float
    delta: float
    people: People = field(default_factory=People)
    tuning: Tuning = field(default_factory=Tuning)
    tested: Floats | None = None
    certifying: float = 1.0
    slider: float = 1.0


def guarded(given: Setting) -> Rule:
    tested = given.tested if given.tested is not None else np.full(given.replays, given.limit)
    delta = given.delta * given.certifying
    return Guarded(tested, delta=delta, people=given.people, tuning=given.tuning, slider=given.slider)


def fixed(given: Setting) -> Rule:
    return frozen.Fixed(0.9, replays=given.replays, rung=_rung(given), after=LEARNS_UNTIL)


def _once(name: str, given: Setting, *, choose: frozen.Choose, labels: int = 1000, promises: bool = True) -> Rule:
    rung = _rung(given)
    return frozen.Once(name, replays=given.replays, rung=rung, promises=promises, labels=labels, choose=choose)


def ltt(given: Setting) -> Rule:
    return _once(LTT, given, choose=frozen.learn_then_test(given.limit, delta=given.delta, in_sequence=False))


def ltt_sequence(given: Setting) -> Rule:
    choose = frozen.learn_then_test(given.limit, delta=given.delta, in_sequence=True)
    return _once("Learn-then-Test once, in sequence", given, choose=choose)


def selective(given: Setting) -> Rule:
    return _once("selective once, 1,000", given, choose=frozen.selective(given.limit, delta=given.delta))


def selective_5000(given: Setting) -> Rule:
    choose = frozen.selective(given.limit, delta=given.delta)
    return _once("selective once, 5,000", given, choose=choose, labels=5000)


def conformal(given: Setting) -> Rule:
    return _once("conformal quantile once", given, choose=frozen.conformal(given.limit), promises=False)


def hoeffding(given: Setting) -> Rule:
    bound = looked.hoeffding(given.limit, delta=given.delta)
    return looked.Looked(SIMPLE, replays=given.replays, rung=_rung(given), promises=True, bound=bound)


def clopper_pearson(given: Setting) -> Rule:
    bound = looked.clopper_pearson(given.limit, delta=given.delta, labels=given.items)
    name = "Clopper-Pearson looked at"
    return looked.Looked(name, replays=given.replays, rung=_rung(given), promises=False, bound=bound)


def normal(given: Setting) -> Rule:
    bound = looked.normal(given.limit, delta=given.delta)
    name = "normal interval looked at"
    return looked.Looked(name, replays=given.replays, rung=_rung(given), promises=False, bound=bound)


def naive(given: Setting) -> Rule:
    bound = looked.no_bound(given.limit)
    name = "error among all reviewed"
    return looked.Naive(name, replays=given.replays, rung=_rung(given), promises=False, bound=bound)


RULES: Mapping[str, Callable[[Setting], Rule]] = {
    "guarded": guarded,
    "fixed": fixed,
    "ltt": ltt,
    "ltt-sequence": ltt_sequence,
    "selective": selective,
    "selective-5000": selective_5000,
    "hoeffding": hoeffding,
    "clopper-pearson": clopper_pearson,
    "normal": normal,
    "naive": naive,
    "conformal": conformal,
}
"""By the name that a command line takes."""

VALID = ("ltt", "ltt-sequence", "selective", "selective-5000", "hoeffding")
"""Baselines that promise that the limit holds: the ones that share is worth comparing with."""


def _rung(given: Setting) -> int:
    """Return the lowest rung that is at least the floor."""
    return int(np.flatnonzero(given.tuning.floor <= audit.LADDER + 1e-9)[-1])
