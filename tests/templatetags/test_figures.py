"""Numbers are said with the digits they deserve, and what is not known is said so."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone

from slider.templatetags import figures


@pytest.mark.parametrize(
    ("rate", "words"),
    [(None, "not known yet"), (0.0, "0.0 %"), (0.0004, "0.04 %"), (1e-9, "0.01 %"), (0.0124, "1.2 %"), (0.25, "25 %")],
)
def test_an_error_rate_has_two_digits(rate: float | None, words: str) -> None:
    assert figures.error(rate) == words


def test_a_number_keeps_its_per_cent_on_its_line() -> None:
    assert figures.unbroken("60 % of 5 items") == "60\N{NO-BREAK SPACE}% of 5 items"


@pytest.mark.parametrize(("number", "words"), [(0, "0"), (9_999, "9,999"), (10_000, "10,000+")])
def test_a_count_that_stopped_says_so(number: int, words: str) -> None:
    assert figures.count(number) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [(None, "not known"), (Decimal(0), "0.00"), (Decimal("0.0021"), "0.0021"), (1234.5, "1,234.50")],
)
def test_money_keeps_what_tells_it_from_nothing(amount: Decimal | float | None, words: str) -> None:
    assert figures.money(amount) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (61, "1 minute ago"), (7_300, "2 hours ago"), (90_000, "1 day ago")]
)
def test_how_long_ago_is_one_unit(seconds: int, words: str) -> None:
    assert figures.ago(timezone.now() - timedelta(seconds=seconds)) == words


def test_what_never_was_is_never() -> None:
    assert figures.ago(None) == "never"


@pytest.mark.parametrize(("share", "length"), [(None, "0.00"), (0.5, "200.00"), (1.7, "400.00"), (-1, "0.00")])
def test_a_length_stays_inside_its_picture(share: float | None, length: str) -> None:
    assert figures.x(share, 400) == length


@pytest.mark.parametrize(("number", "words"), [(None, "not known yet"), (0.0, "0"), (4.56, "4.6"), (1234.5, "1,234")])
def test_how_many_a_day(number: float | None, words: str) -> None:
    assert figures.a_day(number) == words


@pytest.mark.parametrize(("number", "words"), [(None, "not known yet"), (0.5, "30 min"), (6.625, "6.6")])
def test_hours(number: float | None, words: str) -> None:
    assert figures.hours(number) == words


@pytest.mark.parametrize(("number", "words"), [(12.5, "12.5"), (80.0, "80"), ("61,5", "61,5"), (None, "")])
def test_a_forms_number_is_plain_and_what_was_typed_stays(number: float | str | None, words: str) -> None:
    assert figures.plain(number) == words


def test_beside_its_limit_a_figure_stays_on_its_side() -> None:
    assert figures.error(0.0304, 0.03) == "3.04 %"
    assert (figures.at_most(0.02991, 0.03), figures.at_most(0.0301, 0.03)) == ("2.991 %", "3.1 %")
    assert (figures.at_least(0.0304), figures.at_least(0.0304, 0.03)) == ("3.0 %", "3.04 %")
    assert (figures.at_most(None), figures.at_least(None)) == ("not known yet", "not known yet")


@pytest.mark.parametrize(("certified", "words"), [(1.96, "1.9"), (2.0, "2.0"), (0.04, "0.0")])
def test_nines_that_are_certified_are_rounded_down(certified: float, words: str) -> None:
    assert figures.nines(certified) == words


def test_what_is_not_all_is_not_said_to_be_all() -> None:
    assert (figures.percent(0.99996), figures.error(0.9996)) == ("99.996 %", "99.96 %")
    assert (figures.percent_1(0.9996), figures.percent_0(0.9996), figures.percent_0(0.88)) == (
        "99.96 %",
        "99.96 %",
        "88 %",
    )


def test_a_list_of_changes_keeps_its_apostrophes() -> None:
    shown = Template("{% load figures %}{{ words|join:', '|unbroken }}").render(
        Context({"words": ["a person's", "5 %"]})
    )
    assert shown == "a person&#x27;s, 5\N{NO-BREAK SPACE}%"


def test_the_facts_of_a_notice_are_read_as_numbers_of_people() -> None:
    found = {"share": 0.6, "allowed": None, "by": "Shift", "wrong": 114, "expected": 76.60546398090648, "odd": 1 / 3}
    assert figures.facts(found) == [
        "in effect 60 %",
        "evidence allows not known yet",
        "found by: Shift",
        "odd: 0.333",
    ]
