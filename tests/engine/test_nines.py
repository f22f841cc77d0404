"""Nines: the error said as a number of nines."""

import math

import pytest

from slider.engine import nines


@pytest.mark.parametrize(("error", "said"), [(1.0, 0.0), (0.1, 1.0), (0.01, 2.0), (0.003, 2.5229), (1e-5, 5.0)])
def test_it_counts_nines(error: float, said: float) -> None:
    assert nines.nines(error) == pytest.approx(said, abs=1e-4)


def test_no_error_is_infinitely_many() -> None:
    assert nines.nines(0.0) == math.inf


def test_it_never_says_minus_zero() -> None:
    assert math.copysign(1.0, nines.nines(1.0)) == 1.0


@pytest.mark.parametrize("error", [-0.1, 1.1, math.nan, math.inf])
def test_it_refuses_what_is_no_share(error: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        nines.nines(error)
