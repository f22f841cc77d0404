"""Two walls and what lies between: a window, an empty one with what would open it, or «not known yet»."""

from dataclasses import replace

import numpy as np
import pytest

from slider.engine import certificate
from slider.models import Policy
from slider.queries import curve, shares, steer, traffic, window

# 1,000 items a day that all may run, half of them audited, 36 s a look: 10 hours at 0 %, 5 at 100 %.
SEEN = traffic.Traffic(
    items=1000,
    ruled=0,
    by_bin=1000 * np.diff(certificate.CUTS, prepend=0.0),
    seconds_a_look=36,
    model_cost=None,
    look_cost=0,
)


def policy(allowed: float | None, *, more: int | None = 240, limit: float = 0.03) -> Policy:
    facts = {"more": more} if allowed is not None else {}
    return Policy(requested=0.8, allowed=allowed, error_limit=limit, certificate=facts, labels=900)


def found(
    allowed: float | None,
    staffed: float | None,
    *,
    seen: traffic.Traffic = SEEN,
    upper: float | None = 0.0412,
    more: int | None = 240,
) -> window.Window:
    points = [curve.Point(float(cut), 100, 0.01, upper, certified=False) for cut in certificate.CUTS]
    outlook = steer.Outlook(seen, seen.day(0.5), points, staffed)
    return window.window(policy(allowed, more=more), outlook=outlook)


def test_without_staffed_hours_there_is_no_left_wall() -> None:
    seen = found(0.6, None)
    assert (seen.state, seen.least, seen.most, seen.wall) == ("unset", None, 0.6, 0)
    assert "nobody has said how many hours" in seen.words


def test_between_the_walls_lies_the_window() -> None:
    seen = found(0.6, 8)
    assert (seen.state, seen.most) == ("open", 0.6)
    assert seen.least == pytest.approx(0.4)
    assert seen.words == (
        "The window: the 8 hours a day of reviewers are enough from 40 % up, and the evidence ends at 60 %."
    )
    assert seen.openers == ()


def test_hours_for_everything_are_no_wall() -> None:
    seen = found(0.6, 10)
    assert (seen.state, seen.wall) == ("open", 0)
    assert seen.words.startswith("The 10 hours a day of reviewers carry every share, so the window goes from 0 %")


def test_the_left_wall_is_rounded_to_the_safe_side() -> None:
    assert found(0.6, 7.9999).least == pytest.approx(0.401)
    assert found(0.6, 8).least == pytest.approx(0.4)


def cut(share: float) -> str:
    """The step of the grid that reaches this share, in words."""
    return shares.said(next(at for at in certificate.CUTS.tolist() if at >= share))


def test_an_empty_window_says_what_would_open_it() -> None:
    seen = found(0.6, 6.96)
    assert (seen.state, seen.most) == ("empty", 0.6)
    assert seen.least == pytest.approx(0.608)
    assert "Between the two no share keeps both promises." in seen.words
    anew = "(evidence for another limit is gathered anew)"
    assert seen.openers == (
        f"about 250 more verdicts, which would allow {cut(0.608)}",
        "7 hours of reviewers a day instead of 6.96 hours: so much 60 % takes",
        f"a limit of 4.2 % wrong instead of 3 %: the bound at {cut(0.608)} today {anew}",
    )


def test_where_one_step_is_not_enough_it_says_how_far_evidence_must_go() -> None:
    assert found(0.6, 6).openers[0] == (
        f"more reviewed items, until they allow 80 %; the next step, {cut(0.608)}, takes about 250 more verdicts"
    )
    assert found(0.6, 6, more=None).openers[0] == "more reviewed items, until they allow 80 %"


@pytest.mark.parametrize("upper", [None, 0.02, 0.6])
def test_a_limit_is_offered_only_where_a_bound_says_which(upper: float | None) -> None:
    assert not any("a limit of" in opener for opener in found(0.6, 6.8, upper=upper).openers)


def test_where_no_share_fits_the_hours_that_would_are_said() -> None:
    seen = found(0.6, 4.9)
    assert (seen.state, seen.least, seen.wall) == ("none", None, 1)
    assert "would still take 5 hours a day" in seen.words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"items": 0, "by_bin": 0 * SEEN.by_bin}, "nothing was routed in the last 24 hours"),
        ({"seconds_a_look": None}, "too few looks by people have been timed"),
    ],
)
def test_what_is_missing_for_the_left_wall_is_said(changed: dict[str, object], words: str) -> None:
    seen = found(0.6, 8, seen=replace(SEEN, **changed))  # type: ignore[arg-type]  # fields by name
    assert (seen.state, seen.least, seen.wall) == ("unknown", None, 0)
    assert words in seen.words


def test_without_evidence_the_right_wall_is_not_known() -> None:
    seen = found(None, 8)
    assert (seen.state, seen.most) == ("unknown", None)
    assert seen.words.endswith("from 40 % up. How far up the evidence goes is not known yet.")


def test_evidence_that_allows_nothing_is_a_wall_at_nothing() -> None:
    assert found(0.0, 8).state == "empty"
    assert found(0.0, 8).openers[1].startswith("10 hours of reviewers a day instead of 8 hours: so much 0 % takes")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.0001, "1 minute"),
        (0.5, "30 minutes"),
        (0.99, "60 minutes"),
        (1, "1 hour"),
        (9.24, "9.2 hours"),
        (12, "12 hours"),
        (1234.56, "1,235 hours"),
    ],
)
def test_hours_are_said_as_people_say_them(hours: float, words: str) -> None:
    assert window.said_hours(hours) == words


@pytest.mark.parametrize(
    ("hours", "words"), [(0.25, "15 minutes"), (1, "1 hour"), (7.25, "7.25 hours"), (40, "40 hours")]
)
def test_staffed_hours_are_said_as_they_were_set(hours: float, words: str) -> None:
    assert window.said_given(hours) == words


def test_too_few_hours_are_a_warning() -> None:
    assert window.over(9.2, 8) == "People would need 9.2 hours a day; 8 hours are staffed, so the backlog would grow."
    assert window.over(9.2, 1, now=True) == "People need 9.2 hours a day; 1 hour is staffed, so the backlog grows."
    assert [window.over(*pair) for pair in ((8, 8), (7.9, 8), (None, 8), (9, None))] == [""] * 4
