"""The geometry of the quality page's two pictures, in SVG user units: error over time, and chances that were said."""

from collections.abc import Sequence
from dataclasses import dataclass

from slider.queries.quality_acts import Act
from slider.queries.quality_stretches import Bound, Course, Stretch
from slider.queries.quality_trust import Trust
from slider.views.chart import Tick

_TOPS = (0.004, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1.0)  # each makes four plain steps
_SHORT = 18  # a line that has one point
_WORDS, _LINE = 130, 24  # the room that the limit's name takes
_LOWS = (0.98, 0.96, 0.9, 0.8, 0.6, 0.5, 0.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing's size, the edges of its plot, and how near two numbers above it may stand."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    apart: int = 26

    @property
    def span(self) -> int:
        return self.bottom - self.top


WIDE = Frame(1120, 270, 52, 1104, 34, 236)
NARROW = Frame(360, 250, 46, 350, 34, 216)
SQUARE = Frame(360, 300, 52, 346, 12, 258)


@dataclass(frozen=True, slots=True)
class Box:
    """An interval: its corner and size, and the dot of the estimate. `cut`: it reaches beyond the picture."""

    x: float
    y: float
    width: float
    height: float
    dot_x: float
    dot_y: float
    over: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """One act, or several that stand too near to be told apart."""

    x: float
    words: str
    grave: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    frame: Frame
    errors: list[Tick]
    items: list[Tick]
    boxes: list[Box]
    line: list[str]
    bounds: list[str]
    promise: float
    epochs: list[float]
    marks: list[Mark]
    promise_at_right: bool  # the limit is named where no bound runs through its words


@dataclass(frozen=True, slots=True)
class _Scale:
    """Items to the right and errors upwards, kept inside the frame."""

    frame: Frame
    first: int
    last: int
    top_error: float

    def x(self, item: float) -> float:
        part = (item - self.first) / max(self.last - self.first, 1)
        return round(self.frame.left + part * _wide(self.frame), 2)

    def y(self, error: float) -> float:
        return round(self.frame.bottom - min(error, self.top_error) / self.top_error * self.frame.span, 2)


def over_time(course: Course, acts: Sequence[Act], *, limit: float, frame: Frame = WIDE) -> Drawing:
    """Lay out the error of each stretch, the bound of each epoch, the limit and the acts."""
    highest = max([2.2 * limit, *(1.3 * (stretch.error or 0) for stretch in course.stretches)])
    top_error = next((top for top in _TOPS if top >= highest), 1.0)
    scale = _Scale(frame, course.first, course.last, top_error)
    boxes = [box for stretch in course.stretches if (box := _box(stretch, scale, limit)) is not None]
    return Drawing(
        frame=frame,
        errors=[Tick(scale.y(top_error * n / 4), f"{top_error * n * 25:g} %") for n in range(5)],
        items=_items(course, frame),
        boxes=boxes,
        line=_runs(boxes),
        bounds=_bounds(course.bounds, scale),
        promise=scale.y(limit),
        epochs=[scale.x(act.at) for act in acts if act.kind == "epoch"],
        marks=_marks([(scale.x(act.at), act) for act in acts], frame),
        promise_at_right=not any(
            scale.x(bound.at) > frame.right - _WORDS and 0 <= scale.y(limit) - scale.y(bound.upper) < _LINE
            for bound in course.bounds
        ),
    )


def _box(stretch: Stretch, scale: _Scale, limit: float) -> Box | None:
    if stretch.error is None or stretch.lower is None or stretch.upper is None:
        return None
    left, right = scale.x(stretch.first), scale.x(stretch.last)
    low, high = scale.y(stretch.lower), scale.y(stretch.upper)
    return Box(
        x=left,
        y=high,
        width=round(right - left, 2),
        height=round(low - high, 2),
        dot_x=round((left + right) / 2, 2),
        dot_y=scale.y(stretch.error),
        over=stretch.lower > limit,
        cut=stretch.upper > scale.top_error,
    )


def _wide(frame: Frame) -> int:
    return frame.right - frame.left


def _items(course: Course, frame: Frame) -> list[Tick]:
    """Numbers of items under the picture: its two ends and the middle."""
    ends = [course.first, (course.first + course.last) // 2, course.last]
    places = [frame.left, (frame.left + frame.right) / 2, frame.right]
    return [
        Tick(at, f"{item + 1:,}", anchor)
        for at, item, anchor in zip(places, ends, ("start", "middle", "end"), strict=True)
    ]


def _runs(boxes: Sequence[Box]) -> list[str]:
    """Lines through dots that stand side by side; a gap where a stretch is not known."""
    runs: list[list[Box]] = []
    for box in boxes:
        near = runs and box.x - (runs[-1][-1].x + runs[-1][-1].width) < 2 + box.width / 2
        (runs[-1].append(box)) if near else runs.append([box])
    return [_path([(box.dot_x, box.dot_y) for box in run]) for run in runs if len(run) > 1]


def _bounds(bounds: Sequence[Bound], scale: _Scale) -> list[str]:
    """One line an epoch; a single point is drawn as a short one."""
    lines: list[str] = []
    for epoch in sorted({bound.epoch for bound in bounds}):
        corners = [(scale.x(b.at), scale.y(b.upper)) for b in bounds if b.epoch == epoch]
        if len(corners) == 1:
            ((x, y),) = corners
            corners = [(max(x - _SHORT, scale.frame.left), y), (x, y)]
        lines.append(_path(corners))
    return lines


def _marks(placed: Sequence[tuple[float, Act]], frame: Frame) -> list[Mark]:
    groups: list[list[tuple[float, Act]]] = []
    for at, act in placed:
        (groups[-1].append((at, act))) if groups and at - groups[-1][0][0] < frame.apart else groups.append([(at, act)])
    return [
        Mark(
            x=round(sum(at for at, _ in group) / len(group), 2),
            words=f"{group[0][1].number}" if len(group) == 1 else f"{group[0][1].number}–{group[-1][1].number}",
            grave=any(act.is_grave for _, act in group),
        )
        for group in groups
    ]


@dataclass(frozen=True, slots=True)
class Whisker:
    """One bin of the calibration plot: the interval of what was found above what was said."""

    x: float
    y: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Plot:
    frame: Frame
    said: list[Tick]
    found: list[Tick]
    whiskers: list[Whisker]
    diagonal: str


def calibration(trust: Trust, frame: Frame = SQUARE) -> Plot:
    """Lay out what was said to the right and what was found upwards, from the lowest corner that is needed."""
    known = [one for one in trust.bins if one.said is not None and one.lower is not None]
    lowest = min([min(one.said or 0, one.lower or 0) for one in known], default=0.0)
    low = next(edge for edge in _LOWS if edge <= lowest)

    def part(value: float) -> float:
        return (min(1.0, max(low, value)) - low) / (1 - low)

    def x(value: float) -> float:
        return round(frame.left + part(value) * _wide(frame), 2)

    def y(value: float) -> float:
        return round(frame.bottom - part(value) * frame.span, 2)

    steps = [low + (1 - low) * n / 4 for n in range(5)]
    anchors = ("start", "middle", "middle", "middle", "end")
    return Plot(
        frame=frame,
        said=[Tick(x(step), f"{step * 100:g} %", anchor) for step, anchor in zip(steps, anchors, strict=True)],
        found=[Tick(y(step), f"{step * 100:g} %") for step in steps],
        whiskers=[
            Whisker(x(one.said or 0), y(one.found or 0), y(one.lower or 0), y(one.upper or 0), one.verdict)
            for one in known
        ],
        diagonal=_path([(x(low), y(low)), (x(1.0), y(1.0))]),
    )


def _path(corners: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) if corners else ""
