"""Whoever can write to Redis can't end a worker: what is no hint is logged and dropped, and the next hint is taken."""

import base64
import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from slider import hints
from tests import casts

EMPTY = base64.b64encode(b'[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]').decode()
GOOD: dict[str, Any] = {
    "body": EMPTY,
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "headers": {"lang": "py", "task": "tasks.sweep.sweep", "id": "a-hint", "timelimit": [None, None], "retries": 0},
    "properties": {
        "correlation_id": "a-hint",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "sweep"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": "a-tag",
    },
}


def but(*path: str, be: Any) -> bytes:
    """A hint in which one thing is something else; with `...` it is away."""
    told = copy.deepcopy(GOOD)
    place = told
    for name in path[:-1]:
        place = place[name]
    if be is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = be
    return json.dumps(told).encode()


def body(text: bytes) -> bytes:
    return but("body", be=base64.b64encode(text).decode())


POISON: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe\x00",
    "NUL": b"\x00" * 10,
    "a number": b"7",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "a megabyte": b"x" * 1_000_000,
    "no properties": but("properties", be=...),
    "properties of another kind": but("properties", be=[]),
    "no tag": but("properties", "delivery_tag", be=...),
    "a tag that is an object": but("properties", "delivery_tag", be={}),
    "no way here": but("properties", "delivery_info", be=...),
    "a way that is a number": but("properties", "delivery_info", be=1),
    "no headers": but("headers", be=...),
    "headers that are a list": but("headers", be=[1]),
    "no task": but("headers", "task", be=...),
    "a task that is a list": but("headers", "task", be=["tasks.sweep.sweep"]),
    "a task that nobody has": but("headers", "task", be="os.system"),
    "no id": but("headers", "id", be=...),
    "an id that is an object": but("headers", "id", be={"a": 1}),
    "pickle": but("content-type", be="application/x-python-serialize"),
    "yaml": but("content-type", be="application/x-yaml"),
    "another encoding": but("content-encoding", be="rot13"),
    "a body that is no base64": but("body", be="§"),
    "a body that is an object": but("body", be={}),
    "no body": but("body", be=...),
    "a body that is no JSON": body(b"{"),
    "a body of another form": body(b"{}"),
    "arguments that nobody takes": body(b"[[1, 2, 3], {}, {}]"),
    "one argument too many": body(b"[[7], {}, {}]"),
    "an argument that is no key": body(b'[["7; DROP TABLE"], {}, {}]'),
    "named arguments": body(b'[[], {"evil": 1}, {}]'),
    "a link to another task": body(b'[[], {}, {"callbacks": [{"task": "tasks.guard.guard"}]}]'),
    "an end that is none": but("headers", "expires", be="soon"),
    "an end that is an object": but("headers", "expires", be={}),
    "a time in ten years": but("headers", "eta", be="2099-01-01T00:00:00+00:00"),
    "a time that is none": but("headers", "eta", be="never"),
    "compressed": but("headers", "compression", be="application/x-gzip"),
    "a limit of its own": but("headers", "timelimit", be=["x", -1]),
    "tries that are text": but("headers", "retries", be="many"),
    "a stamp of another kind": but("headers", "stamps", be=7),
    "stamps of another kind": but("headers", "stamped_headers", be=7),
    "an answer to nowhere": but("properties", "reply_to", be={"a": 1}),
    "a priority that is text": but("properties", "priority", be="high"),
}
# These have the form of a hint: Celery itself refuses what is wrong with them.
SHAPED = ("a task that nobody has", "one argument too many", "an end that is none", "a priority that is text")


def test_a_hint_of_ours_has_no_fault() -> None:
    assert hints.fault(GOOD) == ""


@pytest.mark.parametrize("name", [name for name in POISON if name not in SHAPED])
def test_what_is_no_hint_is_called_so(name: str) -> None:
    try:
        told = json.loads(POISON[name])
    except (ValueError, RecursionError):
        return  # it never comes out of the queue as anything
    assert hints.fault(told) != ""


@contextmanager
def worker(url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A real Celery worker that hears hints of the sweep, on this test's database and a Redis database of its own."""
    parameters = connection.get_connection_params()
    database = f"postgres://{parameters['user']}@{parameters['host'].replace('/', '%2F')}/{parameters['dbname']}"
    env = os.environ | {"DATABASE_URL": os.environ.get("SLIDER_TEST_DATABASE_URL") or database, "REDIS_URL": url}
    command = "-m celery -A slider.celery worker --queues=sweep --concurrency=1 --without-gossip --without-mingle"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command.split(), "--loglevel=INFO"], env=env, stdout=file, stderr=file
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(broker: "redis.Redis", process: "subprocess.Popen[bytes]", log: Path, words: bytes, *, times: int) -> None:
    end = time.monotonic() + 60
    while broker.llen("sweep") or broker.hlen("unacked") or log.read_bytes().count(words) < times:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < end, (broker.llen("sweep"), broker.hgetall("unacked"), log.read_text()[-3000:])
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_no_message_ends_a_worker_or_stays(tmp_path: Path) -> None:
    casts.company()
    url = f"{settings.REDIS_URL.split('?')[0].rstrip('/')}?db=8"
    broker = redis.Redis.from_url(url)
    broker.flushdb()
    log, done = tmp_path / "log", b"tasks.sweep.sweep[a-hint] succeeded"
    with worker(url, log) as process:
        broker.lpush("sweep", json.dumps(GOOD))
        wait_for(broker, process, log, done, times=1)
        for raw in POISON.values():
            broker.lpush("sweep", raw)
        # What would shut every worker down, were it listened to.
        broker.publish("/8.celery.pidbox", json.dumps({"method": "shutdown", "arguments": {}, "destination": None}))
        seen = log.read_bytes().count(done)
        broker.lpush("sweep", json.dumps(GOOD))
        wait_for(broker, process, log, done, times=seen + 1)
        assert process.poll() is None
    text = log.read_text()
    assert text.count("a message that is no hint was dropped") > 30
    assert broker.zcard("unacked_index") == 0
    broker.flushdb()
