"""The archive's machine: killed in the middle it has done nothing, and two at once do nothing twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, connections, transaction

from slider.celery import app
from slider.flow import archive as stage
from slider.flow import known
from slider.models import ArchiveWalk, Item, Payload, Review, ReviewKind
from tasks.archive import archive
from tests import archives, casts
from tests.archives import archived, everything, grow_old
from tests.casts import Company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]
NAMES = ["m1", "m2", "m3"]
SURE = casts.says({"topic": "refund", "urgent": False})
CHILD = "import django; django.setup(); from slider.flow import archive; archive.RECENT = 0; archive.sweep(limit_s=30)"


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Company:
    cast = archives.company(monkeypatch)
    for name in NAMES:
        casts.one(cast.task, name, SURE)
    Review.objects.all().delete()
    grow_old(cast.task)
    return cast


@contextmanager
def held_up() -> Iterator[None]:
    """Whoever archives has to wait meanwhile, with all done but the payloads."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT item_id FROM slider_payload FOR UPDATE")
        yield


def wait_for_waiting(sessions: int) -> None:
    """Until so many sessions wait for a lock."""

    def wait() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0] >= sessions)

    wait_until(wait)


def wait_until(true: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 30
    while not true():
        assert time.monotonic() < ends_at, "it never came so far"
        time.sleep(0.02)


def address() -> str:
    parameters = connection.get_connection_params()
    own = f"postgres://{parameters['user']}@{parameters['host'].replace('/', '%2F')}/{parameters['dbname']}"
    return os.environ.get("SLIDER_TEST_DATABASE_URL") or own


def test_killed_in_the_middle_it_has_done_nothing_and_the_next_one_does_it(cast: Company) -> None:
    before = everything()
    env = os.environ | {"DATABASE_URL": address(), "SLIDER_DB_LOCK_MS": "30000", "SLIDER_DB_STATEMENT_MS": "60000"}
    with held_up():
        child = subprocess.Popen([sys.executable, "-c", CHILD], env=env)
        try:
            wait_for_waiting(1)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    assert everything() == before
    assert archived(cast.task) == []
    wait_until(lambda: archive() == len(NAMES))  # as soon as PostgreSQL has noticed that the other one is gone
    assert archived(cast.task) == NAMES


def test_two_at_once_do_nothing_twice_and_neither_waits(cast: Company) -> None:
    def one() -> int:
        try:
            return int(archive())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        with held_up():
            first = pool.submit(one)
            wait_for_waiting(1)
            assert pool.submit(one).result(timeout=10) == 0
        assert first.result(timeout=10) == len(NAMES)
    assert archived(cast.task) == NAMES


def test_many_at_once_archive_each_item_once(cast: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "BATCH", 1)

    def one(_: int) -> int:
        try:
            return int(archive())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(one, range(8)))
    ArchiveWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert sum(counts) + archive() == len(NAMES)
    assert archived(cast.task) == NAMES


def test_what_is_being_corrected_is_passed_over(cast: Company) -> None:
    def one() -> int:
        try:
            return int(archive())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM slider_item WHERE external_id = 'm2' FOR NO KEY UPDATE")
        assert pool.submit(one).result(timeout=10) == 2
    assert archived(cast.task) == ["m1", "m3"]


def test_who_is_just_given_a_look_is_passed_over(cast: Company) -> None:
    def one() -> int:
        try:
            return int(archive())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Review.objects.create(item=Item.objects.get(external_id="m2"), task=cast.task, kind=ReviewKind.LOOKBACK)
        assert pool.submit(one).result(timeout=10) == 2
    assert archived(cast.task) == ["m1", "m3"]


@pytest.mark.parametrize("asked", ["a look", "a known answer"])
def test_who_asks_for_what_is_just_being_archived_waits_and_is_told(cast: Company, asked: str) -> None:
    item = Item.objects.get(external_id="m2")

    def ask() -> str:
        try:
            if asked == "a look":
                Review.objects.create(item=item, task=cast.task, kind=ReviewKind.LOOKBACK)
            else:
                known.mark(item, draft_right=True, words="as the terms say", by=cast.admin.pk)
        except DatabaseError as error:
            return str(error)
        finally:
            connections.close_all()
        return "done"

    def one() -> int:
        try:
            return int(archive())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        with held_up():
            archiving = pool.submit(one)
            wait_for_waiting(1)
            asking = pool.submit(ask)
            wait_for_waiting(2)
        assert archiving.result(timeout=10) == len(NAMES)
        told = asking.result(timeout=10)
    if asked == "a look":
        assert "bring it back" in told
        assert not Review.objects.exists()
    else:  # marking brings it back by itself
        assert told == "done"
        assert archived(cast.task) == ["m1", "m3"]
    assert Payload.objects.filter(pk=item.pk).exists() == (asked != "a look")


def test_the_beat_asks_for_it() -> None:
    assert app.conf.beat_schedule["archive"]["task"] == archive.name
    assert app.conf.task_routes["tasks.archive.*"] == "intake"
