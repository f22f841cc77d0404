"""The ledger is read as the guard wrote it, rounded to the safe side; what can't be read is not known yet."""

from typing import Any

import pytest

from slider.flow import policies
from slider.models import Maker, Policy
from slider.queries import ledger
from tests import casts

FACTS = {"items": 3912, "found": 4, "at_most": 88.2, "since": "2026-05-03T08:00:00+00:00", "blind": 46.4}
NOTHING = policies.Evidence(None, {}, {}, 0)


def read(facts: Any) -> ledger.Ledger | None:
    return ledger.ledger(Policy(certificate={"ledger": facts}, delta=0.05))


def test_bounds_are_rounded_up() -> None:
    found = read(FACTS)
    assert found is not None
    assert (found.items, found.found, found.at_most, found.blind) == (3912, 4, 89, 47)
    assert found.since.year == 2026
    assert found.sure == pytest.approx(0.95)


def test_no_more_can_be_wrong_than_have_left() -> None:
    found = read(FACTS | {"items": 20})
    assert found is not None
    assert found.at_most == 20


def test_without_a_ledger_nothing_is_known() -> None:
    assert ledger.ledger(Policy(certificate={}, delta=0.05)) is None


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        {},
        FACTS | {"since": "last week"},
        FACTS | {"since": "2026-13-45T00:00:00"},
        FACTS | {"at_most": None},
        FACTS | {"at_most": float("nan")},
        FACTS | {"at_most": float("inf")},
        FACTS | {"blind": float("nan")},
        FACTS | {"found": 90},
    ],
)
def test_what_makes_no_sense_is_not_known(facts: Any) -> None:
    assert read(facts) is None


def test_a_time_without_a_zone_is_taken_as_universal() -> None:
    found = read(FACTS | {"since": "2026-05-03T08:00:00"})
    assert found is not None
    assert found.since.isoformat() == "2026-05-03T08:00:00+00:00"


@pytest.mark.django_db
def test_a_new_epoch_does_not_forget_what_has_left() -> None:
    cast = casts.company(share=0.8)
    first = cast.task.policies.get()
    assert ledger.newest(first) is None
    evidence = policies.Evidence(None, first.calibration, {"ledger": FACTS}, 0)
    change = policies.Change(evidence=evidence)
    policies.make(cast.task.pk, change, maker=Maker.GUARD, reason="counted")
    held = policies.make(
        cast.task.pk, policies.Change(begins_epoch=True, evidence=NOTHING), maker=Maker.GUARD, reason="new"
    )
    assert held.certificate == {}
    assert ledger.newest(held) == read(FACTS)
