"""Rows of a file: what they become, and what is refused."""

from typing import Any

import numpy as np
import pytest

from slider.engine.backtest import pool


def row(**changed: Any) -> dict[str, Any]:
    return {"id": 1, "task": "topic", "model": "small", "signals": {"p": 0.9}, "correct": 1} | changed


def test_rows_are_sorted_into_tasks_and_workers_and_into_time() -> None:
    rows = [row(t=2, correct=0, signals={"p": 0.2}), row(t=1), row(model="large"), row(t=3, signals={"p": 0.5})]
    large, small = pool.pools(rows)
    assert (large.name, small.name) == ("topic / large", "topic / small")
    assert small.correct.tolist() == [True, False, True]
    assert pool.pools(rows, least=2) != []
    assert [one.name for one in pool.pools(rows, least=2)] == ["topic / small"]


def test_probabilities_become_log_odds_and_what_never_varies_is_left_out() -> None:
    (found,) = pool.pools([row(signals={"p": p, "same": 1.0, "n_chars": n}) for p, n in [(0.5, 3), (0.9, 7), (1.0, 9)]])
    assert found.signals == ("n_chars", "p")
    assert found.trusted.tolist() == [False, True]
    assert np.allclose(found.x[:2, 1], [0.0, np.log(9.0)])
    assert np.isfinite(found.x).all()


def test_a_row_without_any_signal_is_unanswered() -> None:
    (found,) = pool.pools([row(), row(signals={"p": 0.1}), row(signals={}), row(signals={"p": None})])
    assert found.answered.tolist() == [True, True, False, False]


def test_the_doubt_is_the_share_of_people_who_chose_otherwise() -> None:
    votes = {"human_votes": {"spam": 3, "ham": 1}, "answer": "ham"}
    (found,) = pool.pools([row(**votes, correct=0), row(correct=0), row(signals={"p": 0.1})])
    assert found.doubt.tolist() == [0.75, 1.0, 0.0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"signals": [0.9]}, "'signals' is"),
        ({"signals": {"p": "high"}}, "signal 'p' is 'high'"),
        ({"signals": {"p": True}}, "signal 'p' is True"),
        ({"signals": {"p": float("inf")}}, "signal 'p' is inf"),
        ({"correct": 2}, "'correct' is 2"),
        ({"correct": None}, "'correct' is None"),
        ({"correct": "1"}, "'correct' is '1'"),
        ({"t": "noon"}, "'t' is 'noon'"),
        ({"human_votes": {"a": -1}, "answer": "a"}, "'human_votes' is"),
    ],
)
def test_it_refuses_a_row_and_says_which(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(pool.Unfit, match=f"Row 2: {words}"):
        pool.pools([row(), row(**changed)])
