"""kill -9 in the middle of the work, an emptied Redis, and a restart: every item still ends exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count

from slider.models import Attempt, Decision, Item, Mode, Move, Publication, Review, State, Worker
from tests import casts
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ITEMS = 300
BROKER_DATABASE = 7  # apart from what other tests use


def broker_url() -> str:
    stem = settings.REDIS_URL.split("?")[0].rstrip("/")
    return f"{stem}?db={BROKER_DATABASE}"


@contextmanager
def fleet(model: Model) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """A Celery worker of pumps and one of hands with its beat, as they run in production, on this test's database."""
    parameters = connection.get_connection_params()
    database = f"postgres://{parameters['user']}@{parameters['host'].replace('/', '%2F')}/{parameters['dbname']}"
    env = os.environ | {
        "DATABASE_URL": os.environ.get("SLIDER_TEST_DATABASE_URL") or database,
        "REDIS_URL": broker_url(),
        "OPENAI_BASE_URL": model.base_url,
        "SLIDER_LEASE_S": "5",
        "SLIDER_LINGER_S": "0.5",
    }
    celery = [sys.executable, "-m", "celery", "-A", "slider.celery", "worker", "--concurrency=2", "--loglevel=WARNING"]
    state = settings.ENV.SLIDER_STATE_DIR
    commands = [
        [*celery, "--queues=work", "--hostname=work@%h"],
        [*celery, "--queues=sweep,intake,publish,guard", "--hostname=hands@%h", "--beat", f"--schedule={state}/beat"],
    ]
    running = [subprocess.Popen(command, env=env, start_new_session=True) for command in commands]
    try:
        yield running
    finally:
        for process in running:
            kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 of a worker and all its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(true: Callable[[], Any], *, limit_s: float, what: str) -> None:
    ends_at = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < ends_at, f"after {limit_s} s still not: {what}"
        time.sleep(0.05)


def routed() -> int:
    return Decision.objects.count()


def test_after_kill_9_and_an_emptied_redis_every_item_ends_exactly_once(model: Model) -> None:
    model.faults(latency_ms=60, jitter_ms=60)
    cast = casts.company(share=0.5, mode=Mode.TRIAL)
    Worker.objects.update(model="standin-1", in_flight=8, samples=1)
    casts.bring_in(cast.task, {f"m{n}": {"text": f"where is my parcel number {n}"} for n in range(ITEMS)})
    broker = redis.Redis.from_url(broker_url())

    with fleet(model) as (pumps, hands):
        wait_until(lambda: routed() >= ITEMS // 4, limit_s=90, what="a quarter of the items routed")
        kill(pumps)
        kill(hands)
    assert routed() < ITEMS, "too quick to be killed half-way: nothing was tested"
    assert Item.objects.filter(state=State.WORKING).exists(), "the kill left no item in a dead worker's hands"
    broker.flushdb()

    with fleet(model):
        wait_until(lambda: routed() == ITEMS, limit_s=90, what="every item routed")

    assert not Item.objects.filter(state__in=[State.READY, State.WORKING]).exists()
    done = set(Item.objects.filter(state=State.DONE).values_list("pk", flat=True))
    waiting = set(Item.objects.filter(state=State.REVIEW).values_list("pk", flat=True))
    assert len(done) + len(waiting) == ITEMS
    assert list(Publication.objects.order_by("item_id").values_list("item_id", flat=True)) == sorted(done)
    assert set(Review.objects.filter(kind="gate").values_list("item_id", flat=True)) == waiting
    assert not Attempt.objects.values("item_id").annotate(n=Count("pk")).filter(n__gt=cast.task.max_tries).exists()
    finals = Move.objects.filter(to_state__in=[State.DONE, State.REVIEW]).values("item_id").annotate(n=Count("pk"))
    assert {row["n"] for row in finals} == {1}
    assert sorted(Decision.objects.values_list("seq", flat=True)) == list(range(ITEMS))
