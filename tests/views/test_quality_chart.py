"""The pictures' geometry: nothing outside the frame, gaps where nothing is known, and marks that can be told apart."""

import re
from datetime import UTC, datetime

import pytest

from slider.queries.quality_acts import Act
from slider.queries.quality_stretches import Bound, Course, Span, Stretch
from slider.queries.quality_trust import Bin, Trust
from slider.views import quality_chart
from slider.views.quality_chart import NARROW, SQUARE, WIDE, Frame

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EACH = pytest.mark.parametrize("frame", [WIDE, NARROW], ids=["wide", "narrow"])


def stretch(first: int, error: float | None, *, lower: float = 0.0, upper: float = 1.0) -> Stretch:
    known = error is not None
    return Stretch(
        first, first + 99, NOW, 30 if known else 3, 1, 0, error, lower if known else None, upper if known else None
    )


def course(*stretches: Stretch, bounds: tuple[Bound, ...] = (), last: int = 999) -> Course:
    return Course(Span.ALL, 0, last, list(stretches), list(bounds), None)


def act(number: int, at: int, kind: str = "share") -> Act:
    return Act(number, kind, at, NOW, "the guard", ["in effect"], "because")


@EACH
def test_nothing_stands_outside_the_frame(frame: Frame) -> None:
    told = course(
        stretch(0, 0.0, upper=0.9), stretch(100, 0.5, lower=0.4), stretch(900, 0.01), bounds=(Bound(999, 1, 50, 0.99),)
    )
    drawn = quality_chart.over_time(told, [act(1, 0, "held"), act(2, 999)], limit=0.03, frame=frame)
    numbers = [n for path in (*drawn.line, *drawn.bounds) for n in re.findall(r"[\d.]+ [\d.]+", path)]
    for x, y in (pair.split() for pair in numbers):
        assert frame.left <= float(x) <= frame.right
        assert frame.top <= float(y) <= frame.bottom
    for box in drawn.boxes:
        assert frame.left <= box.x <= box.x + box.width <= frame.right + 0.01
        assert frame.top <= box.y <= box.y + box.height <= frame.bottom + 0.01
        assert box.height >= 0
    assert all(frame.left <= mark.x <= frame.right for mark in drawn.marks)
    assert frame.top <= drawn.promise <= frame.bottom


def test_an_interval_that_reaches_beyond_the_picture_says_so() -> None:
    drawn = quality_chart.over_time(course(stretch(0, 0.01, upper=0.9)), [], limit=0.03)
    assert [box.cut for box in drawn.boxes] == [True]


def test_a_stretch_that_is_clearly_over_the_limit_is_marked() -> None:
    drawn = quality_chart.over_time(course(stretch(0, 0.1, lower=0.02), stretch(100, 0.1, lower=0.05)), [], limit=0.03)
    assert [box.over for box in drawn.boxes] == [False, True]


def test_the_line_has_a_gap_where_nothing_is_known() -> None:
    told = course(stretch(0, 0.01), stretch(100, 0.01), stretch(200, None), stretch(500, 0.01), stretch(600, 0.01))
    assert len(quality_chart.over_time(told, [], limit=0.03).line) == 2


def test_each_epoch_has_a_bound_of_its_own() -> None:
    bounds = (Bound(99, 1, 20, 0.1), Bound(199, 1, 40, 0.08), Bound(299, 2, 20, 0.1), Bound(399, 2, 40, 0.08))
    assert len(quality_chart.over_time(course(stretch(0, 0.01), bounds=bounds), [], limit=0.03).bounds) == 2


def test_an_epoch_of_one_bound_is_drawn_and_stays_inside_the_picture() -> None:
    for at in (0, 500):
        (path,) = quality_chart.over_time(course(bounds=(Bound(at, 1, 20, 0.1),)), [], limit=0.03).bounds
        (x, y), (end, level) = [tuple(map(float, corner)) for corner in re.findall(r"([\d.]+) ([\d.]+)", path)]
        assert quality_chart.WIDE.left <= x <= end
        assert y == level


@EACH
def test_acts_too_near_to_be_told_apart_share_a_mark(frame: Frame) -> None:
    acts = [act(1, 10), act(2, 12, "held"), act(3, 13), act(4, 800)]
    marks = quality_chart.over_time(course(stretch(0, 0.01)), acts, limit=0.03, frame=frame).marks
    assert [(mark.words, mark.grave) for mark in marks] == [("1–3", True), ("4", False)]


def test_a_course_of_one_item_divides_by_nothing() -> None:
    drawn = quality_chart.over_time(course(stretch(0, None), last=0), [act(1, 0)], limit=0.03)
    assert drawn.boxes == []
    assert drawn.marks[0].x == WIDE.left


def test_what_keeps_its_word_stands_on_the_diagonal() -> None:
    bins = [Bin(0.8, 0.9, 50, 0.85, 0.85, 0.8, 0.9), Bin(0.9, 0.95, 3, None, None, None, None)]
    plot = quality_chart.calibration(Trust(53, bins, 0.0, 0.01))
    (one,) = plot.whiskers
    assert (one.x - SQUARE.left) / (SQUARE.right - SQUARE.left) == pytest.approx((SQUARE.bottom - one.y) / SQUARE.span)
    assert one.low > one.y > one.high
    assert plot.found[0].words == "80 %"


def test_without_a_known_bin_the_plot_is_bare() -> None:
    plot = quality_chart.calibration(Trust(0, [Bin(0.0, 0.5, 0, None, None, None, None)], None, None))
    assert plot.whiskers == []
