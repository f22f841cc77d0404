"""What is said of reviewers holds for simulated ones of known error and sway, at the stated rate over 200 runs."""

import pytest

from bench import reviewers, simulated
from bench.simulated import Seen, Team
from tests.engine import exact

RUNS = 200
TEAMS = ("usual", "rubber stamps", "few looks")


@pytest.fixture(scope="module")
def seen() -> dict[str, list[Seen]]:
    return {name: [simulated.run(reviewers.TEAMS[name], 31 * RUNS + n) for n in range(RUNS)] for name in TEAMS}


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("figure", list(simulated.TRUTHS))
def test_the_truth_lies_inside_as_often_as_stated(seen: dict[str, list[Seen]], team: str, figure: str) -> None:
    found = simulated.held(reviewers.TEAMS[team], figure, seen[team])
    assert exact.keeps(found.missed, n=RUNS, p=simulated.DELTA), found
    assert found.unknown < RUNS / 3  # an interval that is never given holds everything
    assert abs(found.mean - found.true) < 0.05


def test_sway_by_last_words_finds_none(seen: dict[str, list[Seen]]) -> None:
    """Who answered first has seen the draft before their last word, so comparing these can't be right."""
    for team in ("usual", "rubber stamps"):
        found = simulated.held(reviewers.TEAMS[team], "naive_sway", seen[team])
        assert not exact.keeps(found.missed, n=RUNS, p=simulated.DELTA)


def test_the_textbooks_interval_of_a_share_gives_way_near_its_end() -> None:
    team = Team(people=(simulated.Person(0.02, 0.0),) * 2, known=40)
    runs = [simulated.run(team, n) for n in range(RUNS)]
    found = simulated.held(team, "naive_accuracy", runs)
    assert not exact.keeps(found.missed, n=RUNS, p=simulated.DELTA)
    ours = simulated.held(team, "accuracy", runs)
    assert exact.keeps(ours.missed, n=RUNS, p=simulated.DELTA)


def test_somebody_who_is_not_swayed_is_found_to_be_so() -> None:
    team = Team(people=(simulated.Person(0.1, 0.0),) * 2, hidden=0.4, known=200)
    found = [simulated.run(team, n).sway_known for n in range(RUNS)]
    assert exact.keeps(sum(not one.lower <= 0.0 <= one.upper for one in found), n=RUNS, p=simulated.DELTA)


def test_who_follows_nearly_every_draft_is_found_out_in_nearly_every_run(seen: dict[str, list[Seen]]) -> None:
    assert sum(one.sway_known.lower > 0.1 for one in seen["rubber stamps"]) > 0.9 * RUNS


def test_the_table_has_a_row_for_every_team_and_figure() -> None:
    rows = list(reviewers.table(3, 1))
    assert len(rows) == 2 + len(reviewers.TEAMS) * len(reviewers.NAMES)
    assert set(simulated.TRUTHS) | set(simulated.CONTROLS) == set(reviewers.NAMES)
