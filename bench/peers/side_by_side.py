"""`python -m bench.peers.side_by_side`: the next item and the verdict on it, at Slider's desk and in Label Studio.

The same items with the same proposals, the same PostgreSQL, the same number of processes and threads, in turns. For
both, "next" is the request that hands an item out to this person alone, and "submit" the one that stores the verdict.
Slider's has more to do: it renders the sheet, decides the order by worth, and counts the verdict as evidence.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench import question
from bench.peers import label_studio
from bench.place import set_up
from slider import embedded


class Person(Protocol):
    """A reviewer at either product."""

    async def next(self) -> int: ...

    async def submit(self) -> None: ...

    async def close(self) -> None: ...


Make = Callable[[int], Awaitable[Person]]


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds at the reviewer, medians over the rounds."""

    who: str
    reviewers: int
    next_p50: float
    next_p95: float
    submit_p50: float
    submit_p95: float
    decisions_s: float
    twice: int


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    label_studio.install(given.venv)
    with tempfile.TemporaryDirectory(prefix="slider-bench-") as name:
        folder = Path(name)
        ours, theirs = (_database(given.database, part) for part in ("slider_bench", "label_studio_bench"))
        with embedded.servers(folder, database_url=ours) as servers, embedded.Crew() as crew:
            os.environ.update(
                DJANGO_SETTINGS_MODULE="slider.settings",
                SLIDER_STATE_DIR=name,
                DATABASE_URL=ours,
                REDIS_URL=servers.redis_url,
                SECRET_KEY=secrets.token_urlsafe(64),
            )
            set_up()
            rows = measured(crew, folder, given, theirs)
    for line in table(rows):
        say(line)
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.peers.side_by_side", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", required=True, help="A PostgreSQL with pg_trgm where databases may be made.")
    parser.add_argument("--venv", type=Path, required=True, help="Where Label Studio is, or is to be, installed.")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--reviewers", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--decisions", type=int, default=160, help="Of all reviewers together, each round.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _database(url: str, name: str) -> str:
    """Make an empty database beside the given one; its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}"):
            connection.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def measured(crew: embedded.Crew, folder: Path, given: argparse.Namespace, theirs: str) -> list[Row]:
    """Serve both, fill both, then measure in turns."""
    from bench import waiting
    from bench.desk_http import sign_in
    from slider.management.local.children import free_port

    most = max(given.reviewers)
    waiting.tasks(given.items, waiting=given.items * 8 // 10, people=most, password=secrets.token_hex(8))
    sessions = [sign_in(f"reviewer-{number}") for number in range(most)]
    site = _serve(crew, folder, free_port(0))
    with label_studio.running(crew, folder, given.venv, database_url=theirs, port=free_port(0), people=most) as other:
        return asyncio.run(_turns(site, sessions, other, given))


def _serve(crew: embedded.Crew, folder: Path, port: int) -> str:
    from bench.desk import answers
    from bench.place import HERE, wait_until
    from slider.management.local.children import WEB

    child = crew.start(
        [sys.executable, "-m", "gunicorn", "slider.wsgi:application", f"--bind=127.0.0.1:{port}", *WEB],
        name="web",
        log=folder / "web.log",
        env=os.environ,
        folder=HERE,
    )
    wait_until(lambda: answers(f"http://127.0.0.1:{port}"), child=child)
    return f"http://127.0.0.1:{port}"


async def _turns(
    site: str, sessions: Sequence[str], other: label_studio.Running, given: argparse.Namespace
) -> list[Row]:
    project = await label_studio.fill(other, list(question.bodies(given.items)))

    async def theirs(number: int) -> Person:
        return label_studio.Reviewer(other, project, number)

    async def ours(number: int) -> Person:
        return await Desk.open(site, sessions[number])

    ways: dict[str, Make] = {"Slider": ours, "Label Studio": theirs}
    found: dict[tuple[str, int], list[Row]] = {}
    for turn in range(given.rounds + 1):  # the first warms both up
        for people in given.reviewers:
            for who, make in ways.items():
                row = await _round(who, make, people, given.decisions)
                if turn:
                    found.setdefault((who, people), []).append(row)
    return [_middle(rows) for rows in found.values()]


async def _round(who: str, make: Make, people: int, decisions: int) -> Row:
    nexts: list[float] = []
    submits: list[float] = []
    handed: list[int] = []
    left = iter(range(decisions))

    async def work(one: Person) -> None:
        for _ in left:
            began = time.perf_counter()
            handed.append(await one.next())
            got = time.perf_counter()
            await one.submit()
            nexts.append((got - began) * 1000)
            submits.append((time.perf_counter() - got) * 1000)

    async with _people(make, people) as crowd:
        began = time.perf_counter()
        await asyncio.gather(*(work(one) for one in crowd))
        took_s = time.perf_counter() - began
    nexts.sort()
    submits.sort()
    return Row(
        who,
        people,
        *(_at(nexts, 50), _at(nexts, 95), _at(submits, 50), _at(submits, 95)),
        decisions_s=decisions / took_s,
        twice=len(handed) - len(set(handed)),
    )


@asynccontextmanager
async def _people(make: Make, people: int) -> AsyncIterator[list[Person]]:
    crowd = [await make(number) for number in range(people)]
    try:
        yield crowd
    finally:
        for one in crowd:
            await one.close()


class Desk:
    """A reviewer at Slider who holds one look at a time, as Label Studio's does."""

    def __init__(self, reviewer: object) -> None:
        from bench.desk_http import Reviewer

        assert isinstance(reviewer, Reviewer)
        self._reviewer = reviewer

    @classmethod
    async def open(cls, site: str, session: str) -> "Desk":
        from bench.desk_http import Reviewer

        reviewer = Reviewer(site, session)
        await reviewer.open()
        return cls(reviewer)

    async def next(self) -> int:
        if not (await self._reviewer.ahead(1))[0]:
            raise RuntimeError("The desk has nothing to hand out")
        return self._reviewer.hand[0].review

    async def submit(self) -> None:
        await self._reviewer.decide("accept")

    async def close(self) -> None:
        await self._reviewer.close()


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _middle(rows: Sequence[Row]) -> Row:
    def of(name: str) -> float:
        return sorted(float(getattr(row, name)) for row in rows)[len(rows) // 2]

    names = ("next_p50", "next_p95", "submit_p50", "submit_p95", "decisions_s")
    return Row(rows[0].who, rows[0].reviewers, **{n: of(n) for n in names}, twice=sum(row.twice for row in rows))


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each way and number of reviewers, and one for the ratio between them."""
    lines = [
        "| reviewers | at | next p50 / p95, ms | submit p50 / p95, ms | decisions/s | handed out twice |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    for people in sorted({row.reviewers for row in rows}):
        ours, theirs = sorted((row for row in rows if row.reviewers == people), key=lambda row: row.who != "Slider")
        lines += [
            f"| {people} | {row.who} | {row.next_p50:.1f} / {row.next_p95:.1f} "
            f"| {row.submit_p50:.1f} / {row.submit_p95:.1f} | {row.decisions_s:.1f} | {row.twice} |"
            for row in (ours, theirs)
        ]
        lines.append(
            f"| {people} | ratio | {theirs.next_p50 / ours.next_p50:.1f} / {theirs.next_p95 / ours.next_p95:.1f} "
            f"| {theirs.submit_p50 / ours.submit_p50:.1f} / {theirs.submit_p95 / ours.submit_p95:.1f} "
            f"| {ours.decisions_s / theirs.decisions_s:.1f} | |"
        )
    return lines


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
