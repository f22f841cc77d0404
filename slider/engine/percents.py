"""How a share is written: never rounded to a certainty that it isn't, nor across a limit that it is held against."""

import math
from collections.abc import Callable

MOST_DIGITS = 8
"""Of per cent. What differs later than that is taken for the same."""


def said(share: float, *, digits: int = 2, limit: float | None = None) -> str:
    """A share, 0-1, without needless noughts: «62 %», «99.5 %», «0.12 %»; 0.99999 is «99.999 %» and never «100 %»."""
    text = _written(share * 100, digits=digits, limit=limit)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def fixed(share: float, *, digits: int = 1, limit: float | None = None) -> str:
    """The same with its noughts, for figures that stand in a column: «61.0 %»."""
    return f"{_written(share * 100, digits=digits, limit=limit)} %"


def number(share: float, *, digits: int = 3) -> str:
    """A share, 0-1, as a bare number: «0.780»; 0.99996 is «0.99996» and never «1.000»."""
    return _written(share, digits=digits, whole=1.0)


def error(rate: float, *, limit: float | None = None) -> str:
    """An error rate, 0-1, with about two digits: «1.3 %»; beside a limit, on its side of it."""
    return _about(rate, round, limit)


def at_most(bound: float, *, limit: float | None = None) -> str:
    """An upper bound of an error rate, rounded up."""
    return _about(bound, _up, limit)


def at_least(bound: float, *, limit: float | None = None) -> str:
    """A lower bound of an error rate, rounded down."""
    return _about(bound, _down, limit)


def _about(rate: float, way: Callable[[float, int], float], limit: float | None) -> str:
    percent = rate * 100
    if 0 < percent < 0.01:
        return "0.00 %" if way is _down else "0.01 %"
    digits = 2 if 0 < percent < 0.1 else 1 if percent < 10 else 0
    return f"{_written(percent, digits=digits, limit=limit, way=way)} %"


def _written(
    value: float,
    *,
    digits: int,
    limit: float | None = None,
    whole: float = 100.0,
    way: Callable[[float, int], float] = round,
) -> str:
    """Write a number with so many digits, or as many more as keep it on its side of nought, the whole and the limit."""
    value = round(value, MOST_DIGITS)
    marks = [0.0, whole, *([] if limit is None else [round(limit * whole, MOST_DIGITS)])]
    rounded = way(value, digits)
    while digits < MOST_DIGITS and any(_side(rounded, mark) != _side(value, mark) for mark in marks):
        digits += 1
        rounded = way(value, digits)
    return f"{rounded:.{digits}f}"


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def _up(value: float, digits: int) -> float:
    return math.ceil(round(value * 10.0**digits, MOST_DIGITS)) / 10.0**digits


def _down(value: float, digits: int) -> float:
    return math.floor(round(value * 10.0**digits, MOST_DIGITS)) / 10.0**digits
