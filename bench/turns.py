"""What handing looks out costs, beside how many there are: `python -m bench.turns 10000 1000000`.

Five tasks, a tenth of the rows open, one person who reviews all five; also where the first 4,000 open looks of every
task are ones that this person has skipped.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

_FILL = """
INSERT INTO slider_review (item_id, task_id, kind, slot, state, holder_id, token, verdict, answer, reason, note,
                           decided_at, created_at, turn, pressing)
SELECT n, %(first)s + n / 10 %% 5, CASE WHEN n %% 20 = 0 THEN 'audit' ELSE 'gate' END, 1,
       CASE WHEN n %% 10 = 0 THEN 'open' ELSE 'decided' END, CASE WHEN n %% 10 = 0 THEN NULL ELSE %(by)s END, 0,
       CASE WHEN n %% 10 = 0 THEN '' ELSE 'accept' END, NULL, '', '',
       CASE WHEN n %% 10 = 0 THEN NULL ELSE now() END, now(), now() + random() * interval '1 day', random()
FROM generate_series(1, %(rows)s) AS rows(n)
"""


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [10_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="slider-bench-") as folder:
        os.environ |= {"SLIDER_STATE_DIR": folder, "DJANGO_SETTINGS_MODULE": "slider.settings"}
        os.environ |= {"SLIDER_THROWAWAY_DATABASE": "true"}

        from bench.place import set_up
        from slider import embedded

        with embedded.servers(Path(folder), durable=False, database_url="", redis_url=""):
            set_up()
            for rows in sizes:
                _measure(rows)


def _measure(rows: int) -> None:
    from django.db import connection

    from slider.models import Review
    from tests import casts

    cast = casts.company(prefix=f"r{rows} ")
    tasks = [cast.task.pk, *(casts.task(cast.project, by=cast.admin, name=f"Kind {n}").pk for n in range(4))]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET statement_timeout = 0")
        cursor.execute("TRUNCATE slider_review CASCADE")
        cursor.execute(_FILL, {"first": tasks[0], "by": cast.admin.pk, "rows": rows})
        cursor.execute("ANALYZE slider_review")
        cursor.execute("SET session_replication_role = origin")
    waiting = Review.objects.filter(state="open").count()
    for words in ("", " after 4,000 skipped in each task"):
        if words:
            _skip(cast.reviewer.pk, tasks)
        spent = [_claim(cast.reviewer.pk, tasks) for _ in range(200)]
        low, high = np.percentile(spent, [50, 95])
        print(f"{rows:>9,} rows, {waiting:>7,} open{words}: four looks in {low:.1f} ms, p95 {high:.1f} ms")
        print("\n".join(f"    {line}" for line in _plan(cast.reviewer.pk, tasks) if "Scan" in line or "Sort" in line))


def _claim(user_id: int, tasks: list[int]) -> float:
    from django.db import transaction

    from slider.flow import claims

    began = time.perf_counter()
    with transaction.atomic():
        claims.lock_person(user_id)
        claims.take_looks(user_id, task_ids=tasks, most=4, lease_s=60, near=tasks[0])
    return (time.perf_counter() - began) * 1000


def _plan(user_id: int, tasks: list[int]) -> list[str]:
    from django.db import connection

    from slider.flow import claims

    values: dict[str, Any] = {
        "user": user_id,
        "tasks": tasks,
        "lease_s": 60,
        "page": "",
        "near": 0,
        "stay_s": 0,
    }
    take = claims._TAKE.format(**claims._FRONT, most=4, slack=claims._SLACK)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {take}", values)
        return [line for (line,) in cursor.fetchall()]


def _skip(user_id: int, tasks: list[int]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO slider_decline (review_id, user_id)
            SELECT f.id, %s FROM unnest(%s::bigint[]) AS t(id) CROSS JOIN LATERAL (
                SELECT id FROM slider_review WHERE task_id = t.id AND state = 'open' ORDER BY turn, id LIMIT 4000
            ) AS f
            """,
            [user_id, tasks],
        )
        cursor.execute("UPDATE slider_review r SET declined = true FROM slider_decline d WHERE d.review_id = r.id")
        cursor.execute("ANALYZE slider_decline")
        cursor.execute("SET session_replication_role = origin")


if __name__ == "__main__":
    main()
