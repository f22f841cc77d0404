"""Files out: how long 100,000 items take from the request to the last byte downloaded, and what web and worker hold.

python -m bench.files_out [--items 100000] [--formats csv jsonl jsonl.gz parquet] [--json]

A web server and one worker as in production, on servers of their own; each item has a payload of some 250 bytes, an
attempt, a decision, and every eighth a verdict.
"""

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.files_in import most_mib, site
from bench.place import Place, place, set_up, wait_until

FORMATS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")
PAYLOADS = """
INSERT INTO slider_payload (item_id, body, sha256, origin)
SELECT id, jsonb_build_object('subject', 'Ticket ' || id, 'orders', id %% 40, 'text', left(repeat(
    'order lamp late broken where invoice ' || id || ' ', 8), 200)), sha256(id::text::bytea), 'the bench'
FROM slider_item WHERE task_id = %s
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One file. MiB are the most that a process of the kind has held."""

    format: str
    items: int
    file_mib: float
    made_s: float
    downloaded_s: float
    web_mib: float
    worker_mib: float


def measure(where: Place, kind: str, slug: str, key: str) -> Run:
    """Ask for a file, wait until the fleet has made it, download it."""
    from slider.flow import wake
    from slider.models import Export, ExportState

    with tempfile.TemporaryDirectory() as folder, site(where, Path(folder)) as (port, web, crew):
        began = time.perf_counter()
        number = json.loads(_ask(port, key, "POST", f"/tasks/{slug}/exports", json.dumps({"format": kind})))["id"]

        def is_over() -> bool:
            where.check()
            return Export.objects.filter(pk=number, state__in=[ExportState.DONE, ExportState.FAILED]).exists()

        wake.hint("export", number)
        wait_until(is_over, child=crew, limit_s=600)
        made = time.perf_counter()
        size = len(_ask(port, key, "GET", f"/exports/{number}/content"))
        ended = time.perf_counter()
        held = Export.objects.get(pk=number)
        if held.state != ExportState.DONE or size != held.bytes:
            raise SystemExit(f"the export is {held.state}, {size} of {held.bytes} bytes: {held.problem}")
        mib = (most_mib(web.pid), most_mib(crew.pid))
        return Run(kind, held.rows, size / 2**20, made - began, ended - made, *mib)


def _ask(port: int, key: str, method: str, path: str, body: str = "") -> bytes:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {key}", "Host": "localhost", "Content-Type": "application/json"}
    line.request(method, f"/api/v1{path}", body=body or None, headers=headers)
    answer = line.getresponse()
    content = answer.read()
    if answer.status not in (200, 201, 202):
        raise SystemExit(f"{method} {path} answered {answer.status}: {content[:300]!r}")
    return content


def table(runs: Sequence[Run]) -> str:
    """The figures as a table."""
    lines = ["| file | size | made | downloaded | web | worker |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {run.items:,} items, {run.format} | {run.file_mib:.1f} MiB | {run.made_s:.1f} s | {run.downloaded_s:.1f} s "
        f"| {run.web_mib:.0f} MiB | {run.worker_mib:.0f} MiB |"
        for run in runs
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["csv", "jsonl", "jsonl.gz", "parquet"])
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args(arguments)
    with place() as where:
        set_up()
        from django.contrib.auth.models import User
        from django.db import connection

        from bench import scored
        from slider.flow import keys
        from slider.models import Scope

        made = scored.task(said.items)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(PAYLOADS, [made.pk])
            cursor.execute("VACUUM ANALYZE slider_payload")
        by = User.objects.get(username="tuner").pk
        key = keys.make(made.project, name="bench", scopes=[Scope.EXPORT], expires_at=None, by=by).whole
        runs = [measure(where, kind, made.slug, key) for kind in said.formats]
    print(json.dumps([asdict(run) for run in runs], indent=2) if said.json else table(runs))


if __name__ == "__main__":
    main()
