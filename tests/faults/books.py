"""The tables as they stand at the end, read with SQL of our own: the product's code has no part in its own trial."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

TABLES = {
    "items": "SELECT id, external_id, state, token, tries, task_id FROM slider_item ORDER BY id",
    "moves": """
        SELECT id, item_id, from_state, to_state, token, by_id, reason, extract(epoch FROM at)::float8 AS at
        FROM slider_move ORDER BY item_id, id
    """,
    "attempts": """
        SELECT id, item_id, token, outcome, answer, extract(epoch FROM created_at)::float8 AS at
        FROM slider_attempt ORDER BY id
    """,
    "decisions": """
        SELECT d.item_id, d.attempt_id, d.policy_id, d.seq, d.epoch, d.lane, d.audit, d.share, p.held, p.effective,
               p.number AS policy_number, p.mode
        FROM slider_decision d JOIN slider_policy p ON p.id = d.policy_id ORDER BY d.seq
    """,
    "reviews": """
        SELECT id, item_id, kind, state, holder_id, token, verdict, answer, reason, note FROM slider_review ORDER BY id
    """,
    "opinions": "SELECT review_id, by_id, note FROM slider_secondopinion ORDER BY id",
    "publications": """
        SELECT id, item_id, number, webhook_id::text AS webhook_id, ending, answer FROM slider_publication ORDER BY id
    """,
    "parcels": """
        SELECT id, endpoint_id, publication_id, webhook_id::text AS webhook_id, state, tries
        FROM slider_parcel ORDER BY id
    """,
    "tries": "SELECT parcel_id, number, reason FROM slider_try ORDER BY id",
    "endpoints": "SELECT id, task_id FROM slider_endpoint ORDER BY id",
    "gauges": "SELECT task_id, routed, unattended FROM slider_gauge ORDER BY task_id",
    "policies": "SELECT id, task_id, number, epoch FROM slider_policy ORDER BY task_id, number",
    "spends": "SELECT worker_id, sum(calls)::bigint AS calls FROM slider_spend GROUP BY worker_id ORDER BY worker_id",
    "tasks": "SELECT id, max_tries FROM slider_task ORDER BY id",
    "links": """
        SELECT coalesce(l.chain, e.chain) AS chain, l.number, l.hash, coalesce(l.entry_id, e.id) AS entry_id,
               e.chain AS told_in, (extract(epoch FROM e.at) * 1000000)::bigint AS at_us, e.kind, e.project_id,
               e.task_id, e.by_id, e.via, e.facts::text AS facts, coalesce(e.digests, '') AS digests
        FROM slider_link l FULL JOIN slider_entry e ON e.id = l.entry_id ORDER BY 1, l.number NULLS LAST
    """,
}


@dataclass(frozen=True, slots=True)
class Books:
    """One list of rows a table, as named tuples."""

    items: list[Any]
    moves: list[Any]
    attempts: list[Any]
    decisions: list[Any]
    reviews: list[Any]
    opinions: list[Any]
    publications: list[Any]
    parcels: list[Any]
    tries: list[Any]
    endpoints: list[Any]
    gauges: list[Any]
    policies: list[Any]
    spends: list[Any]
    tasks: list[Any]
    links: list[Any]


def read(connection: "psycopg.Connection[Any]") -> Books:
    """All of it as of one moment."""
    with connection.transaction(), connection.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return Books(**{name: cursor.execute(query).fetchall() for name, query in TABLES.items()})
