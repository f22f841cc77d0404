"""The picture's geometry: shares to the right, errors upwards, nothing outside the frame."""

import itertools
import re
from dataclasses import replace

import pytest

from slider.queries.curve import Point
from slider.views import chart

POINTS = [
    Point(share=0.3, verdicts=100, error=0.0, upper=0.02, certified=True),
    Point(share=0.6, verdicts=200, error=0.01, upper=0.03, certified=True),
    Point(share=1.0, verdicts=300, error=0.05, upper=0.9, certified=False),
]


def draw(
    points: list[Point] = POINTS,
    *,
    nines: bool = False,
    now: float = 0.6,
    cap: float = 0.6,
    least: float = 0.0,
    frame: chart.Frame = chart.WIDE,
) -> chart.Chart:
    return chart.draw(points, limit=0.03, cap=cap, now=now, nines=nines, least=least, frame=frame)


@pytest.mark.parametrize("nines", [False, True])
def test_the_ends_stand_at_the_frame(nines: bool) -> None:
    for frame in (chart.WIDE, chart.NARROW):
        assert chart.across(0, nines=nines, frame=frame) == frame.left
        assert chart.across(1, nines=nines, frame=frame) == frame.right


def test_each_nine_is_as_wide_as_the_last() -> None:
    at = [chart.across(share, nines=True) for share in (0.0, 0.9, 0.99, 0.999)]
    assert [round(b - a, 1) for a, b in itertools.pairwise(at)] == [202.8, 202.8, 202.8]


def test_what_lies_beyond_the_third_nine_has_the_last_tenth() -> None:
    width = chart.WIDE.right - chart.WIDE.left
    at = [(chart.across(share, nines=True) - chart.WIDE.left) / width for share in (0.999, 0.9995, 1.0)]
    assert at == pytest.approx([0.9, 0.95, 1.0], abs=1e-4)
    shares = [n / 5000 for n in range(5001)]
    assert all(a < b for a, b in itertools.pairwise(chart.across(share, nines=True) for share in shares))


def test_the_band_lies_between_the_bounds_and_begins_at_the_estimate_without_a_lower_one() -> None:
    known = [replace(point, lower=0.004) for point in POINTS[1:]]
    y = [float(at) for _, at in re.findall(r"([\d.]+) ([\d.]+)", draw(known).band)]
    estimate = [float(at) for _, at in re.findall(r"([\d.]+) ([\d.]+)", draw(known).line)]
    assert y[0] == y[1]
    assert y[0] > estimate[0]
    assert draw().band.startswith(draw().line)


@pytest.mark.parametrize("frame", [chart.WIDE, chart.NARROW])
@pytest.mark.parametrize(("least", "inside"), [(0.0, False), (0.1, False), (0.5, True), (1.0, True)])
def test_the_left_wall_has_its_words_where_there_is_room(frame: chart.Frame, least: float, inside: bool) -> None:
    drawn = draw(frame=frame, least=least)
    assert drawn.staffed == chart.across(least, nines=False, frame=frame)
    assert drawn.staffed_width == pytest.approx((frame.right - frame.left) * least, abs=0.01)
    assert drawn.staffed_inside == inside


@pytest.mark.parametrize("frame", [chart.WIDE, chart.NARROW])
@pytest.mark.parametrize("nines", [False, True])
def test_nothing_is_drawn_outside_the_frame(nines: bool, frame: chart.Frame) -> None:
    drawn = draw(nines=nines, frame=frame)
    for x, y in re.findall(r"([\d.]+) ([\d.]+)", drawn.line + drawn.band):
        assert frame.left <= float(x) <= frame.right
        assert frame.top <= float(y) <= frame.bottom


@pytest.mark.parametrize("frame", [chart.WIDE, chart.NARROW])
@pytest.mark.parametrize("nines", [False, True])
def test_the_words_below_the_plot_do_not_touch(nines: bool, frame: chart.Frame) -> None:
    def span(tick: chart.Tick) -> tuple[float, float]:
        width = 7.8 * len(tick.words)
        left = tick.at - {"start": 0, "middle": width / 2, "end": width}[tick.anchor]
        return left, left + width

    spans = [span(tick) for tick in draw(nines=nines, frame=frame).shares]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))
    assert spans[0][0] >= frame.left
    assert spans[-1][1] <= frame.right


@pytest.mark.parametrize(("cap", "anchor"), [(0.0, "start"), (0.3, "start"), (0.75, "end"), (1.0, "end")])
def test_the_words_at_the_wall_run_towards_the_middle(cap: float, anchor: str) -> None:
    assert draw(cap=cap).wall_anchor == anchor


def test_the_limit_is_named_away_from_the_line_of_what_is_in_effect() -> None:
    assert draw(now=0.1).promise_at_right
    assert not draw(now=0.6).promise_at_right


@pytest.mark.parametrize(("cap", "over"), [(0.3, False), (0.6, False), (1.0, True)])
def test_a_bound_over_the_limit_matters_only_where_evidence_allows(cap: float, over: bool) -> None:
    assert chart.band_over_limit(POINTS, limit=0.03, cap=cap) == over


def test_a_bound_beyond_the_top_does_not_flatten_the_picture() -> None:
    assert draw().top_error == 0.08


def test_the_wall_stands_where_the_evidence_ends() -> None:
    drawn = draw()
    assert drawn.wall == chart.across(0.6, nines=False)
    assert drawn.wall + drawn.wall_width == chart.WIDE.right


def test_without_a_known_error_there_is_no_line_and_no_dot() -> None:
    drawn = draw([Point(share=0.3, verdicts=3, error=None, upper=None, certified=False)])
    assert (drawn.line, drawn.band, drawn.dot, drawn.known) == ("", "", None, False)


def test_four_plain_steps_stand_at_the_left() -> None:
    assert [tick.words for tick in draw().errors] == ["0 %", "2 %", "4 %", "6 %", "8 %"]
