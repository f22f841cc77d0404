"""Seeded bugs, one switched on at a time in a test build: what the checker does not catch, it can't promise.

    python -m tests.faults.bugs             # each of them: caught, and by which promise

Each is a mistake that a real system has made. Where a constraint or a trigger of the database alone would stop it, the
bug takes that away as well (`schema`): the checker has to see it without their help.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_UNGUARDED = "ALTER TABLE {0} DISABLE TRIGGER USER"


@dataclass(frozen=True, slots=True)
class Bug:
    """`plant` changes this process; `schema` is run once on the lab's database; `only` are the faults that show it."""

    words: str
    plant: Callable[[], None]
    schema: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def compress_time() -> None:
    """Retries of webhooks within seconds, a guard that looks each second."""
    from slider import celery
    from slider.flow import outcomes, publish

    outcomes.SCHEDULE_S = (0.0, *([1.0] * 40))
    outcomes.REST_S = (0.0, 0.5)
    publish._MARGIN_S = 2.0
    publish.TIMEOUT_S = 3.0
    defaults: Any = publish.deliver.__kwdefaults__
    defaults["timeout_s"] = 3.0
    schedule: Any = celery.app.conf.beat_schedule
    schedule["guard"]["schedule"] = 1.0


def _unlocked(text: str) -> str:
    for words in ("FOR UPDATE OF i SKIP LOCKED", "FOR UPDATE SKIP LOCKED", "FOR UPDATE OF i", "FOR UPDATE"):
        text = text.replace(words, "")
    return text


def _no_fence() -> None:
    """Who wakes up late writes all the same."""
    from slider.flow import moves

    moves._MOVE = moves._MOVE.replace("ON w.id = i.id AND w.token = i.token", "ON w.id = i.id").replace(
        "WHERE i.state = %(from)s", "WHERE true OR i.state = %(from)s"
    )
    moves.hold = lambda claimed: {item_id for item_id, _ in claimed}


def _reap_by_reading_first() -> None:
    """The sweep reads who is late, thinks, and then writes without asking again."""
    from django.db import connection

    from slider.flow import claims

    def run_out(*, most: int = 500) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM slider_item "
                "WHERE state = 'working' AND lease_until < clock_timestamp() + interval '4 s'"
            )
            late = [row[0] for row in cursor.fetchall()]
            time.sleep(0.5)
            cursor.execute(
                """
                WITH back AS (UPDATE slider_item SET state = 'ready', lease_until = NULL, finished_at = NULL
                              WHERE id = ANY(%s) RETURNING id, token)
                INSERT INTO slider_move (item_id, from_state, to_state, token, reason, at)
                SELECT id, 'working', 'ready', token, 'the worker''s lease ran out', clock_timestamp() FROM back
                """,
                [late],
            )
        return len(late)

    claims.run_out = run_out


def _publish_before_commit() -> None:
    """The result is told to the receiver while the transaction that makes it is still open."""
    import uuid
    from datetime import UTC, datetime

    from slider import strict, webhook
    from slider.flow import outbox
    from slider.models import Endpoint
    from slider.models.endpoint import signing_secrets

    owe = outbox.owe

    def told(task_id: int, results: Sequence[Any], **more: Any) -> None:
        endpoint = Endpoint.objects.get(task_id=task_id)
        secrets = signing_secrets(endpoint, now=datetime.now(UTC))
        for result in results:
            body = strict.canonical({"data": {"item": result.item_id, "number": 1, "answer": result.answer}})
            name = str(uuid.uuid4())
            signed = webhook.sign(body, webhook_id=name, at=datetime.now(UTC), secrets=secrets)
            webhook.post(endpoint.url, body=body, headers=signed, allow_hosts=["127.0.0.1"], timeout_s=2)
        owe(task_id, results, **more)

    outbox.owe = told


def _guard_read_outside() -> None:
    """The slider's state is kept for a while instead of being read under its lock."""
    from dataclasses import replace

    from slider.flow import route

    lock = route.lock
    kept: dict[int, tuple[float, Any]] = {}

    def remembered(task_id: int) -> Any:
        standing = lock(task_id)
        at, policy = kept.get(task_id, (0.0, None))
        if time.monotonic() - at > 20:
            at, policy = kept[task_id] = (time.monotonic(), standing.policy)
        return replace(standing, policy=policy, stale=False)

    route.lock = remembered


def _hint_is_the_truth() -> None:
    """A hint that was sent once is trusted: what it was lost for waits for ever."""
    from slider.flow import work

    waiting = work.waiting
    hinted: set[tuple[int, int]] = set()

    def once() -> list[int]:
        from slider.models import Item

        new = []
        for task_id in waiting():
            newest = Item.objects.filter(task_id=task_id, state="ready").latest("pk").pk
            if (mark := (task_id, newest)) not in hinted:
                hinted.add(mark)
                new.append(task_id)
        return new

    work.waiting = once


def _claim_by_finding_first() -> None:
    """Two pumps find the same rows, and both take them."""
    import json

    from django.db import connection

    from slider.flow import claims

    def claim(task_id: int, *, most: int, max_tries: int, lease_s: float, by: str, **_: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT i.id, p.body::text FROM slider_item i JOIN slider_payload p ON p.item_id = i.id "
                "WHERE i.task_id = %s AND i.state = 'ready' AND i.run_at <= clock_timestamp() AND i.tries < %s "
                "ORDER BY i.priority, i.run_at, i.id LIMIT %s",
                [task_id, max_tries, most],
            )
            found = dict(cursor.fetchall())
            time.sleep(0.05)
            cursor.execute(
                """
                WITH taken AS (
                    UPDATE slider_item SET state = 'working', token = token + 1, tries = tries + 1,
                        lease_until = clock_timestamp() + %s * interval '1 second' WHERE id = ANY(%s)
                    RETURNING id, token, tries
                ), told AS (
                    INSERT INTO slider_move (item_id, from_state, to_state, token, reason, at)
                    SELECT id, 'ready', 'working', token, %s, clock_timestamp() FROM taken
                )
                SELECT id, token, tries FROM taken
                """,
                [lease_s, list(found), f"claimed by {by}"],
            )
            return [claims.Claim(i, token, tries, json.loads(found[i])) for i, token, tries in cursor.fetchall()]

    claims.claim = claim


def _outbox_without_key() -> None:
    """What is owed is written by itself, so that a step that is done again owes it again."""
    from slider.flow import outbox

    owe = outbox.owe

    def apart(*arguments: Any, **more: Any) -> None:
        failed: list[Exception] = []

        def go() -> None:
            from django.db import connections

            try:
                owe(*arguments, **more)
            except Exception as error:  # noqa: BLE001  # handed on to the thread that waits
                failed.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=go)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    outbox.owe = apart


def _no_renewal() -> None:
    """A lease is as long as it was at first, however long the work takes."""
    from slider.flow import claims

    def renew(_claimed: object, **_: float) -> None:
        """Nothing is renewed."""

    claims.__dict__["renew"] = renew


def _spend_before_it_counts() -> None:
    """A step that is no part of the transaction is done again with it."""
    from slider.flow import work

    spend = work.spend

    def apart(*arguments: Any, **_: Any) -> None:
        def go() -> None:
            from django.db import connections

            spend(*arguments)
            connections.close_all()

        thread = threading.Thread(target=go)
        thread.start()
        thread.join()
        spend(*arguments)

    work.__dict__["spend"] = apart


def _share_counted_twice() -> None:
    """A counter is moved once more than the rows are."""
    from slider.flow import route

    route_once = route.route

    def twice(standing: Any, rated: Any, **more: Any) -> int:
        count = route_once(standing, rated, **more)
        if standing.gauge.unattended:
            standing.gauge.unattended += 1
            standing.gauge.save(update_fields=["unattended"])
        return count

    route.route = twice


def _decide_without_asking() -> None:
    """A person's verdict is written whoever holds the look by now."""
    from slider.flow import review

    review.may_decide = lambda *_: True


def _intake_looks_first() -> None:
    """Whether an item is there already is asked before it is written, and not by the database."""
    from slider.flow import intake

    insert = intake._insert

    def blindly(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:  # Django's own
        return execute(sql.replace("ON CONFLICT (task_id, external_id) DO NOTHING", ""), params, many, context)

    def careless(task_id: int, wanted: list[Any]) -> dict[str, int]:
        from django.db import connection

        from slider.models import Item

        known = set(
            Item.objects.filter(task_id=task_id, external_id__in=[name for name, _ in wanted]).values_list(
                "external_id", flat=True
            )
        )
        time.sleep(0.5)
        with connection.execute_wrapper(blindly):
            return insert(task_id, [pair for pair in wanted if pair[0] not in known])

    intake._insert = careless


def _past_the_log() -> None:
    """Results are written by a way that the log knows nothing of: all of it is in the schema."""


BUGS = {
    "no fence": Bug(
        "a worker whose lease ran out writes all the same",
        _no_fence,
        (
            _UNGUARDED.format("slider_item"),
            "ALTER TABLE slider_decision DROP CONSTRAINT slider_decision_pkey CASCADE",
            "ALTER TABLE slider_decision DROP CONSTRAINT IF EXISTS one_decision_a_place",
            "ALTER TABLE slider_publication DROP CONSTRAINT one_publication_a_number",
            "DROP INDEX IF EXISTS one_gate_an_item",
        ),
        ("freeze a pump",),
    ),
    "reap by reading first": Bug(
        "the sweep takes items away from workers that have just finished them",
        _reap_by_reading_first,
        (_UNGUARDED.format("slider_item"),),
    ),
    "publish before commit": Bug(
        "a result leaves before the transaction that makes it",
        _publish_before_commit,
        (),
        ("cut connections", "restart postgres", "kill a pump"),
    ),
    "guard read outside": Bug("a pull-back is heard of too late", _guard_read_outside, (), ("many hints",)),
    "hint is the truth": Bug(
        "a lost hint is never sent again", _hint_is_the_truth, (), ("flush redis", "kill redis", "kill a pump")
    ),
    "claim by finding first": Bug(
        "two pumps take the same item",
        _claim_by_finding_first,
        (_UNGUARDED.format("slider_item"),),
        ("many hints",),
    ),
    "outbox without key": Bug(
        "a step that is done again owes its result again",
        _outbox_without_key,
        ("ALTER TABLE slider_publication DROP CONSTRAINT one_publication_a_number",),
        ("cut connections", "restart postgres"),
    ),
    "no renewal": Bug("a lease ends under a living worker", _no_renewal, (), ("many hints",)),
    "spend before it counts": Bug("a call is paid for twice", _spend_before_it_counts, (), ("many hints",)),
    "share counted twice": Bug("a counter is ahead of its rows", _share_counted_twice, (), ("many hints",)),
    "decide without asking": Bug(
        "somebody's late word goes over another's", _decide_without_asking, (), ("many hints",)
    ),
    "intake looks first": Bug(
        "one name becomes two items",
        _intake_looks_first,
        ("ALTER TABLE slider_item DROP CONSTRAINT one_item_an_external_id",),
        ("many hints",),
    ),
    "past the log": Bug(
        "results are written and the log is not told",
        _past_the_log,
        ("DROP TRIGGER publication_told ON slider_publication",),
    ),
}


SEEDS = "1-10"
SECONDS = "20"


def main() -> int:
    """Try each bug by itself, in processes of their own; 1 if one escapes."""
    escaped = 0
    for name, bug in BUGS.items():
        command = [sys.executable, "-m", "tests.faults.soak", "--seeds", SEEDS, "--seconds", SECONDS, "--bug", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seeds = done.stdout.count('"seed":')
        promises = sorted(set(re.findall(r'"(I\d+)', done.stdout)))
        escaped += done.returncode != 0
        how = f"caught by {', '.join(promises)}" if done.returncode == 0 else f"NOT CAUGHT\n{done.stderr[-2000:]}"
        sys.stdout.write(f"{name} ({bug.words}): {how}, seed {seeds}\n")
        sys.stdout.flush()
    return int(escaped > 0)


if __name__ == "__main__":
    sys.exit(main())
