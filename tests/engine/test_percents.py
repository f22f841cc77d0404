"""No figure says 0, 100 or the limit of what is beside it."""

import re
from pathlib import Path

import numpy as np
import pytest

from slider.engine import percents


@pytest.mark.parametrize(
    ("share", "words"),
    [
        *((0.0, "0 %"), (0.62, "62 %"), (0.995, "99.5 %"), (0.0012, "0.12 %"), (1.0, "100 %")),
        *((0.99996, "99.996 %"), (0.999999, "99.9999 %"), (0.00002, "0.002 %"), (1 / 3, "33.33 %")),
        *((0.1 + 0.2, "30 %"), (1 - 0.05, "95 %"), (10 * 0.1 - 1e-16, "100 %")),
    ],
)
def test_a_share_has_the_digits_that_it_takes(share: float, words: str) -> None:
    assert percents.said(share) == words


@pytest.mark.parametrize(
    ("share", "digits", "words"),
    [(0.995, 0, "99.5 %"), (0.994, 0, "99 %"), (0.004, 0, "0.4 %"), (0.9996, 1, "99.96 %"), (0.3, 1, "30 %")],
)
def test_fewer_digits_make_nothing_certain(share: float, digits: int, words: str) -> None:
    assert percents.said(share, digits=digits) == words


def test_figures_of_a_column_keep_their_noughts() -> None:
    assert [percents.fixed(share) for share in (0.0, 0.61, 0.9996, 1.0)] == ["0.0 %", "61.0 %", "99.96 %", "100.0 %"]
    assert percents.fixed(0.05004, digits=2, limit=0.05) == "5.004 %"
    assert [percents.number(share) for share in (0.0, 0.78, 0.99996, 1.0)] == ["0.000", "0.780", "0.99996", "1.000"]


@pytest.mark.parametrize(
    ("rate", "limit", "words"),
    [
        *((0.0304, None, "3.0 %"), (0.0304, 0.03, "3.04 %"), (0.0296, 0.03, "2.96 %"), (0.03, 0.03, "3.0 %")),
        *((0.0246, 0.0225, "2.5 %"), (0.0224, 0.0225, "2.2 %"), (0.9996, None, "99.96 %"), (1e-9, 0.03, "0.01 %")),
    ],
)
def test_an_error_stays_on_its_side_of_the_limit(rate: float, limit: float | None, words: str) -> None:
    assert percents.error(rate, limit=limit) == words


@pytest.mark.parametrize(
    ("bound", "limit", "most", "least"),
    [
        *((0.03049, 0.03, "3.1 %", "3.04 %"), (0.0223, 0.0225, "2.23 %", "2.2 %"), (0.03, 0.03, "3.0 %", "3.0 %")),
        *((0.0296, 0.03, "2.96 %", "2.9 %"), (0.104, None, "11 %", "10 %"), (0.0, None, "0.0 %", "0.0 %")),
        (1e-9, 0.03, "0.01 %", "0.00 %"),
    ],
)
def test_a_bound_is_rounded_away_from_what_it_bounds(bound: float, limit: float | None, most: str, least: str) -> None:
    assert percents.at_most(bound, limit=limit) == most
    assert percents.at_least(bound, limit=limit) == least


def test_whatever_the_figure_no_boundary_is_crossed() -> None:
    rng = np.random.default_rng(5)
    near = 0.05 + rng.normal(0.0, 1e-4, 500)
    for share in [*rng.random(500), *near, *(1 - near * 1e-3), *(near * 1e-3)]:
        value, limit = float(share), 0.05
        for text in (percents.error(value, limit=limit), percents.fixed(value, limit=limit)):
            written = float(text.removesuffix(" %")) / 100
            assert 0 < written < 1, (value, text)
            # Nearer to the limit than a hundred-millionth of a per cent is at it.
            assert (written > limit) == (value > limit) or abs(value - limit) < 1e-9, (value, text)
        assert float(percents.at_most(value, limit=limit).removesuffix(" %")) / 100 >= value - 1e-9
        assert float(percents.at_least(value, limit=limit).removesuffix(" %")) / 100 <= value + 1e-9


def test_nobody_writes_a_share_past_it() -> None:
    root = Path(__file__).parents[2]
    past_it = re.compile(r"\{[^{}\n]*:[^{}\n]*\.\d+%\}")
    assert past_it.search('f"{share:>8.0%}"')
    files = [file for floor in ("slider", "tasks") for file in (root / floor).rglob("*.py")]
    assert [str(file.relative_to(root)) for file in files if past_it.search(file.read_text())] == []
