"""What PostgreSQL keeps and does as items come: sizes, rows, dead rows, vacuums, WAL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Table:
    """A table at the end of a run. Bytes are on the disk: what a vacuum has freed for new rows is among them."""

    name: str
    rows: int
    heap: int  # with what stands beside it since it was too long for a row
    indexes: int
    dead: int
    vacuums: int
    analyzes: int
    hot: float | None  # the share of updates that no index heard of; None without an update

    @property
    def total(self) -> int:
        return self.heap + self.indexes


_TABLES = """
SELECT s.relname, pg_table_size(s.relid), pg_indexes_size(s.relid), s.n_dead_tup, s.autovacuum_count,
       s.autoanalyze_count, s.n_tup_hot_upd::float8 / nullif(s.n_tup_upd, 0)
FROM pg_stat_user_tables s
ORDER BY pg_total_relation_size(s.relid) DESC, s.relname LIMIT %s
"""


@contextmanager
def _in_time() -> Iterator[None]:
    """Counting millions of rows takes longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        yield
        cursor.execute("RESET statement_timeout")


def tables(most: int = 10) -> list[Table]:
    """The largest tables, each with its rows counted."""
    with _in_time(), connection.cursor() as cursor:
        cursor.execute(_TABLES, [most])
        found = []
        for name, *sizes in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            found.append(Table(name, cursor.fetchone()[0], *sizes))
        return found


def indexes(most: int = 10) -> list[tuple[str, int]]:
    """The largest indexes, by name and bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes ORDER BY 2 DESC, 1 LIMIT %s",
            [most],
        )
        return [(name, size) for name, size in cursor.fetchall()]


def database_bytes() -> int:
    return int(_asked("SELECT pg_database_size(current_database())")[0])


def wal_bytes() -> int:
    """WAL written since the cluster was made."""
    return int(_asked("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")[0])


def vacuumed(tables: Sequence[str]) -> tuple[int, int]:
    """Dead rows of these tables by now, as PostgreSQL's own counters say, and how often they were vacuumed."""
    row = _asked(
        "SELECT coalesce(sum(n_dead_tup), 0)::bigint, coalesce(sum(autovacuum_count), 0)::bigint "
        "FROM pg_stat_user_tables WHERE relname = ANY(%s)",
        list(tables),
    )
    return int(row[0]), int(row[1])


def _asked(sql: str, *values: list[str]) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[int, ...] = cursor.fetchone()
        return row
