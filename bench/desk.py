"""`python -m bench.desk`: many reviewers at once on a large table, and the same on a small one.

Each reviewer holds a look in sight and three ahead, decides and asks for what is missing: without a pause, which is
far more than people do, and with one for thinking. Server time begins when a thread of the server takes the request
up; what the request waits before that, and the load generator's own work, is in the time at the reviewer. Afterwards
the database is asked whether every verdict that was acknowledged stands, by its reviewer.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench import usage
from bench.place import Place, place, set_up, wait_until

if TYPE_CHECKING:
    from bench.desk_http import Reviewer, Seen
    from slider.models import Task

SIZES = (10_000, 1_000_000)
PASSWORD = "a bench has no secrets"
REASON = "wrong"


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of request took on one table, in milliseconds: by the server's clock and by the reviewer's."""

    items: int
    waiting: int
    reviewers: int
    pause_s: float
    what: str
    times: int
    server_p50: float
    server_p95: float
    wall_p50: float
    wall_p95: float
    decisions_s: float
    cpu: "Cpu"


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU milliseconds a decision with the look after it: what others do on the machine hardly changes them."""

    web: float
    postgres: float
    reviewers: float  # the load generator: all reviewers are one process


@dataclass(frozen=True, slots=True)
class Load:
    """How many people do how much."""

    reviewers: int
    items: int
    pause_s: float = 0.0


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    found: list[Row] = []
    say(
        "| items | waiting | reviewers | pause | request | times | server p50 / p95, ms | at the reviewer "
        "| decisions/s | CPU ms a decision: web, PostgreSQL, reviewers |"
    )
    say("|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|")
    for size in given.sizes:
        waiting = min(given.waiting, size * 6 // 10)
        for pauses in tables(given.pause, items=given.items, waiting=waiting):
            with place() as here:
                _reconnect()
                set_up()
                loads = [Load(given.reviewers, given.items, pause) for pause in pauses]
                found += measured(here, size, loads, waiting=waiting)
    if given.json:
        print(json.dumps([asdict(row) for row in found], indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.desk", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="Items in the table.")
    parser.add_argument("--waiting", type=int, default=100_000, help="Looks that wait; at most six in ten items.")
    parser.add_argument("--reviewers", type=int, default=32)
    parser.add_argument("--items", type=int, default=5000, help="Decisions of all reviewers together.")
    parser.add_argument(
        "--pause",
        type=float,
        nargs="+",
        default=[0.0, 1.0],
        help="Seconds of thought before each decision, give or take half.",
    )
    parser.add_argument("--json", action="store_true", help="Print the figures; the table goes to standard error.")
    return parser.parse_args(arguments)


def tables(pauses: Sequence[float], *, items: int, waiting: int) -> list[list[float]]:
    """Which runs share a table: all of them, if enough waits there, else none."""
    return [list(pauses)] if 2 * items * len(pauses) < waiting else [[pause] for pause in pauses]


def _reconnect() -> None:
    """A place of its own for each size: its address is a new one, and so is the key that sessions are signed with."""
    import dj_database_url
    from django.conf import settings
    from django.db import connections

    settings.SECRET_KEY = os.environ["SECRET_KEY"]

    connections["default"].close()
    connections["default"].settings_dict.update(dj_database_url.parse(os.environ["DATABASE_URL"]))


def measured(here: Place, size: int, loads: Sequence[Load], *, waiting: int) -> list[Row]:
    """Fill a table, put the reviewers at it, and hold the books against what they were told."""
    from bench import waiting as filling  # models can be read only now
    from bench.desk_http import sign_in

    people = max(load.reviewers for load in loads)
    made = filling.tasks(size, waiting=waiting, people=people, password=PASSWORD)
    address, web = serve(here)
    sessions = [sign_in(f"reviewer-{number}") for number in range(people)]
    rows: list[Row] = []
    seen: list[Seen] = []
    for load in loads:
        before = _used(here, web)
        times, fresh, took_s = asyncio.run(work(address, load, sessions))
        used = [(after - was) * 1000 / load.items for was, after in zip(before, _used(here, web), strict=True)]
        seen += fresh
        check(made, seen)
        rows += _rows(size, waiting, load, times, took_s, Cpu(*used))
        say(f"Load average of the machine, all of it: {', '.join(f'{one:.1f}' for one in os.getloadavg())}.")
    for row in rows:
        say(
            f"| {row.items:,} | {row.waiting:,} | {row.reviewers} | {row.pause_s:g} s | {row.what} | {row.times:,} "
            f"| {row.server_p50:.1f} / {row.server_p95:.1f} | {row.wall_p50:.1f} / {row.wall_p95:.1f} "
            f"| {row.decisions_s:.0f} | {row.cpu.web:.1f}, {row.cpu.postgres:.1f}, {row.cpu.reviewers:.1f} |"
        )
    return rows


def _used(here: Place, web: int) -> tuple[float, float, float]:
    return usage.cpu_s(web), usage.cpu_s(here.postgres), time.process_time()


def serve(here: Place) -> tuple[str, int]:
    """The web server as `make demo` starts it, with the time of each answer; its address and its process."""
    from slider.management.local.children import WEB, free_port

    port = free_port(0)
    child = here.start("web", "gunicorn", "bench.desk_server:application", f"--bind=127.0.0.1:{port}", *WEB)
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(address), child=child)
    return address, child.pid


def answers(address: str) -> bool:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


Times = dict[str, list[tuple[float, float]]]  # what was asked -> [(server's ms, reviewer's ms)]


async def work(address: str, load: Load, sessions: Sequence[str]) -> tuple[Times, list["Seen"], float]:
    """All reviewers at once until so many decisions are made between them."""
    from bench.desk_http import Reviewer

    people = [Reviewer(address, session) for session in sessions]
    times: Times = {"next": [], "submit": []}
    left = iter(range(load.items))
    try:
        for person in people:
            await person.open()
        began = time.perf_counter()
        await asyncio.gather(*(_at_work(one, number, load, left, times) for number, one in enumerate(people)))
        return times, [one.seen for one in people], time.perf_counter() - began
    finally:
        for person in people:
            await person.close()


async def _at_work(one: "Reviewer", number: int, load: Load, left: Iterator[int], times: Times) -> None:
    from bench.desk_http import AHEAD

    chance = random.Random(number)
    await one.ahead(1 + AHEAD)
    for _ in left:
        if load.pause_s:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * load.pause_s)
        reject = chance.random() < 0.1
        began = time.perf_counter()
        took = await one.decide("reject" if reject else "accept", REASON if reject else "")
        times["submit"].append((took, (time.perf_counter() - began) * 1000))
        began = time.perf_counter()
        came, took = await one.ahead(1 + AHEAD - len(one.hand))
        times["next"].append((took, (time.perf_counter() - began) * 1000))
        if not came and not one.hand:
            raise RuntimeError("Nothing came although looks are waiting")


def check(made: Sequence["Task"], seen: Sequence["Seen"]) -> None:
    """Hold what people were told against what stands in the database. Raises RuntimeError."""
    from slider.models import Review, ReviewState

    hands = Counter((look.review, look.token) for one in seen for look in one.given)
    twice = [pair for pair, times in hands.items() if times > 1]
    by_review = Counter(look.review for one in seen for look in one.given)
    if twice or max(by_review.values()) > 1:
        raise RuntimeError(f"Handed out twice: {twice[:5] or by_review.most_common(3)}")
    saved = {review: verdict for one in seen for review, verdict in one.saved.items()}
    said = sum(len(one.saved) for one in seen)
    rows: dict[int, Any] = {
        row["pk"]: row
        for row in Review.objects.filter(
            task__in=[task.pk for task in made], state=ReviewState.DECIDED, holder__username__startswith="reviewer-"
        ).values("pk", "verdict", "holder__username")
    }
    wrong = [pk for pk, verdict in saved.items() if pk not in rows or rows[pk]["verdict"] != verdict]
    if wrong or len(rows) != said or len(saved) != said or any(one.refused for one in seen):
        refused = sum(one.refused for one in seen)
        raise RuntimeError(
            f"{said} verdicts were acknowledged, {len(rows)} stand, {len(wrong)} differ, {refused} refused"
        )
    say(f"{said:,} verdicts acknowledged, all of them stand once and by their reviewer; no look was handed out twice.")


def _rows(size: int, waiting: int, load: Load, times: Times, took_s: float, cpu: Cpu) -> Iterator[Row]:
    for what, pairs in times.items():
        server, wall = sorted(pair[0] for pair in pairs), sorted(pair[1] for pair in pairs)
        yield Row(
            items=size,
            waiting=waiting,
            reviewers=load.reviewers,
            pause_s=load.pause_s,
            what=what,
            times=len(pairs),
            server_p50=_at(server, 50),
            server_p95=_at(server, 95),
            wall_p50=_at(wall, 50),
            wall_p95=_at(wall, 95),
            decisions_s=len(pairs) / took_s,
            cpu=cpu,
        )


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
