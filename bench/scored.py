"""A task with any number of scored items, written by SQL, and the questions that its slider page asks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from bench import question
from slider.engine import calibration, certificate
from slider.flow import policies, setup
from slider.models import Gauge, Maker, Membership, Mode, Project, Role, Task, Worker
from slider.queries import clock, steer

SHARE = 0.6
AUDITED = 16  # every so manieth of the unattended lane

# All within the last day, so that every tally of the 24 hours is there: the most that the sums can meet.
FILL = """
INSERT INTO slider_item (task_id, external_id, state, priority, tries, token, created_at, run_at)
SELECT %(task)s, 'i' || n, 'done', 0, 1, 1, now(), now() FROM generate_series(0, %(most)s) AS n;
INSERT INTO slider_attempt (item_id, worker_id, token, outcome, detail, answer, samples, fields, raw, finish_reason,
                            tokens_in, tokens_out, cost, latency_ms)
SELECT id, %(worker)s, 1, 'answered', '', '{"topic": "refund"}', '[]', '[]', '', 'stop', 420, 24, 0.00021, 800
FROM slider_item WHERE task_id = %(task)s;
"""
DECIDE = """
INSERT INTO slider_decision (item_id, task_id, attempt_id, policy_id, seq, epoch, lane, why, detail, p_correct, rank,
                             bin, share, audit, audit_chance, created_at)
SELECT item_id, %(task)s, attempt_id, %(policy)s, n, 1, CASE WHEN easy THEN 'unattended' ELSE 'people' END,
       CASE WHEN ruled THEN 'rule' WHEN easy THEN 'easy' ELSE 'hard' END, '', 1 - rank / 4,
       CASE WHEN NOT ruled THEN rank END, CASE WHEN NOT ruled THEN width_bucket(rank, %(cuts)s::float8[]) END,
       %(share)s, easy AND n %% %(audited)s = 0, CASE WHEN easy THEN 0.25 ELSE 1 END,
       clock_timestamp() - interval '1 day' * (1 - n::float8 / (%(most)s + 1))
FROM (SELECT i.id AS item_id, a.id AS attempt_id, row_number() OVER (ORDER BY i.id) - 1 AS n
      FROM slider_item i JOIN slider_attempt a ON a.item_id = i.id WHERE i.task_id = %(task)s) AS one
CROSS JOIN LATERAL (SELECT (n * 7919 %% 100003) / 100003.0 AS rank, n %% 20 = 0 AS ruled) AS place
CROSS JOIN LATERAL (SELECT NOT ruled AND rank <= %(share)s AS easy) AS lane;
"""
LOOK = """
INSERT INTO slider_review (item_id, task_id, kind, slot, state, holder_id, token, taken_at, verdict, reason, note,
                           decided_at, created_at)
SELECT item_id, task_id, CASE WHEN audit THEN 'audit' ELSE 'gate' END, 1, 'decided', %(by)s, 1,
       created_at, CASE WHEN seq %% 50 = 0 THEN 'reject' ELSE 'accept' END, '', '',
       created_at + interval '40 seconds', created_at
FROM slider_decision WHERE task_id = %(task)s AND (audit OR lane = 'people') AND seq %% 4 = 0;
"""


def task(items: int) -> Task:
    """A task with so many items routed in the last day, a quarter of the looks done, and evidence up to 60 %."""
    place = Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})[0]
    person = User.objects.get_or_create(username="tuner")[0]
    Membership.objects.get_or_create(project=place, user=person, defaults={"role": Role.TUNER})
    made = setup.create_task(
        place,
        Task(
            name=f"What-if over {items}",
            input_schema=question.INPUT_SCHEMA,
            output_schema=question.OUTPUT_SCHEMA,
            staffed_hours=8.0,
        ),
        Worker(name="bench", model=question.MODEL, instructions=question.INSTRUCTIONS),
        by=None,
        start=setup.Start(0.8, Mode.GUARDED, "the bench's share"),
    )
    policy = _prove(made)
    _fill(made, items=items, policy=policy, by=person.pk)
    return made


def _prove(made: Task) -> int:
    cuts = certificate.CUTS.tolist()
    facts = {
        "cuts": cuts,
        "right": [40] * len(cuts),
        "wrong": [0] * len(cuts),
        "error": [0.01] * len(cuts),
        "upper": [0.02] * len(cuts),
        "certified": [cut <= SHARE for cut in cuts],
        "best": [0.0] * len(cuts),
        "cap": SHARE,
        "outstanding": 0,
        "more": 240,
        "fitted_at": 0,
    }
    found = policies.Evidence(SHARE, calibration.prior().to_json(), facts, 40 * len(cuts))
    change = policies.Change(evidence=found)
    return policies.make(made.pk, change, maker=Maker.GUARD, reason="the bench's evidence").pk


def _fill(made: Task, *, items: int, policy: int, by: int) -> None:
    values: dict[str, Any] = {
        "task": made.pk,
        "worker": made.workers.get().pk,
        "policy": policy,
        "most": items - 1,
        "share": SHARE,
        "audited": AUDITED,
        "cuts": certificate.CUTS.tolist(),
        "by": by,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        # Items are born ready, and these are done already: their triggers sleep, the counters' does not.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in filter(str.strip, FILL.split(";\n")):
            cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(DECIDE, values)
        cursor.execute(LOOK, values)
    Gauge.objects.filter(pk=made.pk).update(routed=items)
    with connection.cursor() as cursor:
        for statement in ("SET statement_timeout = 0", "VACUUM ANALYZE", "RESET statement_timeout"):
            cursor.execute(statement)


def questions(made: Task, *, positions: int) -> dict[str, Callable[[], object]]:
    """What the page asks: all positions from the counters, and one position at rest with its ten examples."""
    shares = [place / (positions - 1) for place in range(positions)]
    client = Client()
    client.force_login(User.objects.get(username="tuner"))

    def every_position() -> object:
        gauge = Gauge.objects.select_related("policy", "task").get(pk=made.pk)
        outlook = steer.outlook(gauge.policy, staffed_hours=gauge.task.staffed_hours, now=clock.now())
        return steer.positions(shares, outlook=outlook)

    def at_rest() -> object:
        return _answered(client, reverse("what-if", args=[made.pk]) + "?percent=35&mode=guarded")

    def whole_page() -> object:
        return _answered(client, reverse("slider", args=[made.pk]))

    _check(made, every_position())
    return {
        f"{positions} positions": every_position,
        "one position at rest, with ten examples": at_rest,
        "the whole page": whole_page,
    }


def _answered(client: Client, address: str) -> object:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return answer


def _check(made: Task, found: object) -> None:
    """A fast answer that counted nothing is worth nothing: the day must hold the items that were routed in it."""
    outlook = steer.outlook(Gauge.objects.get(pk=made.pk).policy, staffed_hours=8.0, now=clock.now())
    routed = Gauge.objects.get(pk=made.pk).routed
    # A part of the first hour has passed out of the 24 since the rows were written.
    least = routed * (1 - timedelta(minutes=30) / timedelta(days=1))
    if not least <= outlook.traffic.items <= routed:
        raise RuntimeError(f"The counters hold {outlook.traffic.items:.0f} items of {routed} that were routed")
    if not isinstance(found, list) or found[0].looks is None or found[-1].wrong_most is None:
        raise RuntimeError("The positions are without numbers")
