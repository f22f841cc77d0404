"""Files in: how long 100,000 rows take from the first byte sent to the last row in, and what web and worker hold.

python -m bench.files_in [--rows 100000] [--kinds csv jsonl xlsx csv.gz] [--json]

A web server and one intake worker as in production, on servers of their own. Figures of files going out have a bench
of their own.
"""

import argparse
import gzip
import http.client
import io
import json
import random
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.place import Place, place, set_up, wait_until

if TYPE_CHECKING:
    from slider import embedded
    from tests import casts

KINDS = ("csv", "jsonl", "xlsx", "csv.gz")
_WORDS = ("order", "lamp", "late", "broken", "where", "invoice", "green", "boots", "friday", "again", "sorry", "parcel")
_MAPPING = {
    "external_id": "Ticket",
    "priority": "Prio",
    "input": {"subject": "Title", "text": "Message", "orders": "N"},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One file. Seconds from the first byte sent; MiB are the most that a process of the kind has held."""

    kind: str
    rows: int
    file_mib: float
    sent_s: float
    examined_s: float
    tried_s: float
    in_s: float
    rows_per_s: float
    web_mib: float
    worker_mib: float
    added: int


def rows(count: int) -> Iterator[tuple[str, str, str, int, int]]:
    """Made tickets, the same each time: id, title, a message of about 200 characters, orders, priority."""
    rng = random.Random(7)
    for n in range(count):
        message = " ".join(rng.choices(_WORDS, k=34))
        yield f"T-{n:07}", f"Ticket {n} {rng.choice(_WORDS)}", message, n % 40, n % 10


def written(kind: str, count: int) -> bytes:
    """A file of this kind."""
    if kind == "xlsx":
        return _workbook(count)
    if kind == "jsonl":
        names = ("Ticket", "Title", "Message", "N", "Prio")
        return b"".join(json.dumps(dict(zip(names, row, strict=True))).encode() + b"\n" for row in rows(count))
    lines = (b"%s,%s,%s,%d,%d\n" % (a.encode(), b.encode(), c.encode(), d, e) for a, b, c, d, e in rows(count))
    content = b"Ticket,Title,Message,N,Prio\n" + b"".join(lines)
    return gzip.compress(content, compresslevel=6, mtime=0) if kind == "csv.gz" else content


def _workbook(count: int) -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Ticket", "Title", "Message", "N", "Prio"])
    for row in rows(count):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@contextmanager
def site(where: Place, folder: Path) -> Iterator[tuple[int, "embedded.Child", "embedded.Child"]]:
    """A web server of one process, and one worker of the intake stage: its port, and the two."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gunicorn = ("gunicorn", "--workers=1", "--threads=8", "--worker-class=gthread", "--timeout=120")
    web = where.start("web", *gunicorn, f"--bind=127.0.0.1:{port}", "slider.wsgi:application")
    alive = folder / "alive"
    with where.worker(
        "intake", app="slider.celery", queue="intake", processes=1, env={"SLIDER_ALIVE_FILE": str(alive)}
    ) as crew:
        wait_until(alive.exists, child=crew)
        wait_until(lambda: _answers(port), child=web)
        yield port, web, crew


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def measure(where: Place, kind: str, count: int, cast: "casts.Company") -> Run:
    """Send a file that is to be tried out, wait for it, bring it in, wait again."""
    from slider.flow import asking, keys, wake
    from slider.models import Import, ImportState, Scope

    key = keys.make(cast.project, name="bench", scopes=[Scope.INTAKE], expires_at=None, by=cast.admin.pk).whole
    content = written(kind, count)
    with tempfile.TemporaryDirectory() as folder, site(where, Path(folder)) as (port, web, crew):
        began = time.perf_counter()
        number = _send(port, key, cast.task.slug, f"tickets.{kind}", content)
        sent = time.perf_counter()

        def stands(*states: ImportState) -> bool:
            where.check()
            return Import.objects.filter(pk=number, state__in=states).exists()

        wake.hint("intake", number)
        wait_until(lambda: stands(ImportState.ASKING, ImportState.FAILED), child=crew, limit_s=600)
        examined = time.perf_counter()
        held = Import.objects.get(pk=number)
        asking.try_out(held)
        wake.hint("intake", number)
        wait_until(lambda: stands(ImportState.ASKING, ImportState.FAILED), child=crew, limit_s=600)
        tried = time.perf_counter()
        asking.start(Import.objects.get(pk=number), by=cast.admin.pk)
        wake.hint("intake", number)
        wait_until(lambda: stands(ImportState.DONE, ImportState.FAILED), child=crew, limit_s=600)
        done = time.perf_counter()
        held.refresh_from_db()
        return Run(
            kind=kind,
            rows=count,
            file_mib=len(content) / 2**20,
            sent_s=sent - began,
            examined_s=examined - sent,
            tried_s=tried - examined,
            in_s=done - tried,
            rows_per_s=count / (done - tried),
            web_mib=most_mib(web.pid),
            worker_mib=most_mib(crew.pid),
            added=held.added,
        )


def _send(port: int, key: str, task: str, name: str, content: bytes) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    path = f"/api/v1/tasks/{task}/imports?name={name}&ask=1&mapping={quote(json.dumps(_MAPPING))}"
    line.request("POST", path, body=io.BytesIO(content), headers={
        "Authorization": f"Bearer {key}", "Content-Length": str(len(content)), "Host": "localhost",
    })  # fmt: skip
    answer = line.getresponse()
    told = json.loads(answer.read())
    if answer.status != 202:
        raise SystemExit(f"the file was not taken: {told}")
    return int(told["id"])


def most_mib(pid: int) -> float:
    """The most that the process or one of its children has held in memory, by the kernel's own count (VmHWM)."""
    known, most = [pid], 0.0
    while known:
        one = known.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            known += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
        kib = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
        most = max(most, int(kib) / 1024)
    return most


def table(runs: Sequence[Run]) -> str:
    """The figures as a table."""
    lines = [
        "| file | size | sent | examined | dry run | brought in | rows/s | web | worker |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {run.rows:,} rows, {run.kind} | {run.file_mib:.1f} MiB | {run.sent_s:.1f} s | {run.examined_s:.1f} s | "
        f"{run.tried_s:.1f} s | {run.in_s:.1f} s | {run.rows_per_s:,.0f} | {run.web_mib:.0f} MiB | "
        f"{run.worker_mib:.0f} MiB |"
        for run in runs
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args(arguments)
    runs: list[Run] = []
    with place() as where:
        set_up()

        from tests import casts

        for number, kind in enumerate(said.kinds):
            runs.append(measure(where, kind, said.rows, casts.company(prefix=f"{number} ")))
    found: list[dict[str, Any]] = [asdict(run) for run in runs]
    print(json.dumps(found, indent=2) if said.json else table(runs))


if __name__ == "__main__":
    main()
