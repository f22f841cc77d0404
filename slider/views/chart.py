"""The geometry of the slider's picture: shares to the right, errors upwards, in SVG user units."""

import math
from dataclasses import dataclass

from slider.queries.curve import Point

NINES_MOST = 3.0  # the scale of nines ends its even steps at 99.9 %
NINES_PART = 0.9  # and reaches 100 %, which is infinitely many nines, in its last tenth
_LINEAR = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_NINES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
_TOPS = (0.004, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1.0)  # each makes four plain steps


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing's size and the edges of its plot. What says where evidence ends stands above the plot."""

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    shares: tuple[float, ...]  # where the linear scale has its words
    nines: tuple[float, ...]  # where the scale of nines has them


WIDE = Frame("wide", 760, 196, 56, 732, 22, 170, _LINEAR, _NINES)
NARROW = Frame("narrow", 360, 226, 50, 342, 26, 196, (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.8, 0.95, 0.99, 1.0))


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    words: str
    anchor: str = "middle"  # the words at the plot's corners keep inside it


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template draws. Paths are SVG path texts; `wall` is where evidence ends.

    `staffed` is where the staffed hours begin to be enough; at the left edge where no such wall is drawn.
    """

    frame: Frame
    nines: bool
    top_error: float
    shares: list[Tick]
    errors: list[Tick]
    line: str
    band: str
    promise: float
    wall: float
    staffed: float
    now: float
    dot: float | None
    known: bool

    @property
    def wall_width(self) -> float:
        return round(self.frame.right - self.wall, 2)

    @property
    def staffed_width(self) -> float:
        return round(self.staffed - self.frame.left, 2)

    @property
    def staffed_inside(self) -> bool:
        """Whether the words of the left wall have room left of it."""
        return self.staffed_width > (self.frame.right - self.frame.left) * 0.32

    @property
    def wall_anchor(self) -> str:
        """Which way the words at the wall run, so that they stay above the plot."""
        return "end" if self.wall > (self.frame.left + self.frame.right) / 2 else "start"

    @property
    def promise_at_right(self) -> bool:
        """Whether the limit is named at the right: the line of what is in effect would cross it at the left."""
        return self.now < (self.frame.left + self.frame.right) / 2

    @property
    def span(self) -> int:
        return self.frame.bottom - self.frame.top


def draw(
    points: list[Point],
    *,
    limit: float,
    cap: float,
    now: float,
    nines: bool,
    least: float = 0.0,
    frame: Frame = WIDE,
) -> Chart:
    """Lay out one picture.

    `limit` is the promised error, `cap` the share certified, `now` the share in effect, `least` the left wall.
    """
    drawn = [(p.share, p.error, p.upper, p.lower) for p in points if p.error is not None and p.upper is not None]
    highest = max([2.2 * limit, *(1.25 * error for _, error, _, _ in drawn)])
    top_error = next((top for top in _TOPS if top >= highest), 1.0)
    at_now = next((error for share, error, _, _ in drawn if share >= now - 1e-9), None)

    def x(share: float) -> float:
        return across(share, nines=nines, frame=frame)

    def y(error: float) -> float:
        return round(frame.bottom - min(error, top_error) / top_error * (frame.bottom - frame.top), 2)

    # Where no lower bound is known the band begins at the estimate.
    below = [(x(share), y(error if lower is None else lower)) for share, error, _, lower in drawn]
    above = [(x(share), y(upper)) for share, _, upper, _ in drawn]
    return Chart(
        frame=frame,
        nines=nines,
        top_error=top_error,
        shares=_shares(frame, nines=nines),
        errors=[Tick(y(top_error * n / 4), f"{top_error * n * 25:g} %") for n in range(5)],
        line=_path([(x(share), y(error)) for share, error, _, _ in drawn]),
        band=f"{_path(below + above[::-1])}Z" if drawn else "",
        promise=y(limit),
        wall=x(cap),
        staffed=x(least),
        now=x(now),
        dot=None if at_now is None or now == 0 else y(at_now),
        known=bool(drawn),
    )


def across(share: float, *, nines: bool, frame: Frame = WIDE) -> float:
    """Where a share stands between the left and the right edge. `steer.js` has the same formula."""
    part = _nines(share) if nines else share
    return round(frame.left + part * (frame.right - frame.left), 2)


def _nines(share: float) -> float:
    """Each nine of the people's share is as wide as the last, up to 99.9 %; what is left goes evenly to 100 %."""
    people = 1 - share
    edge = 10**-NINES_MOST
    if people >= edge:
        return -math.log10(people) / NINES_MOST * NINES_PART
    return 1 - people / edge * (1 - NINES_PART)


def band_over_limit(points: list[Point], *, limit: float, cap: float) -> bool:
    """Whether a share below the end of the evidence has a bound above the limit: it is not certified itself."""
    return any(p.share <= cap and p.upper is not None and p.upper > limit for p in points)


def _shares(frame: Frame, *, nines: bool) -> list[Tick]:
    drawn = frame.nines if nines else frame.shares
    anchors = ["start", *["middle"] * (len(drawn) - 2), "end"]
    return [
        Tick(across(share, nines=nines, frame=frame), f"{share * 100:g} %", anchor)
        for share, anchor in zip(drawn, anchors, strict=True)
    ]


def _path(corners: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) if corners else ""
