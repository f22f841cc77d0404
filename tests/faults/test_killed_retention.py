"""kill -9 of the hand that deletes old contents, in the middle of a batch: each item is emptied whole, once, or not."""

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from slider.flow import retaining
from slider.models import Emptied, EmptyWalk, Entry, Item, Verdict
from tests import archives, casts, logs
from tests.deploy.conftest import database_url, wait_until
from tests.deploy.site import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
BATCH, DUE = 4, 18
# One run of the fleet's own task, in small batches.
RUN = f"""
import django
django.setup()
from slider.flow import retaining
retaining.BATCH = {BATCH}
from tasks.retaining import retaining as run
run()
"""
# What somebody else holds, so that the run stands still there: the contents of some places are gone in its transaction,
# those of others are not yet; the last one stands in the middle of a commit. `%s` is an item of the batch.
STANDS = (
    "SELECT FROM slider_attempt WHERE item_id = %s FOR UPDATE",
    "SELECT FROM slider_publication WHERE item_id = %s FOR UPDATE",
    "LOCK TABLE slider_link IN SHARE MODE",
)
_WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))"
_WALKS = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s)"


@contextmanager
def somebody_holds(statement: str, *given: int) -> Iterator[int]:
    """Until the end; gives the number of whoever holds it, in the database."""
    with psycopg.connect(database_url()) as other:
        other.execute(statement, given)
        yield other.info.backend_pid
        other.rollback()


def killed_at(statement: str, *given: int) -> None:
    """The fleet's task is begun, comes to where it has to wait, and is killed there."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "slider.settings",
        "SLIDER_DB_LOCK_MS": "60000",
    }
    with somebody_holds(statement, *given) as holder:
        running = subprocess.Popen([sys.executable, "-c", RUN], env=environment, cwd=ROOT)
        try:
            wait_until(
                lambda: running.poll() is not None or logs.sql(_WAITS, holder)[0][0],
                limit_s=60,
                what="the run stands in a transaction",
            )
            assert running.poll() is None, "it ended by itself: nothing was killed"
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait()
    wait_until(lambda: not logs.sql(_WALKS, retaining._WALK)[0][0], limit_s=30, what="PostgreSQL has noticed")


def word(item: Item) -> str:
    """What stands in an item, in what a worker and a person made of it, and in no other."""
    return f"robinson{item.external_id}x"


def places(items: Sequence[Item]) -> dict[str, frozenset[str]]:
    """By item: the tables that hold its word."""
    found = defaultdict(set)
    with connection.cursor() as cursor:
        for model in apps.get_app_config("slider").get_models():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t")
            rows = "\n".join(row for (row,) in cursor.fetchall())
            for item in items:
                if word(item) in rows:
                    found[item.external_id].add(model._meta.db_table)
    return {item.external_id: frozenset(found[item.external_id]) for item in items}


def ended(cast: casts.Company, numbers: range) -> list[Item]:
    """Items that a worker answered and a person decided on."""
    names = [f"{n:03}" for n in numbers]
    answers = {
        name: casts.says({"topic": "refund", "urgent": False, "reply": f"Dear robinson{name}x"}) for name in names
    }
    bodies = {name: {"subject": name, "text": f"I am robinson{name}x"} for name in names}
    items = casts.route_all(cast.task, answers, bodies=bodies)
    by_id = {item.pk: item for item in items}
    for _ in items:
        look = casts.take(cast.reviewer, cast.task)
        own = {"topic": "other", "urgent": False, "reply": word(by_id[look.item_id])}
        casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=own, note=word(by_id[look.item_id]))
    return items


def check_each_is_whole_or_gone(items: Sequence[Item], before: dict[str, frozenset[str]]) -> int:
    """Returns how many are gone."""
    gone = set(Emptied.objects.filter(told=True).values_list("item__external_id", flat=True))
    assert Emptied.objects.count() == len(gone)
    now = places(items)
    assert {name for name, tables in now.items() if not tables} == gone
    assert {name: tables for name, tables in now.items() if tables} == {
        name: tables for name, tables in before.items() if name not in gone
    }
    return len(gone)


def test_what_is_due_is_emptied_once_however_often_it_is_killed_half_way() -> None:
    cast = casts.company(share=0.0, contents_days=archives.DAYS)
    due = ended(cast, range(DUE))
    archives.grow_old(cast.task)
    items = [*due, *ended(cast, range(DUE, DUE + 3)), *casts.bring_in(cast.task, {"waits": {"text": "robinsonwaitsx"}})]
    Item.objects.filter(external_id="waits").update(created_at="2020-01-01T00:00Z")
    before = places(items)
    assert {"slider_payload", "slider_attempt", "slider_review", "slider_publication"} <= before[due[0].external_id]
    done = 0
    for nth, statement in enumerate(STANDS, start=1):
        # An item of the batch after the next: the one before it is done, and stays so.
        killed_at(statement, *([due[done + BATCH + 1].pk] if "%s" in statement else []))
        was, done = done, check_each_is_whole_or_gone(items, before)
        assert was + BATCH >= done, "what was begun half-way is not done"
        assert done > was or nth == len(STANDS)
    assert done < DUE, "nothing is left that was killed half-way: nothing was tested"

    assert retaining.sweep(limit_s=30) == DUE - done
    assert check_each_is_whole_or_gone(items, before) == DUE
    assert set(Emptied.objects.values_list("item_id", flat=True)) == {item.pk for item in due}
    told = Entry.objects.filter(kind="privacy", facts__deed="deleted").values_list("facts__items", flat=True)
    assert sum(told) == EmptyWalk.objects.get().gone == DUE, "each of them once"
    assert logs.found() == []
    EmptyWalk.objects.update(rests_until="2020-01-01T00:00Z")
    assert retaining.sweep(limit_s=5) == 0
