"""Hours, looks and money at each share of a counted day, and the smallest share that the staffed hours carry."""

from dataclasses import replace

import numpy as np
import pytest

from slider.engine import audit, capacity, certificate, lanes
from slider.engine.arrays import Floats

CUTS = np.array([0.25, 0.5, 1.0])
DAY = capacity.Day(
    items=1000,
    cuts=CUTS,
    by_bin=np.array([200.0, 200.0, 400.0]),
    audit_chance=0.25,
    seconds_a_look=36,
    model_cost=0.002,
    look_cost=0.4,
)


def test_what_runs_unattended_is_what_was_answered_and_ranked_below() -> None:
    assert capacity.unattended(DAY, [0, 0.25, 0.375, 0.5, 1]).tolist() == [0, 200, 300, 400, 800]


def test_people_look_at_their_lane_and_at_the_audits() -> None:
    assert float(capacity.looks(DAY, 0)) == 1000
    assert float(capacity.looks(DAY, 0.5)) == 600 + 400 / 4
    assert float(capacity.looks(DAY, 1)) == 200 + 800 / 4


def test_hours_and_money_follow_the_looks() -> None:
    hours, cost = capacity.hours(DAY, [0, 0.5]), capacity.cost(DAY, [0, 0.5])
    assert hours is not None
    assert cost is not None
    assert hours == pytest.approx([10, 7])
    assert cost == pytest.approx([2 + 400, 2 + 280])


def test_what_is_not_known_stays_not_known() -> None:
    blind = replace(DAY, seconds_a_look=None, model_cost=None)
    assert capacity.hours(blind, 0.5) is None
    assert capacity.cost(blind, 0.5) is None
    assert capacity.least_share(blind, staffed_hours=8) is None


@pytest.mark.parametrize(
    ("staffed", "share"),
    [(24, 0.0), (10, 0.0), (8.5, 0.25), (7, 0.5), (5.5, 0.75), (4, 1.0), (3.9, None), (0, None)],
)
def test_the_left_wall_is_the_smallest_share_that_the_hours_carry(staffed: float, share: float | None) -> None:
    found = capacity.least_share(DAY, staffed_hours=staffed)
    assert found == (None if share is None else pytest.approx(share))


def test_everything_from_the_wall_up_fits_and_nothing_below_does() -> None:
    chance = np.random.default_rng(7)
    for _ in range(300):
        by_bin = chance.integers(0, 40, len(certificate.CUTS)).astype(float)
        day = capacity.Day(
            items=float(by_bin.sum() + chance.integers(0, 50)),
            cuts=certificate.CUTS,
            by_bin=by_bin,
            audit_chance=float(chance.choice(audit.LADDER)),
            seconds_a_look=float(chance.uniform(5, 90)),
        )
        staffed = float(chance.uniform(0, 12))
        wall = capacity.least_share(day, staffed_hours=staffed)
        over = capacity.hours(day, np.linspace(0, 1, 201))
        assert over is not None
        fits = over <= staffed + 1e-9
        if wall is None:
            assert not fits.any()
        else:
            assert (fits == (np.linspace(0, 1, 201) >= wall - 1e-9)).all()


def test_where_every_unattended_item_is_audited_no_share_spares_anybody() -> None:
    all_seen = replace(DAY, audit_chance=1.0)
    assert capacity.looks(all_seen, [0, 0.5, 1]).tolist() == [1000, 1000, 1000]
    assert capacity.least_share(all_seen, staffed_hours=9.9) is None
    assert capacity.least_share(all_seen, staffed_hours=10) == 0


def test_an_empty_day_takes_nobody() -> None:
    empty = capacity.Day(items=0, cuts=CUTS, by_bin=np.zeros(3), audit_chance=0.5, seconds_a_look=30)
    assert float(capacity.looks(empty, 0.5)) == 0
    assert capacity.least_share(empty, staffed_hours=0) == 0


def test_the_day_is_foretold_as_routing_then_runs_it() -> None:
    """Count one day's ranks, then route a like day at three shares: looks differ by a few per cent at most."""
    chance = np.random.default_rng(11)

    def scores() -> Floats:
        return np.where(chance.random(6_000) < 0.05, -np.inf, chance.normal(size=6_000))

    def route(those: Floats, share: float) -> lanes.Routed:
        return lanes.choose(lanes.Track(), scores=those, ties=chance.random(6_000), share=share, cap=share)

    yesterday = scores()
    ranks = route(yesterday, 0.0).ranks[np.isfinite(yesterday)]
    by_bin = np.bincount(certificate.bins(ranks), minlength=len(certificate.CUTS)).astype(float)
    day = capacity.Day(6_000, certificate.CUTS, by_bin, audit_chance=0.25)
    for share in (0.3, 0.6, 0.9):
        routed = route(scores(), share)
        drawn = audit.draws(b"secret", list(range(6_000)), chance=0.25, epoch=1) & routed.lanes
        took = (~routed.lanes).sum() + drawn.sum()
        assert float(capacity.looks(day, share)) == pytest.approx(took, rel=0.04)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("audit_chance", 1.5),
        ("by_bin", np.array([1.0, 2.0])),
        ("by_bin", np.array([1.0, -2.0, 3.0])),
        ("by_bin", np.array([1.0, np.nan, 3.0])),
        ("by_bin", np.array([900.0, 900.0, 3.0])),
        ("cuts", np.array([0.5, 0.25, 1.0])),
        ("cuts", np.array([0.25, 0.5, 0.9])),
        ("seconds_a_look", -1.0),
        ("seconds_a_look", float("inf")),
        ("model_cost", float("nan")),
        ("look_cost", -0.1),
    ],
)
def test_it_refuses_a_day_that_cannot_be(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="give"):
        replace(DAY, **{field: value})  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_it_refuses_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="give shares between 0 and 1"):
        capacity.looks(DAY, [0.5, share])


@pytest.mark.parametrize("staffed", [-1.0, float("nan"), float("inf")])
def test_it_refuses_hours_that_are_none(staffed: float) -> None:
    with pytest.raises(ValueError, match="staffed_hours"):
        capacity.least_share(DAY, staffed_hours=staffed)
