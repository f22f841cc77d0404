"""The geometry of the slider's picture: shares to the right, errors upwards, in SVG user units."""

import math
from dataclasses import dataclass

from slider.queries.curve import Point

WIDTH, HEIGHT = 760, 290
LEFT, RIGHT, TOP, BOTTOM = 56, 732, 14, 252
NINES_MOST = 3.0  # the right edge of the nines scale is 99.9 %
_LINEAR = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_NINES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_TOPS = (0.004, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1.0)  # each makes four plain steps


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template draws. Paths are SVG path texts; `wall` is where evidence ends."""

    nines: bool
    top_error: float
    shares: list[Tick]
    errors: list[Tick]
    line: str
    band: str
    promise: float
    wall: float
    now: float
    dot: float | None
    known: bool

    # What the template and slider.js place things by.
    width, height, left, right, top, bottom = WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM

    @property
    def wall_width(self) -> float:
        return round(RIGHT - self.wall, 2)

    @property
    def span(self) -> int:
        return BOTTOM - TOP


def draw(points: list[Point], *, limit: float, cap: float, now: float, nines: bool) -> Chart:
    """Lay out one picture. `limit` is the promised error, `cap` the share certified, `now` the share in effect."""
    drawn = [(p.share, p.error, p.upper) for p in points if p.error is not None and p.upper is not None]
    highest = max([2.2 * limit, *(1.25 * error for _, error, _ in drawn)])
    top_error = next((top for top in _TOPS if top >= highest), 1.0)
    at_now = next((error for share, error, _ in drawn if share >= now - 1e-9), None)
    return Chart(
        nines=nines,
        top_error=top_error,
        shares=[Tick(across(share, nines=nines), f"{share * 100:g} %") for share in (_NINES if nines else _LINEAR)],
        errors=[Tick(_up(top_error * n / 4, top_error), f"{top_error * n * 25:g} %") for n in range(5)],
        line=_path([(across(share, nines=nines), _up(error, top_error)) for share, error, _ in drawn]),
        band=_band(drawn, top_error, nines=nines),
        promise=_up(limit, top_error),
        wall=across(cap, nines=nines),
        now=across(now, nines=nines),
        dot=None if at_now is None or now == 0 else _up(at_now, top_error),
        known=bool(drawn),
    )


def across(share: float, *, nines: bool) -> float:
    """Where a share stands between the left and the right edge."""
    part = min(-math.log10(max(1 - share, 1e-9)), NINES_MOST) / NINES_MOST if nines else share
    return round(LEFT + part * (RIGHT - LEFT), 2)


def _up(error: float, top_error: float) -> float:
    return round(BOTTOM - min(error, top_error) / top_error * (BOTTOM - TOP), 2)


def _path(corners: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) if corners else ""


def _band(drawn: list[tuple[float, float, float]], top_error: float, *, nines: bool) -> str:
    below = [(across(share, nines=nines), _up(error, top_error)) for share, error, _ in drawn]
    above = [(across(share, nines=nines), _up(upper, top_error)) for share, _, upper in drawn]
    return f"{_path(below + above[::-1])}Z" if drawn else ""
