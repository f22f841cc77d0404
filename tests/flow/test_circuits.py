"""Breakers: they open after failures in a row, are probed by one at a time, and close with the first answer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import F

from slider.flow import circuits
from slider.flow.circuits import Key, News
from slider.llm.records import Outcome
from slider.models import Circuit

pytestmark = pytest.mark.django_db(transaction=True)
KEY = Key("http://127.0.0.1:1/v1", "standin-1")
DOWN = News(Outcome.CONNECTION_LOST, "The connection to the endpoint failed.")
GOOD = News(Outcome.ANSWERED)


def note(*news: News, key: Key = KEY) -> bool:
    return circuits.note(key, news, known=circuits.look(key))


def opened(*, probed: int = 0) -> None:
    """An open breaker whose probe is due."""
    assert note(*[DOWN] * 8)
    Circuit.objects.update(probe_at=F("probe_at") - timedelta(seconds=60))
    for _ in range(probed):
        assert circuits.probe(KEY)
        note(News(DOWN.outcome, DOWN.detail, probe=True))
        Circuit.objects.update(probe_at=F("probe_at") - timedelta(seconds=60))


def test_eight_failures_in_a_row_open_it_whoever_met_them() -> None:
    assert not note(*[DOWN] * 4)
    assert not note(*[DOWN] * 3)
    assert note(DOWN)
    standing = circuits.look(KEY)
    assert (standing.open, standing.reason) == (True, DOWN.detail)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    assert not note(*[DOWN] * 7, GOOD, *[DOWN] * 7)
    assert not note(GOOD)
    assert circuits.look(KEY).points == 0
    assert not note(*[DOWN] * 7)


@pytest.mark.parametrize("outcome", [Outcome.MALFORMED, Outcome.SCHEMA_BROKEN, Outcome.EMPTY, Outcome.RATE_LIMITED])
def test_twenty_refusals_or_answers_that_nobody_can_read_open_it_too(outcome: Outcome) -> None:
    assert not note(*[News(outcome)] * 19)
    assert note(News(outcome))


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FILTERED, Outcome.TRUNCATED, Outcome.BAD_REQUEST])
def test_what_concerns_one_question_shows_that_the_endpoint_lives(outcome: Outcome) -> None:
    opened()
    assert not note(News(outcome))


@pytest.mark.parametrize("outcome", [Outcome.UNAUTHORISED, Outcome.UNKNOWN_MODEL])
def test_wrong_settings_say_nothing_of_the_endpoint(outcome: Outcome) -> None:
    assert not note(*[News(outcome)] * 50)
    opened()
    assert circuits.note(KEY, [News(outcome)], known=circuits.look(KEY))


def test_while_all_is_well_nothing_is_written() -> None:
    note(*[GOOD] * 100)
    assert not Circuit.objects.exists()


def test_nobody_probes_before_the_time_or_what_is_closed() -> None:
    assert not circuits.probe(KEY)
    note(*[DOWN] * 8)
    assert not circuits.probe(KEY)


def test_of_many_who_would_probe_one_may() -> None:
    opened()

    def try_it(_: int) -> bool:
        try:
            return circuits.probe(KEY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(try_it, range(24))) == 1


def test_a_probe_that_hangs_keeps_the_next_one_waiting_for_seconds_only() -> None:
    opened()
    assert circuits.probe(KEY)
    assert not circuits.probe(KEY)
    Circuit.objects.update(probing_until=F("probing_until") - timedelta(seconds=circuits.PROBE_S))
    assert circuits.probe(KEY)


def test_a_right_to_probe_that_nobody_used_is_free_again() -> None:
    opened()
    assert circuits.probe(KEY)
    circuits.give_back(KEY)
    assert circuits.probe(KEY)


def test_probes_wait_longer_each_time_up_to_four_seconds() -> None:
    waits: list[float] = []
    opened()
    for _ in range(7):
        assert circuits.probe(KEY)
        note(News(DOWN.outcome, DOWN.detail, probe=True))
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM probe_at - clock_timestamp()) FROM slider_circuit")
            waits.append(float(cursor.fetchone()[0]))
        Circuit.objects.update(probe_at=F("probe_at") - timedelta(seconds=60))
    assert [round(wait, 1) for wait in waits] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]


def test_late_failures_of_calls_that_were_no_probes_put_no_probe_off() -> None:
    opened()
    note(*[DOWN] * 30)
    assert circuits.probe(KEY)


def test_the_first_answer_closes_it_and_the_next_time_begins_from_nothing() -> None:
    opened(probed=3)
    assert not note(News(Outcome.ANSWERED, probe=True))
    found = Circuit.objects.get()
    assert (found.opened_at, found.probe_at, found.points, found.probes) == (None, None, 0, 0)


@pytest.mark.parametrize(("asked_s", "kept_s"), [(0.0, 0.0), (7.0, 7.0), (1e9, circuits.LONGEST_QUIET_S)])
def test_everybody_hears_for_how_long_the_endpoint_wants_to_be_left_alone(asked_s: float, kept_s: float) -> None:
    note(News(Outcome.RATE_LIMITED, "429", retry_after_s=asked_s))
    assert circuits.look(KEY).quiet_s == pytest.approx(kept_s, abs=0.5)


def test_no_probe_goes_into_the_silence_that_was_asked_for() -> None:
    note(*[News(Outcome.RATE_LIMITED, "429", retry_after_s=30.0)] * 20)
    Circuit.objects.update(probe_at=F("probe_at") - timedelta(seconds=60))
    assert not circuits.probe(KEY)


def test_a_key_a_model_and_an_address_have_breakers_of_their_own() -> None:
    opened()
    others: Sequence[Key] = (
        Key(KEY.base_url, "other"),
        Key("http://127.0.0.1:2/v1", KEY.model),
        Key(KEY.base_url, KEY.model, "SLIDER_KEY_B"),
    )
    assert not any(circuits.look(key).open for key in others)


def test_that_it_gives_one_sample_a_call_is_remembered_through_good_and_bad() -> None:
    circuits.takes_one_sample(KEY)
    circuits.takes_one_sample(KEY)
    opened()
    note(GOOD)
    assert circuits.look(KEY).apart
