"""A task of any age, written by SQL: scored and routed items, verdicts on them, and what the guard knows of them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from bench import question
from slider.engine import audit, certificate
from slider.flow import policies, setup
from slider.models import Gauge, Maker, Mode, Project, Task, Watch, Worker

SHARE = 0.6
CHANCE = float(audit.LADDER[8])  # 1/16
LOOKS = 1 - SHARE + SHARE * CHANCE  # verdicts an item: all of people's lane, and the audits

ITEMS = """
INSERT INTO slider_item (task_id, external_id, state, priority, tries, token, created_at, run_at)
SELECT %(task)s, 'i' || n, 'done', 0, 1, 1, now(), now() FROM generate_series(%(first)s, %(last)s) AS n;
INSERT INTO slider_attempt (item_id, worker_id, token, outcome, detail, answer, samples, fields, raw, finish_reason,
                            tokens_in, tokens_out, cost, latency_ms)
SELECT id, %(worker)s, 1, 'answered', '', '{"topic": "refund"}', '[]', '[]', '', 'stop', 420, 24, 0.00021, 800
FROM slider_item WHERE task_id = %(task)s AND id > %(after)s;
INSERT INTO slider_score (attempt_id, signals, difficulty, p_correct, calibration)
SELECT a.id, json_build_object('token_logodds', 4 - r.rank * 4, 'agreement', 3 - r.rank * 2), r.rank * 6 - 3,
       1 - r.rank / 4, %(calibration)s
FROM slider_attempt a JOIN slider_item i ON i.id = a.item_id
CROSS JOIN LATERAL (SELECT (i.id * 7919 %% 100003) / 100003.0 AS rank) AS r
WHERE i.task_id = %(task)s AND i.id > %(after)s;
"""
DECIDED = """
INSERT INTO slider_decision (item_id, task_id, attempt_id, policy_id, seq, epoch, lane, why, detail, p_correct, rank,
                             bin, share, audit, audit_chance, created_at)
SELECT i.id, %(task)s, a.id, %(policy)s, %(first)s + row_number() OVER (ORDER BY i.id) - 1, 1,
       CASE WHEN easy THEN 'unattended' ELSE 'people' END, CASE WHEN easy THEN 'easy' ELSE 'hard' END, '', 1 - rank / 4,
       rank, width_bucket(rank, %(cuts)s::float8[]), %(share)s, easy AND i.id %% %(every)s = 0,
       CASE WHEN easy THEN %(chance)s ELSE 1 END, now()
FROM slider_item i JOIN slider_attempt a ON a.item_id = i.id
CROSS JOIN LATERAL (SELECT (i.id * 7919 %% 100003) / 100003.0 AS rank) AS r
CROSS JOIN LATERAL (SELECT rank <= %(share)s AS easy) AS lane
WHERE i.task_id = %(task)s AND i.id > %(after)s;
INSERT INTO slider_review (item_id, task_id, kind, slot, place, bin, state, holder_id, token, taken_at, verdict, answer,
                           reason, note, decided_at, created_at)
SELECT item_id, %(task)s, CASE WHEN audit THEN 'audit' ELSE 'gate' END, 1, seq, bin, 'decided', %(by)s, 1, now(),
       CASE WHEN (item_id * 31 %% 1009) / 1009.0 < 0.12 * rank * rank THEN 'fix' ELSE 'accept' END,
       '{"topic": "refund"}', '', '', now(), now()
FROM slider_decision WHERE task_id = %(task)s AND item_id > %(after)s AND (audit OR lane = 'people');
"""
UNHEARD = """
INSERT INTO slider_unheard (review_id, task_id)
SELECT id, task_id FROM slider_review WHERE task_id = %(task)s AND item_id > %(after)s ORDER BY id;
"""


def task(items: int, *, calibration: str) -> Task:
    """A task with so many items routed and judged long ago, and a guard that has taken all of it in."""
    place = Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})[0]
    made = setup.create_task(
        place,
        Task(
            name=f"{items} items",
            input_schema=question.INPUT_SCHEMA,
            output_schema=question.OUTPUT_SCHEMA,
            error_limit=0.05,
        ),
        Worker(name="bench", model=question.MODEL, instructions=question.INSTRUCTIONS),
        by=None,
        start=setup.Start(SHARE, Mode.TRIAL, "the bench's share"),
    )
    policies.make(made.pk, policies.Change(audit_chance=CHANCE), maker=Maker.GUARD, reason="the bench's audits")
    add(made, items, calibration=calibration, heard=True)
    Watch.objects.filter(pk=made.pk).update(routed_to=items, counted_to=items, settled_to=items)
    with connection.cursor() as cursor:
        for statement in ("SET statement_timeout = 0", "VACUUM ANALYZE", "RESET statement_timeout"):
            cursor.execute(statement)
    return made


def add(made: Task, items: int, *, calibration: str, heard: bool = False) -> None:
    """Route so many more items and judge them all."""
    gauge = Gauge.objects.select_related("policy").get(pk=made.pk)
    person = User.objects.get_or_create(username="reviewer")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM slider_item")
        (after,) = cursor.fetchone()
    values: dict[str, Any] = {
        "task": made.pk,
        "worker": made.workers.get().pk,
        "policy": gauge.policy_id,
        "first": gauge.routed,
        "last": gauge.routed + items - 1,
        "after": after,
        "share": SHARE,
        "chance": gauge.policy.audit_chance,
        "every": round(1 / gauge.policy.audit_chance),
        "cuts": certificate.CUTS.tolist(),
        "by": person.pk,
        "calibration": calibration,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        # Items are born ready, and these are done already: their trigger sleeps, and so does the check of each key.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in filter(str.strip, (ITEMS + DECIDED + ("" if heard else UNHEARD)).split(";\n")):
            cursor.execute(statement, values)
    track = {"window": [round(3 - 6 * n / 500, 6) for n in range(500)], "debt": 0.0, "seen": gauge.routed + items}
    Gauge.objects.filter(pk=made.pk).update(routed=gauge.routed + items, track=track)
