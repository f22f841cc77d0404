"""The judge of a rolling restart sees each thing that can go wrong in one; see test_rolling.py."""

from dataclasses import replace

import pytest

from slider.models import Delivery, State
from tests.deploy import rolled

GOOD = rolled.Books(
    failed=(),
    pushed=frozenset({"a", "b", "c"}),
    taken={"msg_1": ("a",), "msg_2": ("b",)},
    items={"a": State.DONE, "b": State.DONE, "c": State.REVIEW},
    gates=("c",),
    ends={"a": 1, "b": 1, "c": 1},
    results=((1, Delivery.SENT), (1, Delivery.SENT)),
)
SPOILED: dict[str, tuple[dict[str, object], str]] = {
    "a page that broke off": ({"failed": ("/: ConnectionResetError",)}, "a call failed: /: ConnectionResetError"),
    "a result that was tried again": ({"taken": {"msg_1": ("a", "a"), "msg_2": ("b",)}}, "msg_1 came 2 times"),
    "a result under two ids": ({"taken": {**GOOD.taken, "msg_3": ("a",)}}, "against items that are done"),
    "a result that never came": ({"taken": {"msg_1": ("a",)}}, "against items that are done"),
    "an item that was lost": ({"pushed": GOOD.pushed | {"d"}}, "acknowledged, and not there: ['d']"),
    "an item in a dead pump's hands": ({"items": {**GOOD.items, "d": State.WORKING}}, "not ended: ['d']"),
    "an item that ended twice": ({"ends": {**GOOD.ends, "a": 2}}, "ended not once: {'a': 2}"),
    "an item without its look": ({"gates": ()}, "against items that wait for one"),
    "an item with two looks": ({"gates": ("c", "c")}, "against items that wait for one"),
    "a second result": ({"results": (*GOOD.results, (2, Delivery.SENT))}, "not the first, or not sent"),
    "a result that is owed": ({"results": ((1, Delivery.SENT), (1, Delivery.DUE))}, "not the first, or not sent"),
}


def test_books_of_a_restart_that_nobody_noticed_are_fine() -> None:
    assert rolled.problems(GOOD) == []


@pytest.mark.parametrize("what", SPOILED)
def test_each_thing_that_can_go_wrong_is_seen(what: str) -> None:
    changed, words = SPOILED[what]
    (found,) = rolled.problems(replace(GOOD, **changed))  # type: ignore[arg-type]
    assert words in found
