"""Tasks with any number of items behind them and so many looks waiting, written by SQL, and the people for them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from bench import question
from slider.flow import setup
from slider.models import Gauge, Membership, Mode, Project, Role, Task, Worker

TASKS = 4
AUDITED = 10  # every so manieth of the waiting looks is an audit of what has left

# Numbers from `first` on; the last `waiting` of them wait for people, what came before is done.
FILL = """
INSERT INTO slider_item (task_id, external_id, state, priority, tries, token, created_at, run_at)
SELECT %(task)s, 'i' || n, CASE WHEN n >= %(done)s AND n %% %(audited)s > 0 THEN 'review' ELSE 'done' END,
       0, 1, 1, now() - interval '1 day', now() - interval '1 day' FROM generate_series(0, %(items)s - 1) AS n;
INSERT INTO slider_payload (item_id, body, sha256, origin)
SELECT id, jsonb_build_object('subject', 'Message ' || external_id, 'text', repeat('my parcel still has not come ', 9),
                              'orders', id %% 7), sha256(external_id::bytea), 'the bench'
FROM slider_item WHERE task_id = %(task)s;
INSERT INTO slider_attempt (item_id, worker_id, token, outcome, detail, answer, samples, fields, raw, finish_reason,
                            tokens_in, tokens_out, cost, latency_ms)
SELECT id, %(worker)s, 1, 'answered', '', '{"topic": "refund", "reply": "We send it again today."}', '[]', '[]', '',
       'stop', 420, 24, 0.00021, 800
FROM slider_item WHERE task_id = %(task)s;
"""
DECIDE = """
INSERT INTO slider_decision (item_id, task_id, attempt_id, policy_id, seq, epoch, lane, why, detail, p_correct, rank,
                             bin, share, audit, audit_chance, created_at)
SELECT i.id, %(task)s, a.id, %(policy)s, n, 1, CASE WHEN easy THEN 'unattended' ELSE 'people' END,
       CASE WHEN easy THEN 'easy' ELSE 'hard' END, '', 0.6 + (n * 7919 %% 1000) / 2600.0, (n * 7919 %% 1000) / 1000.0,
       0, 0.5, easy, CASE WHEN easy THEN 0.25 ELSE 1 END, now() - interval '1 day' * (1 - n::float8 / %(items)s)
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM slider_item WHERE task_id = %(task)s) AS i
JOIN slider_attempt a ON a.item_id = i.id
CROSS JOIN LATERAL (SELECT n < %(done)s OR n %% %(audited)s = 0 AS easy) AS lane;
"""
LOOK = """
INSERT INTO slider_review (item_id, task_id, kind, slot, state, holder_id, token, taken_at, verdict, reason, note,
                           decided_at, created_at, place, bin)
SELECT d.item_id, d.task_id, CASE WHEN d.audit THEN 'audit' ELSE 'gate' END, 1,
       CASE WHEN done THEN 'decided' ELSE 'open' END, CASE WHEN done THEN %(by)s::int END, done::int,
       CASE WHEN done THEN d.created_at END, CASE WHEN done THEN 'accept' ELSE '' END, '', '',
       CASE WHEN done THEN d.created_at + interval '40 seconds' END, d.created_at, d.seq, d.bin
FROM slider_decision d CROSS JOIN LATERAL (SELECT d.seq < %(done)s AS done) AS past
WHERE d.task_id = %(task)s AND (d.seq >= %(done)s OR d.seq %% 4 = 0) ORDER BY d.seq;
"""


def tasks(items: int, *, waiting: int, people: int, password: str) -> list[Task]:
    """Make the tasks with `items` between them, of which `waiting` wait for a look, and `people` who may take them."""
    place = Project.objects.create(slug="bench", name="Bench")
    first = User.objects.create_user("reviewer-0", password=password)
    rest = [User(username=f"reviewer-{number}", password=first.password) for number in range(1, people)]
    everybody = [first, *User.objects.bulk_create(rest)]
    Membership.objects.bulk_create(Membership(project=place, user=one, role=Role.REVIEWER) for one in everybody)
    by = User.objects.create_user("before").pk
    made = [_task(place, number) for number in range(TASKS)]
    for task in made:
        _fill(task, items=items // TASKS, waiting=waiting // TASKS, by=by)
    with connection.cursor() as cursor:
        for statement in ("SET statement_timeout = 0", "VACUUM ANALYZE", "RESET statement_timeout"):
            cursor.execute(statement)
    return made


def _task(place: Project, number: int) -> Task:
    return setup.create_task(
        place,
        Task(
            name=f"Messages {number}",
            slug=f"messages-{number}",
            input_schema=question.INPUT_SCHEMA,
            output_schema=question.OUTPUT_SCHEMA,
            title_field="subject",
        ),
        Worker(name="bench", model=question.MODEL, instructions=question.INSTRUCTIONS),
        by=None,
        start=setup.Start(0.5, Mode.GUARDED, "the bench's share"),
    )


def _fill(task: Task, *, items: int, waiting: int, by: int) -> None:
    values: dict[str, Any] = {
        "task": task.pk,
        "worker": task.workers.get().pk,
        "policy": Gauge.objects.get(pk=task.pk).policy_id,
        "items": items,
        "done": items - waiting,
        "audited": AUDITED,
        "by": by,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        # Items are born ready, and these are done already: their triggers sleep, the counters' do not.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in filter(str.strip, FILL.split(";\n")):
            cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(DECIDE, values)
        cursor.execute(LOOK, values)
    Gauge.objects.filter(pk=task.pk).update(routed=items)
