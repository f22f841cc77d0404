"""The first guess at what the columns of a history mean, by their names and by what they hold."""

from collections.abc import Mapping

import pytest

from slider.flow.past import survey
from slider.flow.past.meaning import Cell, Meaning, Signal
from slider.flow.past.survey import Column
from slider.rows import Bad, Values


def guessed(*rows: Mapping[str, Cell]) -> Meaning:
    return survey.guess(survey.survey(Values(n, row) for n, row in enumerate(rows)))


def test_the_form_of_the_benchmark_is_known() -> None:
    signals = {"signals.stated_conf": 0.8, "signals.token_logodds": 9.4, "signals.reason_chars": 340}
    said = guessed({"id": "a", "t": 0, "task": "x", "model": "m", "correct": 1, **signals}, {"id": "b", "correct": 0})
    assert (said.id, said.time, said.task, said.model, said.correct) == ("id", "t", "task", "model", "correct")
    assert said.signals == {
        "token_logodds": Signal("signals.token_logodds", "logodds"),
        "stated": Signal("signals.stated_conf", "probability"),
    }
    assert said.keep == ("signals.reason_chars",)


@pytest.mark.parametrize(
    ("name", "values", "way"),
    [
        ("confidence", ("0.2", "0.9"), "probability"),
        ("confidence", ("20", "90"), "percent"),
        ("confidence", ("-2", "3"), "logodds"),
        ("logprob", ("-0.1", "-3"), "logprob"),
        ("token_logodds", ("2", "9"), "logodds"),
    ],
)
def test_what_the_numbers_say_is_read_off_them(name: str, values: tuple[str, str], way: str) -> None:
    said = guessed(*({name: value, "correct": "yes"} for value in values))
    assert [signal.way for signal in said.signals.values()] == [way]


@pytest.mark.parametrize("name", ["wrong", "is_wrong", "Error"])
def test_a_column_that_counts_errors_is_known_by_its_name(name: str) -> None:
    said = guessed({name: "1", "conf": "0.5"}, {name: "0", "conf": "0.7"})
    assert (said.correct, said.says) == (name, "wrong")


def test_an_answer_beside_a_truth_is_known() -> None:
    said = guessed({"prediction": "a", "gold": "b", "prob": 0.4})
    assert (said.correct, said.answer, said.gold) == ("", "prediction", "gold")


def test_a_column_that_is_named_well_but_holds_no_verdicts_is_none() -> None:
    assert guessed({"correct": "x", "conf": 0.5}).correct == ""
    assert guessed({"propensity": 7, "correct": 1}).propensity == ""


def test_one_column_is_one_signal() -> None:
    said = guessed({"score": 0.4, "conf": 0.5, "correct": 1})
    assert list(said.signals.values()) == [Signal("conf", "probability")]


def test_bad_rows_are_passed_over_and_columns_are_bounded() -> None:
    rows: list[Values | Bad] = [Bad(1, "no"), Values(2, {f"c{n}": 1 for n in range(600)})]
    assert len(survey.survey(rows)) == survey.MOST_COLUMNS


def test_a_column_comes_back_from_the_database_as_it_was() -> None:
    column = Column("c")
    for value in ("1", 2.5, True, "text"):
        column.see(value)
    assert Column.from_json(column.to_json()) == column
    empty = Column("e")
    assert Column.from_json(empty.to_json()) == empty


def test_of_a_column_of_many_texts_few_are_held() -> None:
    column = Column("c")
    for n in range(10_000):
        column.see(f"text {n}")
    assert len(column.values) <= survey.MOST_VALUES + 1
    assert column.to_json()["values"] == {}
