"""The pages on statistics and on the guard name the engine's own numbers, and would be found out if one changed."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slider.engine import bounds, brake, certificate, lanes, once, reference, watch
from slider.engine.arrays import Floats
from slider.engine.orders import Tuning

DOCS = Path(__file__).parents[1] / "docs"
COUNTED = {0: "no", 1: "one", 2: "two", 3: "three", 4: "four", 8: "eight", 16: "sixteen"}
PAGES = ("statistics", "guard")
Claims = Iterator[tuple[str, str]]


def text(page: str) -> str:
    """Return a page as one line."""
    return re.sub(r"\s+", " ", (DOCS / f"{page}.md").read_text())


def counted(number: float) -> str:
    """Write a whole number as the pages do; one that is none stays visible as such."""
    whole = int(number)
    return COUNTED.get(whole, str(whole)) if whole == number else str(number)


def written(number: float) -> str:
    """«2,000», «.95»: thousands apart, no nought before the point."""
    return f"{number:,.0f}" if number == int(number) else f"{number:g}".removeprefix("0")


def listed(numbers: Floats) -> str:
    return ", ".join(written(float(one)) for one in numbers)


def of_tuning(tuning: Tuning) -> Claims:
    """What the pages say of the budgets."""
    back = tuning.look_back + tuning.look_back_easy
    boost = f"{counted(tuning.boost)} times"
    until = f"until {tuning.boost_audits} of them were made"
    looks = f"{tuning.look_back} shipped results of the whole lane looked at again and {tuning.look_back_easy} of its"
    yield "statistics", f"every second one at first and one in {counted(1 / tuning.floor)} later"
    yield "statistics", f"has asked for {boost} as many audits and for {back} shipped results"
    yield "statistics", f"{boost} the audits {until}, {looks} easiest third"
    yield "statistics", f"its evidence has risen to {written(tuning.risen)} times its lowest"
    yield "statistics", f"All unattended items are then audited until {tuning.relief_audits} of them were"
    yield "statistics", f"it is {written(tuning.ramp)} / limit, at most {written(tuning.ramp_most)}, over the items"
    wary = f"({written(tuning.brake_wary)} while suspicion stands)"
    yield "statistics", f"is below {written(tuning.brake)} of the limit {wary}"
    yield "statistics", f"nothing to bet on: it then comes every {written(tuning.alarm)} labels"
    yield "guard", f"goes off by mistake once in {written(tuning.alarm)} audits at most"
    yield "guard", f"{boost} the audits until {tuning.boost_audits} were made, and up to {back} shipped results"


def of_cuts(cuts: Floats) -> Claims:
    yield "statistics", f"one of the {len(cuts)} of `certificate.CUTS`"
    yield "guard", f"The evidence is kept for {len(cuts)} cuts"


def of_levels(levels: Floats) -> Claims:
    at = np.flatnonzero(levels > 0)
    stakes = " and ".join(f"{written(levels[one])} at the {certificate.CUTS[one] * 100:g} % cut" for one in at)
    yield "statistics", f"delta is staked at {counted(len(at))} cuts, {stakes}."
    yield "statistics", f"the {certificate.CUTS[at[0]] * 100:g} % cut, at {written(levels[at[0]])}, takes"


def of_accounts(accounts: Floats) -> Claims:
    parts = f"{listed(accounts[:-1])} and {written(accounts[-1])} of it"
    yield "statistics", f"the starting wealth is kept in {counted(len(accounts))} accounts, {parts}"
    first, second = accounts[0], accounts[1]
    price = f"ln(1 / {written(first)}) = {written(round(-np.log(first), 2))} for the first account"
    yield (
        "statistics",
        f"{price}, and ln(1 / {written(second)}) = {-np.log(second):.1f} for what a fresh start has to win",
    )
    starts = {1: "once", 2: "twice", 3: "three times"}.get(len(accounts) - 1, f"{len(accounts) - 1} times")
    yield "statistics", f"until the watch makes a fresh start, {starts} an epoch at most"


def of_others() -> Claims:
    """Constants beside the tuning."""
    yield "statistics", f"theta = {listed(bounds.THETA)} and omega = {listed(bounds.OMEGA)} (`bounds.THETA`)"
    yield "statistics", f"while it lies e^{written(watch._DEEP)} deep"
    yield "statistics", f"(half-life {written(brake.HALF_LIFE)} items, {written(brake.PRIOR)} labels of what is usual"
    yield "statistics", f"is an estimate from {reference.LEAST_LABELS} labels or more"
    yield "statistics", "A history uses half of delta (`once.SHARE`)" if once.SHARE == 0.5 else f"uses {once.SHARE}"
    most = lanes.MOST_DEBT
    yield (
        "statistics",
        f"Beyond a debt of {most:g} items everybody or nobody goes, so the debt stays in a range of {2 * most + 1:g}.",
    )
    yield "statistics", f"<= {2 * most + 1:g} / n, and {most + 1:g} / n from the first item on"
    yield "statistics", f"among the {lanes.WINDOW} before it"


BUDGETS = {
    "alarm": ("alarm",),
    "nudge": ("nudge",),
    "shift": ("shift",),
    "suspicion": ("suspicion",),
    "drift": ("drift",),
    "region": ("region",),
    "relief": ("relief", "relief_closed"),
    "surprise": ("surprise", "look_back_region"),
}
"""Rows of the table of budgets, and what stands in them."""


def table() -> dict[str, list[int]]:
    """Return the numbers of the table of budgets, row by row; those of a measurement in brackets are left out."""
    lines = (DOCS / "statistics.md").read_text().split("| budget (`orders.Tuning`) |")[1].split("\n\n")[0].splitlines()
    found = {}
    for line in lines[2:]:
        name, _, _, budget, then = (cell.strip() for cell in line.strip("|").split("|"))
        said = re.sub(r"\(measured[^)]*\)", "", budget) + then.removeprefix("share 0")
        found[name.split()[0]] = [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", said)]
    return found


def missing(claims: Claims) -> list[str]:
    return [words for page, words in claims if words not in text(page)]


def test_the_table_of_budgets_is_the_tuning() -> None:
    tuning = Tuning()
    assert table() == {row: [getattr(tuning, name) for name in names] for row, names in BUDGETS.items()}


def test_every_other_number_stands_where_it_is_named() -> None:
    assert missing(of_tuning(Tuning())) == []
    assert missing(of_cuts(certificate.CUTS)) == []
    assert missing(of_levels(certificate.LEVELS)) == []
    assert missing(of_accounts(certificate.ACCOUNTS)) == []
    assert missing(of_others()) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Tuning)])
def test_a_budget_that_changes_is_found_out(name: str) -> None:
    other: Any = replace(Tuning(), **{name: getattr(Tuning(), name) * 2})
    in_table = [name in names for names in BUDGETS.values()]
    assert any(in_table) or missing(of_tuning(other))


def test_a_grid_a_stake_or_an_account_that_changes_is_found_out() -> None:
    assert missing(of_cuts(certificate.CUTS[1:]))
    assert missing(of_levels(np.where(certificate.CUTS == 0.6, 0.5, certificate.LEVELS)))
    assert missing(of_levels(np.roll(certificate.LEVELS, 1)))
    assert missing(of_accounts(np.array([0.9, 0.08, 0.02])))
    assert missing(of_accounts(np.array([0.92, 0.08])))


@pytest.mark.parametrize("page", PAGES)
def test_nobody_names_another_number_of_cuts(page: str) -> None:
    assert set(re.findall(r"\b(\d+) cuts\b", text(page))) <= {str(len(certificate.CUTS))}
