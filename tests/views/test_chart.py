"""The picture's geometry: shares to the right, errors upwards, nothing outside the frame."""

import itertools
import re

import pytest

from slider.queries.curve import Point
from slider.views import chart

POINTS = [
    Point(share=0.3, verdicts=100, error=0.0, upper=0.02, certified=True),
    Point(share=0.6, verdicts=200, error=0.01, upper=0.03, certified=True),
    Point(share=1.0, verdicts=300, error=0.05, upper=0.9, certified=False),
]


def draw(points: list[Point] = POINTS, *, nines: bool = False, now: float = 0.6) -> chart.Chart:
    return chart.draw(points, limit=0.03, cap=0.6, now=now, nines=nines)


@pytest.mark.parametrize("nines", [False, True])
def test_the_ends_stand_at_the_frame(nines: bool) -> None:
    assert chart.across(0, nines=nines) == chart.LEFT
    assert chart.across(1, nines=nines) == chart.RIGHT


def test_each_nine_is_as_wide_as_the_last() -> None:
    at = [chart.across(share, nines=True) for share in (0.0, 0.9, 0.99, 0.999)]
    assert [round(b - a, 1) for a, b in itertools.pairwise(at)] == [225.3, 225.3, 225.3]


@pytest.mark.parametrize("nines", [False, True])
def test_nothing_is_drawn_outside_the_frame(nines: bool) -> None:
    drawn = draw(nines=nines)
    for x, y in re.findall(r"([\d.]+) ([\d.]+)", drawn.line + drawn.band):
        assert chart.LEFT <= float(x) <= chart.RIGHT
        assert chart.TOP <= float(y) <= chart.BOTTOM


def test_a_bound_beyond_the_top_does_not_flatten_the_picture() -> None:
    assert draw().top_error == 0.08


def test_the_wall_stands_where_the_evidence_ends() -> None:
    drawn = draw()
    assert drawn.wall == chart.across(0.6, nines=False)
    assert drawn.wall + drawn.wall_width == chart.RIGHT


def test_without_a_known_error_there_is_no_line_and_no_dot() -> None:
    drawn = draw([Point(share=0.3, verdicts=3, error=None, upper=None, certified=False)])
    assert (drawn.line, drawn.band, drawn.dot, drawn.known) == ("", "", None, False)


def test_four_plain_steps_stand_at_the_left() -> None:
    assert [tick.words for tick in draw().errors] == ["0 %", "2 %", "4 %", "6 %", "8 %"]
