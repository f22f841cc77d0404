"""Files and kill -9: of the worker that brings one in, of the web server that one is being sent to, of the sender."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db.models.functions import Now

from slider.celery import broker
from slider.flow import files, imports, keys
from slider.models import Import, ImportChunk, ImportState, Item, Move, Payload, Scope
from tests import casts
from tests.deploy.conftest import database_url
from tests.deploy.site import ROOT, Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
ROWS = 12_000
BROKER_DATABASE = 9  # apart from what other tests use
PADDING = b"with words that make it long " * 10
CONTENT = b"text,orders\n" + b"".join(b"message %d of the file %s,%d\n" % (n % 9_000, PADDING, n) for n in range(ROWS))


def broker_url() -> str:
    return f"{settings.REDIS_URL.split('?')[0].rstrip('/')}?db={BROKER_DATABASE}"


def environment() -> dict[str, str]:
    return os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": broker_url(), "SECRET_KEY": settings.SECRET_KEY}


@contextmanager
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """A Celery worker of the intake stage, as it runs in production."""
    command = [sys.executable, "-m", "celery", "-A", "slider.celery", "worker", "--queues=intake", "--concurrency=1"]
    running = subprocess.Popen([*command, "--loglevel=WARNING"], env=environment(), start_new_session=True, cwd=ROOT)
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def hint(held: Import) -> None:
    with Celery(broker=broker(broker_url())) as app:
        app.send_task("tasks.intake.intake", args=[held.pk], queue="intake")


def wait_until(true: Callable[[], Any], *, what: str, limit_s: float = 90.0) -> None:
    ends_at = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < ends_at, f"after {limit_s} s still not: {what}"
        time.sleep(0.02)


def is_in(rows: float) -> bool:
    return Item.objects.count() >= rows


def lease_runs_out(held: Import) -> None:
    """As it does by itself after a minute."""
    Import.objects.filter(pk=held.pk).update(lease_until=Now() - timedelta(seconds=1))


def check_all_in_once(held: Import, *, rows: int = ROWS) -> None:
    held.refresh_from_db()
    assert (held.state, held.seen, held.added, held.known, held.refused) == (ImportState.DONE, rows, rows, 0, 0)
    assert Item.objects.count() == Payload.objects.count() == Move.objects.count() == rows
    numbers = sorted(Payload.objects.values_list("body__orders", flat=True))
    assert numbers == list(range(rows)), "each row is in, once"
    assert not ImportChunk.objects.exists()


def test_a_worker_that_is_killed_again_and_again_brings_every_row_in_once(tmp_path: Path) -> None:
    cast = casts.company()
    with (tmp_path / "rows.csv").open("w+b") as stream:
        stream.write(CONTENT)
        stream.seek(0)
        held = imports.receive(cast.task, name="rows.csv", stream=stream, by=cast.tuner.pk)
    stopped_at: list[int] = []
    for share in (0.2, 0.55):
        with worker() as running:
            hint(held)
            wait_until(partial(is_in, share * ROWS), what=f"{share:.0%} of the rows are in")
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        held.refresh_from_db()
        stopped_at.append(held.seen)
        assert held.seen == held.added == Item.objects.count(), "what is in, and what the counters say, is one"
        lease_runs_out(held)
        assert imports.waiting() == [held.pk], "the sweep hints it again"
    assert stopped_at[-1] < ROWS, "too quick to be killed half-way: nothing was tested"
    with worker():
        hint(held)
        wait_until(lambda: Import.objects.get(pk=held.pk).state == ImportState.DONE, what="the import is done")
    check_all_in_once(held)


class Upload:
    """A sender that writes a file to the API by hand, as slowly as is wanted."""

    def __init__(self, site: Site, key: str, task: str) -> None:
        self._socket = socket.create_connection(site.address, timeout=60)
        head = (
            f"POST /api/v1/tasks/{task}/imports?name=rows.csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {key}\r\nIdempotency-Key: rows\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        )
        self._socket.sendall(head.encode())

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def answer(self) -> bytes:
        return b"".join(iter(lambda: self._socket.recv(65536), b""))

    def close(self) -> None:
        self._socket.close()


def test_a_web_server_that_is_killed_while_a_file_arrives_leaves_nothing_and_the_same_call_works(
    tmp_path: Path,
) -> None:
    cast = casts.company()
    made = keys.make(cast.project, name="crm", scopes=[Scope.INTAKE], expires_at=None, by=cast.admin.pk)
    with Site(ROOT, environment() | {"PYTHONPATH": ""}, tmp_path) as site:
        site.wait_until_up(site.web())
        upload = Upload(site, made.whole, cast.task.slug)
        upload.send(CONTENT[: len(CONTENT) // 2])
        wait_until(ImportChunk.objects.exists, what="the file is arriving")
        site.lose()
        upload.close()
        left = Import.objects.get()
        assert (left.state, left.bytes) == (ImportState.ARRIVING, 0)
        lease_runs_out(left)
        assert files.tidy() == 1
        assert imports.waiting() == []
        assert not Item.objects.exists()
        assert not ImportChunk.objects.exists()

        site.wait_until_up(site.web())
        again = Upload(site, made.whole, cast.task.slug)
        again.send(CONTENT)
        assert again.answer().startswith(b"HTTP/1.1 202")
    held = Import.objects.get(state=ImportState.WAITING)
    assert imports.run(held.pk)
    check_all_in_once(held)


def test_a_sender_who_goes_away_half_way_leaves_nothing(tmp_path: Path) -> None:
    cast = casts.company()
    made = keys.make(cast.project, name="crm", scopes=[Scope.INTAKE], expires_at=None, by=cast.admin.pk)
    with Site(ROOT, environment() | {"PYTHONPATH": ""}, tmp_path) as site:
        web = site.web()
        site.wait_until_up(web)
        upload = Upload(site, made.whole, cast.task.slug)
        upload.send(CONTENT[: len(CONTENT) // 2])
        upload.close()
        wait_until(lambda: "Bad Request" in web.log.read_text(), what="the web server notices")
    assert not Import.objects.exists()
    assert not ImportChunk.objects.exists()
