"""The measured error weighs each audit by the chance it was drawn with."""

import pytest

from slider.queries import errors


def test_few_audits_are_no_number() -> None:
    found = errors.measured([(0.5, 1, 19)], delta=0.05)
    assert (found.audited, found.wrong, found.known, found.upper) == (19, 1, False, None)


def test_no_audits_are_no_number() -> None:
    assert not errors.measured([], delta=0.05).known


def test_equal_chances_weigh_equally() -> None:
    found = errors.measured([(0.5, 3, 100)], delta=0.05)
    assert found.estimate == pytest.approx(0.03)
    assert found.upper is not None
    assert 0.03 < found.upper < 0.2


def test_a_rarer_draw_stands_for_more_items() -> None:
    # 100 of 100 looked at, 10 wrong; 100 of 400 looked at, none wrong: 10 of 500 were wrong.
    found = errors.measured([(1.0, 10, 100), (0.25, 0, 100)], delta=0.05)
    assert found.estimate == pytest.approx(10 / 500)


def test_the_bound_is_above_the_estimate_and_falls_with_more_audits() -> None:
    few, many = (errors.measured([(0.5, n // 50, n)], delta=0.05) for n in (100, 2000))
    assert few.upper is not None
    assert many.upper is not None
    assert few.upper > many.upper > 0.02
