"""News of items is heard when, and only when, they are there; the bell rings for tasks that nobody pumps."""

import asyncio
import os
import queue
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from slider.flow import crew
from slider.models import Decision, Item, Worker
from tasks import news
from tests import casts
from tests.standin import Model

pytestmark = pytest.mark.django_db(transaction=True)


def bring(cast: casts.Company, name: str) -> None:
    casts.bring_in(cast.task, {name: {"text": "a"}})


def test_a_pump_hears_of_new_items_and_not_of_those_that_were_taken_back() -> None:
    cast = casts.company()

    async def listen() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        ears = asyncio.create_task(news.hear(heard.put_nowait))
        found: list[str] = []
        async with asyncio.timeout(20):
            # Listening begins at some moment: from the first news on it holds.
            while heard.empty():
                await asyncio.to_thread(say, 0)
            while found[-1:] != ["999001"]:
                await asyncio.to_thread(take_back)
                await asyncio.to_thread(say, 1)
                found.append(await heard.get())
        ears.cancel()
        return found

    def say(number: int) -> None:
        crew.tell(999_000 + number)
        connection.close()

    def take_back() -> None:
        with transaction.atomic():
            bring(cast, "never")
            transaction.set_rollback(True)
        connection.close()

    assert str(cast.task.pk) not in asyncio.run(listen())


def test_the_bell_rings_for_a_task_without_a_pump_and_for_no_other() -> None:
    cast = casts.company()
    other = casts.company(prefix="other ")
    bring(other, "m0")
    assert crew.join("a pump", host="here") is not None
    rung: queue.Queue[int] = queue.Queue()
    bell = news.Bell(news.parameters(), ring=rung.put)
    bell.start()
    try:
        tries = 0
        while rung.empty():
            tries += 1
            assert tries < 200, "the bell never rang"
            bring(other, f"o{tries}")
            bring(cast, f"m{tries}")
            try:
                assert rung.get(timeout=0.1) == cast.task.pk
                break
            except queue.Empty:
                continue
    finally:
        bell.stop()
        bell.join(10)
    assert other.task.pk not in list(rung.queue)


def test_only_one_bell_listens() -> None:
    first, second = (news.Bell(news.parameters(), ring=lambda _: None) for _ in range(2))
    with (
        psycopg.connect(**news.parameters(), autocommit=True) as one,
        psycopg.connect(**news.parameters(), autocommit=True) as two,
    ):
        first.stop()  # so that it returns once it has begun
        assert first._listen(one) == 0.0
        assert second._listen(two) == news.LEADER_S


@pytest.mark.slow
def test_a_worker_of_pumps_takes_what_comes_in_without_a_beat_and_without_the_web_knowing_a_broker(
    model: Model,
) -> None:
    """No sweep runs and nobody sends a hint: what wakes the pump is the news of the items themselves."""
    parameters = connection.get_connection_params()
    database = f"postgres://{parameters['user']}@{parameters['host'].replace('/', '%2F')}/{parameters['dbname']}"
    env = os.environ | {
        "DATABASE_URL": os.environ.get("SLIDER_TEST_DATABASE_URL") or database,
        "REDIS_URL": f"{settings.REDIS_URL.split('?')[0].rstrip('/')}?db=8",
        "OPENAI_BASE_URL": model.base_url,
        "SLIDER_LINGER_S": "0",
    }
    cast = casts.company()
    Worker.objects.update(model="standin-1")
    command = [
        "-m",
        "celery",
        "-A",
        "slider.celery",
        "worker",
        "--queues=work",
        "--concurrency=1",
        "--loglevel=WARNING",
    ]
    worker = subprocess.Popen([sys.executable, *command], env=env, start_new_session=True)
    try:
        ends_at, number = time.monotonic() + 60, 0
        while not Decision.objects.exists():
            assert time.monotonic() < ends_at, "nothing that came in was taken"
            assert worker.poll() is None, "the worker has ended"
            number += 1
            bring(cast, f"m{number}")
            time.sleep(0.1)
        # From here on the worker is known to listen: one item alone wakes it.
        while Item.objects.filter(state__in=["ready", "working"]).exists():
            assert time.monotonic() < ends_at, "what came in before was not finished"
            time.sleep(0.05)
        bring(cast, "alone")
        while not Decision.objects.filter(item__external_id="alone").exists():
            assert time.monotonic() < ends_at, "the item that came alone was not taken"
            time.sleep(0.05)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
