"""What a cell means: right or wrong in every spelling, and numbers as the live signal's log-odds."""

import math

import pytest

from slider.engine import evidence
from slider.flow.past import meaning
from slider.flow.past.meaning import Meaning, Signal
from slider.rows import Bad, Values


@pytest.mark.parametrize("cell", [1, 1.0, "1", "1.0", True, "TRUE", " yes ", "Y", "right", "Correct", "ok", "accept"])
def test_right_is_understood(cell: str | float) -> None:
    assert meaning.verdict_of(cell) is True


@pytest.mark.parametrize("cell", [0, 0.0, "0", "0.0", False, "False", "no", "N", "Wrong", "incorrect", "reject", "fix"])
def test_wrong_is_understood(cell: str | float) -> None:
    assert meaning.verdict_of(cell) is False


@pytest.mark.parametrize("cell", [2, 0.5, "", "maybe", "-1", "10", "1.00", "none"])
def test_anything_else_is_neither(cell: str | float) -> None:
    assert meaning.verdict_of(cell) is None


def row(said: Meaning, **cells: str | float) -> meaning.Row:
    found = meaning.read(Values(7, cells), said, others=2)
    assert isinstance(found, meaning.Row)
    return found


def test_each_way_of_saying_a_chance_gives_what_the_live_signal_would_be() -> None:
    def value(name: str, way: str, number: float) -> float:
        return row(Meaning(signals={name: Signal("c", way)}, correct="ok"), c=number, ok=1).signals[name]

    assert value("stated", "probability", 0.93) == evidence.stated(0.93)
    assert value("stated", "percent", 93) == pytest.approx(evidence.stated(0.93))
    assert value("token_logodds", "probability", 0.9) == pytest.approx(math.log(9))
    assert value("token_logodds", "logprob", math.log(0.9)) == pytest.approx(math.log(9))
    assert value("token_logodds", "probability", 1.0) == evidence.MOST_LOGODDS
    assert math.isfinite(value("token_logodds", "probability", 0.0))
    assert value("weakest_token", "logodds", -2.5) == -2.5
    assert value("agreement", "probability", 0.5) == pytest.approx(evidence.agreement(["a", "a", "b"]))
    assert value("agreement", "probability", 1.0) == pytest.approx(evidence.agreement(["a", "a", "a"]))


@pytest.mark.parametrize(
    ("way", "number"), [("probability", 1.01), ("probability", -0.1), ("percent", 101), ("logprob", 0.5)]
)
def test_a_number_outside_its_range_is_a_refused_row_with_its_column(way: str, number: float) -> None:
    said = Meaning(signals={"stated": Signal("conf", way)}, correct="ok")
    found = meaning.read(Values(7, {"conf": number, "ok": 1}), said, others=1)
    assert isinstance(found, Bad)
    assert (found.line, found.column) == (7, "conf")


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("Refund", " refund", True),
        ("5", 5.0, True),
        (5, "5.0", True),
        ("a  b", "A b", True),
        ("a", "b", False),
        ("nan", "b", False),
        ('["x"]', '["x"]', True),
    ],
)
def test_an_answer_is_compared_with_the_truth(answer: str | float, gold: str | float, right: bool) -> None:
    assert row(Meaning(answer="a", gold="g"), a=answer, g=gold).correct is right


def test_no_answer_beside_a_truth_is_wrong_and_no_truth_is_no_verdict() -> None:
    said = Meaning(answer="a", gold="g")
    assert row(said, g="x").correct is False
    assert row(said, a="x").correct is None


@pytest.mark.parametrize(
    ("says", "reading", "right"),
    [("right", "", True), ("wrong", "", False), ("right", "flipped", False), ("wrong", "flipped", True)],
)
def test_what_a_one_means_is_said_or_asked(says: str, reading: str, right: bool) -> None:
    assert row(Meaning(correct="c", says=says, reading=reading), c=1).correct is right


def test_a_row_without_an_id_is_named_by_all_that_it_holds() -> None:
    said = Meaning(correct="c")
    assert row(said, c=1, note="x").id == row(said, note="x", c=1).id != row(said, c=1, note="y").id


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_an_id_that_is_none_is_a_refused_row(name: str) -> None:
    cells: dict[str, str | float] = {"c": 1}
    if name:
        cells["id"] = name
    assert isinstance(meaning.read(Values(1, cells), Meaning(correct="c", id="id"), others=1), Bad)


def test_what_was_said_comes_back_from_its_column_as_it_was() -> None:
    said = Meaning(id="i", correct="c", signals={"stated": Signal("s", "percent")}, keep=("k",), reading="flipped")
    assert Meaning.from_json(said.to_json()) == said
