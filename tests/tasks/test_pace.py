"""Pace: what a worker may begin is what its limits have left, less what is in the air."""

import uuid

import redis
from django.conf import settings

from tasks.pace import FIRST_GUESS, Pace


def pace(*, requests: int | None = None, tokens: int | None = None, redis_url: str = "") -> Pace:
    """A pace that no other test shares."""
    return Pace(uuid.uuid4().hex, redis_url=redis_url or settings.REDIS_URL, requests=requests, tokens=tokens)


def test_without_limits_everything_is_permitted() -> None:
    assert pace().permits(50, held=1000) == 50


def test_looking_for_work_uses_up_nothing() -> None:
    limited = pace(requests=10)
    assert [limited.permits(8, held=0) for _ in range(5)] == [8] * 5


def test_calls_that_begin_are_counted_to_the_limit() -> None:
    limited = pace(requests=10)
    limited.begun(8)
    assert limited.permits(8, held=8) == 2
    limited.begun(2)
    assert limited.permits(8, held=10) == 0


def test_calls_in_the_air_hold_back_the_tokens_they_will_take() -> None:
    limited = pace(tokens=int(10 * FIRST_GUESS))
    assert limited.permits(20, held=0) == 10
    assert limited.permits(20, held=7) == 3
    assert limited.permits(20, held=12) == 0


def test_the_tokens_of_a_call_are_learnt_from_calls() -> None:
    limited = pace(tokens=100_000)
    for _ in range(30):
        limited.used(calls=10, tokens=1000)
    assert 600 <= limited.permits(10_000, held=0) <= 720


def test_a_limit_below_what_one_call_takes_lets_one_through_at_a_time() -> None:
    limited = pace(tokens=100)
    assert limited.permits(20, held=0) == 1
    assert limited.permits(20, held=1) == 0
    limited.used(calls=1, tokens=300)
    assert limited.permits(20, held=0) == 0


def test_of_two_pumps_that_were_permitted_the_same_calls_one_may_begin_them() -> None:
    first, second = pace(requests=10), pace(requests=10)
    second._name = first._name
    assert first.permits(8, held=0) == second.permits(8, held=0) == 8
    assert (first.begun(8), second.begun(8)) == (8, 2)
    assert first.begun(1) == 0


def test_what_this_process_has_used_an_emptied_redis_does_not_give_back() -> None:
    limited = pace(requests=10)
    limited.begun(7)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    assert limited.permits(10, held=0) == 3


def test_without_redis_each_pump_keeps_to_its_share() -> None:
    half = pace(requests=10, redis_url="redis://127.0.0.1:9/0")
    half.share = 0.5
    assert half.permits(10, held=0) == 5
    half.begun(5)
    assert half.permits(10, held=0) == 0


def test_without_redis_the_limit_is_kept_in_this_process() -> None:
    limited = pace(requests=10, redis_url="redis://127.0.0.1:9/0")
    limited.begun(10)
    assert limited.permits(5, held=0) == 0
