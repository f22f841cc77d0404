"""`manage.py backtest` from the command line to the last table, and every way in which a file can be wrong."""

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from slider.engine.backtest import baselines


def rows(count: int, *, seed: int = 1, **fixed: Any) -> list[dict[str, Any]]:
    """Make outputs of one worker: the larger the signal, the more often the answer is right."""
    rng = np.random.default_rng(seed)
    signal = rng.random(count)
    correct = rng.random(count) < 0.7 + 0.3 * signal
    return [
        {"id": n, "task": "topic", "model": "small", "signals": {"p": float(s)}, "correct": int(c)} | fixed
        for n, (s, c) in enumerate(zip(signal, correct, strict=True))
    ]


def written(path: Path, found: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in found).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def backtest(*files: Path, **options: Any) -> tuple[str, str]:
    """Run the command quickly; return what it said on both outputs."""
    out, err = StringIO(), StringIO()
    quick: dict[str, Any] = {"alpha": [0.2], "replays": 3, "items": 1500, "least": 500}
    call_command("backtest", *files, stdout=out, stderr=err, **quick | options)
    return out.getvalue(), err.getvalue()


def refused(*files: Path, **options: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        backtest(*files, **options)
    return str(refusal.value)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return written(tmp_path / "outputs.jsonl.gz", rows(900))


def test_it_prints_a_line_a_pair_and_sums_up(outputs: Path) -> None:
    table, progress = backtest(outputs, alpha=[0.2, 0.1])
    assert table.count("| topic / small |") == 2
    assert "Promise broken in " in table
    assert "Mean share above Learn-then-Test once: " in table
    assert f"{2 * len(baselines.RULES)} of {2 * len(baselines.RULES)} done" in progress


def test_it_knows_every_rule_and_prints_a_line_each_when_asked(outputs: Path) -> None:
    table, _ = backtest(outputs, verbosity=2)
    assert all(f"| {rule} " in table for rule in baselines.RULES)


def test_the_document_has_every_figure_and_is_strict_json(outputs: Path) -> None:
    text, _ = backtest(outputs, json=True, rules=["guarded", "ltt"])
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    guarded, ltt = found["outcomes"]
    assert (guarded["rule"], ltt["rule"]) == ("guarded", "ltt")
    assert guarded["measures"]["share"] > 0.5
    # Nothing opened before the first labels: what never was is null, not Infinity.
    assert ltt["measures"]["recovery"] is None
    assert found["summary"]["pairs"] == 1
    assert found["plan"]["replays"] == 3


def test_two_processes_find_what_one_finds(outputs: Path) -> None:
    def figures(processes: int) -> list[Any]:
        text, _ = backtest(outputs, json=True, rules=["hoeffding", "ltt"], processes=processes)
        return [one["measures"] | {"seconds": 0} for one in json.loads(text)["outcomes"]]

    assert figures(1) == figures(2)


def test_a_regression_shows_when_it_was_safe_again(outputs: Path) -> None:
    table, _ = backtest(outputs, regression=0.5, rules=["guarded", "ltt"], items=3000)
    assert "recovery" in table
    assert "over allowance" in table


def stormy(tmp_path: Path, *, storm: int = 600) -> Path:
    """Return a file of three phases: good answers, answers that are all wrong though as confident, good ones again."""
    phases = (rows(1500, phase="calm"), rows(storm, seed=2, phase="storm", correct=0), rows(900, seed=3, phase="after"))
    found = [row for phase in phases for row in phase]
    return written(tmp_path / "stormy.jsonl", [row | {"t": t} for t, row in enumerate(found)])


def test_what_comes_with_a_phase_breaks_no_promise_that_was_made_before_it(tmp_path: Path) -> None:
    text, _ = backtest(stormy(tmp_path), order="phases", json=True, rules=["guarded"], items=3000, replays=6)
    (found,) = json.loads(text)["outcomes"]
    # It ran into the storm with what the calm had proved, and people taught the ranking meanwhile.
    assert found["measures"]["above"]["found"] > 0
    assert found["measures"]["broken"]["found"] == 0


def test_each_phase_has_its_items_its_shares_and_its_error(tmp_path: Path) -> None:
    path = stormy(tmp_path)
    text, _ = backtest(path, order="phases", json=True, rules=["guarded"], items=3000)
    calm, storm, after = json.loads(text)["outcomes"][0]["phases"]
    assert [phase["name"] for phase in (calm, storm, after)] == ["calm", "storm", "after"]
    assert [phase["items"] for phase in (calm, storm, after)] == [1500, 600, 900]
    # Where nothing is right nothing may run, and where one ends up is not what one had on the way.
    assert (calm["oracle"] > 0.6, storm["oracle"]) == (True, 0.0)
    assert storm["error"] == 1.0
    assert (calm["reached"] > calm["share"], storm["reached"] < storm["share"]) == (True, True)
    table, _ = backtest(path, order="phases", rules=["guarded"], items=3000)
    assert "| items | share | at its end | of at most | lane error |" in table
    assert "Nothing is promised about a change until it is found." in table
    assert "Nothing is promised about a change" not in backtest(path, rules=["guarded"], items=1500)[0]


def test_a_phase_in_which_nothing_ran_has_no_error(tmp_path: Path) -> None:
    text, _ = backtest(stormy(tmp_path), order="phases", json=True, rules=["guarded"], items=3000, slider=0.0)
    assert {phase["error"] for phase in json.loads(text)["outcomes"][0]["phases"]} == {None}
    table, _ = backtest(stormy(tmp_path), order="phases", rules=["guarded"], items=3000, slider=0.0)
    assert "0.00 %" not in table.split("| phase")[1].split("Nothing is")[0]


def test_phases_are_shown_one_by_one(tmp_path: Path) -> None:
    good, bad = rows(600, phase="calm"), rows(600, seed=2, phase="storm", correct=0)
    path = written(tmp_path / "phases.jsonl", [row | {"t": t} for t, row in enumerate(good + bad)])
    table, _ = backtest(path, order="phases", rules=["guarded"], items=3000)
    assert [word in table for word in ("calm", "storm")] == [True, True]
    # In file order every row comes once, whatever --items says beyond that.
    assert "calm" in backtest(path, order="file", rules=["guarded"], items=5000)[0]


def test_reviewers_who_miss_errors_lower_the_limit_that_is_tested(outputs: Path) -> None:
    def share(**options: Any) -> float:
        text, _ = backtest(outputs, json=True, rules=["guarded"], **options)
        return float(json.loads(text)["outcomes"][0]["measures"]["share"])

    assert share(miss=0.3) < share(miss=0.3, known_answers=0)


def test_one_look_at_few_labels(outputs: Path) -> None:
    table, _ = backtest(outputs, once=300)
    assert table.count("| topic / small |") == 2
    assert "prequential" in table
    assert len(json.loads(backtest(outputs, once=300, json=True)[0])) == 2


def test_a_person_drawn_from_the_votes_judges(tmp_path: Path) -> None:
    found = [row | {"answer": "a", "human_votes": {"a": 1, "b": 9}} for row in rows(900)]
    path = written(tmp_path / "votes.jsonl", found)
    text, _ = backtest(path, json=True, rules=["guarded"], votes=True)
    # Nine of ten who voted would call each answer wrong.
    assert json.loads(text)["outcomes"][0]["measures"]["share"] == 0.0


def test_flipped_labels_are_asked_about(tmp_path: Path) -> None:
    flipped = [row | {"correct": 1 - row["correct"]} for row in rows(900)]
    _, said = backtest(written(tmp_path / "flipped.jsonl", flipped), rules=["hoeffding"])
    assert "is a label convention flipped?" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no rows"),
        (b"\n\n", "holds no rows"),
        (b'{"signals": {"p": 1}, "correct": 1}\nnope\n', "line 2 is not JSON"),
        (b"[1, 2]\n", "line 1 is list, not an object"),
        (b'{"signals": {"p": "high"}, "correct": 1}\n', "Row 1: signal 'p' is 'high'"),
        (b'{"signals": {"p": 1}}\n', "Row 1: 'correct' is None"),
        (b'{"signals": {"p": "\xff"}}\n', "no UTF-8 text"),
        (gzip.compress(json.dumps(rows(900)[0]).encode())[:-9], "cut off or damaged"),
        (b"[" * 100_000, "nested too deeply"),
    ],
    ids=["empty", "blank", "no JSON", "no object", "text", "no outcome", "no UTF-8", "cut off", "nested"],
)
def test_it_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(content)
    said = refused(path)
    assert words in said
    assert "wrong.jsonl" in said


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (rows(1), "with 1 rows at the most"),
        (rows(900, signals={}), "no signal varies"),
        (rows(900, signals={"p": 0.5}), "no signal varies"),
        (rows(900, correct=1), "all of its 900 answers are right"),
        (rows(900, correct=0), "all of its 900 answers are wrong"),
    ],
)
def test_it_says_why_nothing_is_left(tmp_path: Path, found: list[dict[str, Any]], words: str) -> None:
    assert words in refused(written(tmp_path / "poor.jsonl", found))


def test_what_is_left_out_is_said_beside_what_is_not(tmp_path: Path, outputs: Path) -> None:
    _, said = backtest(outputs, written(tmp_path / "small.jsonl", rows(20)), rules=["hoeffding"])
    assert "small.jsonl: 1 of 1 tasks and workers left out, with 20 rows at the most" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": "phases"}, "no task has rows of more than one 'phase'"),
        ({"votes": True}, "no row has human_votes"),
        ({"votes": True, "miss": 0.1}, "--votes draws a person"),
        ({"miss": 1.0}, "can't vouch for anything"),
        ({"items": 60}, "it needs 100 or more"),
        ({"regression": 0.1, "regression_at": 9000}, "nothing can change at item 9000"),
        ({"regression": 0.1, "items": 2000}, "nothing can change at item 1000"),
        ({"regression": 0.1, "regression_at": 10}, "nothing can change at item 0"),
    ],
)
def test_it_refuses_options_that_do_not_fit(outputs: Path, options: dict[str, Any], words: str) -> None:
    assert words in refused(outputs, **options)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alpha", "5"], "5 is no share"),
        (["--alpha", "0"], "strictly between"),
        (["--delta", "nan"], "nan is no share"),
        (["--audit-floor", "1/100"], "below 1/64"),
        (["--replays", "0"], "0 is too few"),
        (["--items", "-1"], "no whole number"),
        (["--delay-wrong", "soon"], "soon is no delay"),
        (["--rules", "magic"], "invalid choice"),
    ],
)
def test_it_refuses_what_is_no_number(outputs: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("backtest", str(outputs), *arguments)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "can't be read: No such file" in refused(tmp_path / "absent.jsonl")
