"""Many routed and reviewed items at once, for pages that read evidence: by SQL, as routing would have left them.

stream.pour(cast.task, stream.Wave(items=2_000, error=0.02), by=cast.reviewer)
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction

from slider.engine import certificate
from slider.models import Gauge, Task

_MANY = 2_000
_POUR = """
CREATE TEMP TABLE poured ON COMMIT DROP AS
WITH drawn AS (
    SELECT n, %(first)s + n AS seq,
           hashint8extended(n + %(salt)s, 1) & 1048575 AS h1, hashint8extended(n + %(salt)s, 2) & 1048575 AS h2,
           hashint8extended(n + %(salt)s, 3) & 1048575 AS h3, hashint8extended(n + %(salt)s, 4) & 1048575 AS h4
    FROM generate_series(0, %(items)s - 1) AS n
), chosen AS (
    SELECT n, seq, (h1 + 1) / 1048577.0 AS rank, h2 / 1048576.0 AS coin, h3 / 1048576.0 AS luck,
           (ARRAY['delivery', 'refund', 'product', 'account', 'other'])[1 + h4 %% 5] AS topic
    FROM drawn
)
SELECT nextval('slider_item_id_seq') AS item, nextval('slider_attempt_id_seq') AS attempt, n, seq, rank, topic,
       rank <= %(share)s AS alone, rank <= %(share)s AND coin < %(chance)s AS audit,
       luck < CASE WHEN topic = %(bad_topic)s THEN %(bad_error)s
                   WHEN rank <= %(share)s THEN %(error)s ELSE least(.9, 8 * %(error)s) END AS wrong,
       clock_timestamp() - (%(days)s - %(ends)s) * (1 - n::float / %(items)s) * interval '1 day'
           - %(ends)s * interval '1 day' AS at
FROM chosen;
INSERT INTO slider_item (id, task_id, external_id, state, priority, run_at, tries, token, created_at, finished_at)
SELECT item, %(task)s, 'poured-' || item, CASE WHEN alone THEN 'done' ELSE 'review' END, 0, at, 1, 1, at,
       CASE WHEN alone THEN at END FROM poured;
INSERT INTO slider_payload (item_id, body, sha256, origin)
SELECT item, '{"text": "I want my money back."}', '\\x00',
       CASE WHEN n %% 3 = 0 THEN 'import of october.csv' ELSE 'key shop' END
FROM poured;
INSERT INTO slider_attempt (id, item_id, worker_id, token, outcome, detail, answer, samples, fields, raw,
                            finish_reason, tokens_in, tokens_out, cost, latency_ms, created_at)
SELECT attempt, item, %(worker)s, 1, 'answered', '', jsonb_build_object('topic', topic, 'urgent', false), '[]', '[]',
       '', 'stop', 420, 24, .0002, 812, at FROM poured;
INSERT INTO slider_score (attempt_id, signals, difficulty, p_correct, calibration, created_at)
SELECT attempt, '{}', rank, 1 - least(.9, rank * rank * %(said)s), 'poured', at FROM poured;
INSERT INTO slider_decision (item_id, task_id, attempt_id, policy_id, seq, epoch, lane, why, detail, p_correct, rank,
                             bin, share, audit, audit_chance, created_at)
SELECT item, %(task)s, attempt, %(policy)s, seq, %(epoch)s, CASE WHEN alone THEN 'unattended' ELSE 'people' END,
       CASE WHEN alone THEN 'easy' ELSE 'hard' END, '', 1 - least(.9, rank * rank * %(said)s), rank,
       (SELECT count(*) FROM unnest(%(cuts)s::float8[]) AS cut WHERE cut < rank), %(share)s,
       audit, CASE WHEN alone THEN %(chance)s ELSE 1 END, at FROM poured;
INSERT INTO slider_review (item_id, task_id, kind, slot, place, bin, state, holder_id, token, taken_at, verdict, answer,
                           reason, note, decided_at, created_at)
SELECT item, %(task)s, CASE WHEN audit THEN 'audit' ELSE 'gate' END, 1, seq,
       (SELECT count(*) FROM unnest(%(cuts)s::float8[]) AS cut WHERE cut < rank),
       CASE WHEN owed THEN 'open' ELSE 'decided' END, CASE WHEN owed THEN NULL ELSE %(by)s END, 1,
       CASE WHEN owed THEN NULL ELSE at END,
       CASE WHEN owed THEN '' WHEN NOT wrong THEN 'accept' WHEN n %% 4 = 0 THEN 'reject' ELSE 'fix' END,
       CASE WHEN owed OR wrong AND n %% 4 = 0 THEN NULL WHEN wrong THEN jsonb_build_object('topic', 'other',
            'urgent', n %% 3 = 0) ELSE jsonb_build_object('topic', topic, 'urgent', false) END,
       CASE WHEN wrong AND NOT owed AND n %% 4 = 0 THEN 'policy' ELSE '' END, '',
       CASE WHEN owed THEN NULL ELSE at + interval '30 seconds' END, at
FROM (SELECT *, n >= %(items)s - %(owed)s AS owed FROM poured) AS p WHERE audit OR NOT alone;
"""


@dataclass(frozen=True, slots=True)
class Wave:
    """Items in a row. `error` is that of the unattended lane; one topic may have its own; the last `owed` are unjudged.

    The first item is `days` old, the last one `ends` days. `said` makes `p_correct` fall with the rank.
    """

    items: int
    error: float = 0.02
    share: float = 0.8
    chance: float = 0.25
    bad_topic: str = ""
    bad_error: float = 0.0
    owed: int = 0
    days: float = 1.0
    ends: float = 0.0
    said: float = 0.25


def pour(task: Task, wave: Wave, *, by: User) -> None:
    """Write the items of a wave after those that are there, under the policy that is in force."""
    gauge = Gauge.objects.select_related("policy").get(pk=task.pk)
    values = {name: getattr(wave, name) for name in Wave.__dataclass_fields__} | {
        "first": gauge.routed,
        "salt": gauge.routed * 7 + 1,
        "task": task.pk,
        "policy": gauge.policy_id,
        "worker": gauge.policy.worker_id,
        "epoch": gauge.policy.epoch,
        "by": by.pk,
        "cuts": certificate.CUTS.tolist(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # an item of the past was never born ready
        for statement in _POUR.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {name: values[name] for name in values if f"%({name})s" in statement})
        cursor.execute("DROP TABLE IF EXISTS poured")
        cursor.execute("SET LOCAL session_replication_role = origin")
        if wave.items >= _MANY:  # the database's own housekeeping would have done so by then
            cursor.execute("ANALYZE slider_decision, slider_attempt, slider_score, slider_review")
        Gauge.objects.filter(pk=task.pk).update(
            routed=gauge.routed + wave.items, unattended=gauge.unattended + round(wave.items * wave.share)
        )
