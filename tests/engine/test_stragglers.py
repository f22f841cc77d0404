"""Stragglers: known only from experience, by the 95th percentile, and never more than their share is asked twice."""

import random

from slider.engine.stragglers import KNOWN_FROM, SHARE, Stragglers


def test_before_enough_is_known_nothing_is_a_straggler() -> None:
    usual = Stragglers()
    for _ in range(KNOWN_FROM - 1):
        usual.took(1.0)
    assert usual.after_s is None
    usual.took(1.0)
    assert usual.after_s == 1.0


def test_one_call_in_twenty_takes_longer() -> None:
    rng, usual = random.Random(3), Stragglers()
    latencies = [rng.expovariate(1.0) for _ in range(4000)]
    later = 0
    for latency_s in latencies:
        later += usual.after_s is not None and latency_s > usual.after_s
        usual.took(latency_s)
    assert 0.03 < later / len(latencies) < 0.08


def test_it_follows_an_endpoint_that_changes() -> None:
    usual = Stragglers()
    for _ in range(200):
        usual.took(1.0)
    for _ in range(200):
        usual.took(3.0)
    assert usual.after_s == 3.0


def test_no_more_than_their_share_may_be_asked_twice() -> None:
    usual = Stragglers()
    for _ in range(1000):
        usual.took(1.0)
        while usual.may:
            usual.hedged += 1
        assert usual.hedged <= SHARE * usual.asked
    assert usual.hedged == 50
