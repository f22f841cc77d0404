"""What a person asks of a backtest, checked before anything runs."""

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slider.engine.backtest import measures
from slider.engine.backtest.people import People
from slider.engine.backtest.pool import Pool
from slider.engine.backtest.replay import BLOCK
from slider.engine.orders import Tuning
from slider.management.backtest.plan import Plan


class Wrong(ValueError):
    """Options that don't fit together, or don't fit the file."""


def plan(given: Mapping[str, Any]) -> Plan:
    """Make the plan of a command line."""
    people = People(
        miss=given["miss"],
        false_alarm=given["false_alarm"],
        delay_right=given["delay_right"],
        delay_wrong=given["delay_wrong"],
        longest=given["delay_most"],
    )
    if people.miss == 1.0:
        raise Wrong("--miss 1: reviewers who find no error at all can't vouch for anything.")
    if given["votes"] and (people.miss or people.false_alarm):
        raise Wrong("--votes draws a person from the file; --miss and --false-alarm are for people who are made up.")
    return Plan(
        limits=tuple(dict.fromkeys(given["alpha"])),
        delta=given["delta"],
        slider=given["slider"],
        tuning=replace(Tuning(), floor=given["audit_floor"]),
        people=people,
        known_answers=given["known_answers"],
        votes=given["votes"],
        order=given["order"],
        replays=given["replays"],
        items=given["items"],
        seed=given["seed"],
        regression=given["regression"],
        regression_at=given["regression_at"],
        rules=tuple(dict.fromkeys(given["rules"])),
    )


def check(asked: Plan, pools: Sequence[Pool]) -> None:
    """Refuse what these pools can't be asked for."""
    for pool in pools:
        items = asked.length(pool)
        if items < 2 * BLOCK:
            raise Wrong(f"{pool.name}: a replay would have {items} items; it needs {2 * BLOCK} or more.")
        change = asked.change(pool)
        if change is not None and not measures.WINDOW <= change.at < items - measures.WINDOW:
            raise Wrong(
                f"{pool.name}: a replay has {items} items, so nothing can change at item {change.at}: "
                f"it takes {measures.WINDOW} before, and more after."
            )
    if asked.votes and all((pool.doubt == ~pool.correct).all() for pool in pools):
        raise Wrong("--votes: no row has human_votes for its answer that differ from 'correct'.")
    if asked.order == "phases" and all(len(pool.phase_names) < 2 for pool in pools):
        raise Wrong("--order phases: no task has rows of more than one 'phase'.")


def inside(text: str) -> float:
    """Read a number strictly between 0 and 1."""
    value = share(text)
    if value in (0.0, 1.0):
        raise ArgumentTypeError(f"{text} is not strictly between 0 and 1 (5 % is .05)")
    return value


def share(text: str) -> float:
    """Read a number in [0, 1]; "1/16" is one as well."""
    top, _, bottom = text.partition("/")
    try:
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ArgumentTypeError(f"{text} is no share: give a number between 0 and 1 (5 % is .05)")
    return value


def floor(text: str) -> float:
    """Read an audit chance."""
    value = share(text)
    if value < 1 / 64:
        raise ArgumentTypeError(f"{text} is below 1/64, the least chance that audits are drawn with")
    return value


def count(text: str) -> int:
    """Read a whole number, 0 or more."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text} is no whole number of 0 or more")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number, 1 or more."""
    if count(text) == 0:
        raise ArgumentTypeError("0 is too few")
    return int(text)


def delay(text: str) -> float:
    """Read a delay in items."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e6:
        raise ArgumentTypeError(f"{text} is no delay: give a number of items")
    return value
