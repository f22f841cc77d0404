"""`python -m bench.whims`: an endpoint's whims at their full length against the whole fleet, with real waits.

Four times a task's items are under way when its endpoint falls ill: it refuses four calls in five for a minute, hangs
for a minute, is dead for two, answers garbage for a minute. Then it is well again. What is measured: how soon it is
used, and as much as before; when every item has ended; what was asked and paid; and what left unattended meanwhile.
"""

import argparse
import json
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.place import Place, place, set_up, wait_until

if TYPE_CHECKING:
    from slider.embedded import Child
    from slider.models import Task

LATENCY_MS, IN_FLIGHT, TIMEOUT_S = 200, 10, 5.0
WELL_S = 8.0  # so long it is well before, the second half of which is its pace
BACK = 0.8  # of that pace over two seconds: it is used as before
WINDOW_S = 2.0
IN_THE_AIR_S = 1.0  # calls that were begun before it fell ill still bring good answers
LIMIT_S = 600.0
PRICE, BUDGET = Decimal(10), Decimal(6)  # US dollars: per million tokens, and a day
OWN = {"SLIDER_LINGER_S": "3", "SLIDER_SHIFT_S": "30"}  # the settings' own defaults, which other benches change
OUTPUT_SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": ["delivery", "refund", "product", "account", "other"]}},
    "required": ["topic"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Whim:
    """One illness: for how long, and what the stand-in does meanwhile; None: its process is ended."""

    name: str
    seconds: float
    faults: dict[str, Any] | None = None


WHIMS = (
    Whim("refuses four in five", 60, {"rate_limit": {"rate": 0.8, "retry_after_s": 1}, "latency_ms": LATENCY_MS}),
    Whim("hangs", 60, {"hang": 1.0}),
    Whim("is dead", 120),
    Whim("answers garbage", 60, {"html": 0.2, "empty": 0.25, "malformed": 0.4, "break_schema": 1.0}),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it. Times are seconds after the endpoint was well again."""

    whim: str
    ill_s: float
    items: int
    calls: int
    failed: int
    used_after_s: float
    pace_after_s: float
    ended_after_s: float
    given_up: int  # items that went to people since no call brought an answer
    unattended_while_ill: int  # of four refused in five the fifth is an answer, and may leave
    paid_usd: float
    answers_usd: float  # what the answers that came cost by themselves


class Endpoint:
    """The stand-in model at one address, which may die and come back."""

    def __init__(self, here: Place) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._here, self._runs = here, 0
        self.address = f"http://127.0.0.1:{self._port}/v1"
        self._process: Child | None = None

    def live(self) -> None:
        """Be there, without a fault."""
        if self._process is None:
            self._runs += 1
            command = ("slider.llm.standin", "--port", str(self._port), "--seed", "1")
            self._process = self._here.start(f"standin{self._runs}", *command)
            wait_until(self._is_there, child=self._process)
        self._set({"latency_ms": LATENCY_MS})

    def fall_ill(self, whim: Whim) -> None:
        if whim.faults is not None:
            self._set(whim.faults)
        elif self._process is not None:
            self._here.crew.dismiss(self._process)
            self._process = None

    def _is_there(self) -> bool:
        try:
            self._set({})
        except urllib.error.URLError:
            return False
        return True

    def _set(self, faults: dict[str, Any]) -> None:
        head = {"Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self._port}/faults"
        asked = urllib.request.Request(address, data=json.dumps(faults).encode(), headers=head, method="POST")
        with urllib.request.urlopen(asked, timeout=10):
            """It holds from now on."""


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    chosen = [replace(one, seconds=one.seconds * given.length) for one in WHIMS if one.name in given.whims]
    with place() as here:
        set_up()
        endpoint = Endpoint(here)
        with _fleet(here) as pumps:
            found = [_seen(here, endpoint, one, items=given.items, pumps=pumps) for one in chosen]
    say("\n".join(table(found)))
    if given.json:
        print(json.dumps([asdict(one) for one in found], indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.whims", description=__doc__.partition("\n")[0])
    names = [one.name for one in WHIMS]
    parser.add_argument("--whims", nargs="+", choices=names, default=names)
    parser.add_argument("--items", type=int, default=2500, help="Items that are under way, a whim.")
    parser.add_argument("--length", type=float, default=1.0, help="Of each whim's length.")
    parser.add_argument("--json", action="store_true", help="Print the figures; the table goes to standard error.")
    return parser.parse_args(arguments)


@contextmanager
def _fleet(here: Place) -> Iterator["Child"]:
    schedule = ("--beat", f"--schedule={here.folder}/beat")
    with (
        here.worker("pumps", app="slider.celery", queue="work", processes=2, env=OWN) as pumps,
        here.worker("hands", app="slider.celery", queue="sweep,guard", processes=2, options=schedule, env=OWN),
    ):
        yield pumps


def _seen(here: Place, endpoint: Endpoint, whim: Whim, *, items: int, pumps: "Child") -> Seen:
    from django.db.models import Sum
    from django.utils import timezone

    from slider.models import Attempt, Decision, Item, Lane, Outcome, Spend, State

    say(f"{whim.name} ...")
    endpoint.live()
    task = _task(whim, endpoint.address, items=items)
    answered = Attempt.objects.filter(item__task=task, outcome=Outcome.ANSWERED)
    wait_until(answered.exists, child=pumps)
    time.sleep(WELL_S)
    fell_ill = timezone.now()
    endpoint.fall_ill(whim)
    time.sleep(whim.seconds)
    healing = timezone.now()
    endpoint.live()
    well = timezone.now()  # an endpoint that was dead takes a moment to be there
    open_ones = Item.objects.filter(task=task, state__in=(State.READY, State.WORKING))
    if not open_ones.exists():
        raise RuntimeError(f"«{whim.name}»: no item was left when it was over. Give more with --items.")
    wait_until(lambda: not open_ones.exists(), child=pumps, limit_s=LIMIT_S)
    here.check()
    ended = timezone.now()
    times = list(answered.order_by("created_at").values_list("created_at", flat=True))
    before = [at for at in times if fell_ill - timedelta(seconds=WELL_S / 2) <= at < fell_ill]
    after = [(at - well).total_seconds() for at in times if at > well]
    if not after:
        raise RuntimeError(f"«{whim.name}»: no answer came any more when it was over. Give more with --items.")
    meanwhile = Decision.objects.filter(
        task=task,
        lane=Lane.UNATTENDED,
        attempt__created_at__gt=fell_ill + timedelta(seconds=IN_THE_AIR_S),
        attempt__created_at__lt=healing,
    )
    spent = Spend.objects.filter(worker__task=task).aggregate(calls=Sum("calls"), cost=Sum("cost"))
    return Seen(
        whim=whim.name,
        ill_s=whim.seconds,
        items=items,
        calls=spent["calls"],
        failed=Attempt.objects.filter(item__task=task).exclude(outcome=Outcome.ANSWERED).count(),
        used_after_s=after[0],
        pace_after_s=back(after, len(before) / (WELL_S / 2)),
        ended_after_s=(ended - well).total_seconds(),
        given_up=Decision.objects.filter(task=task, why="no_answer").count(),
        unattended_while_ill=meanwhile.count(),
        paid_usd=float(spent["cost"]),
        answers_usd=float(answered.aggregate(cost=Sum("cost"))["cost"]),
    )


def _task(whim: Whim, address: str, *, items: int) -> "Task":
    """A task whose share is all there is, on trial: whatever could run unattended would. Its items are there."""
    from bench import question
    from slider.flow import intake, setup, wake
    from slider.models import Mode, Project, Task, Worker

    project = Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})[0]
    task = setup.create_task(
        project,
        Task(name=f"An endpoint that {whim.name}", input_schema=question.INPUT_SCHEMA, output_schema=OUTPUT_SCHEMA),
        Worker(
            name="bench",
            model="standin-1",
            base_url=address,
            instructions=question.INSTRUCTIONS,
            in_flight=IN_FLIGHT,
            timeout_s=TIMEOUT_S,
            price_in=PRICE,
            price_out=PRICE,
            daily_budget=BUDGET,
        ),
        by=None,
        start=setup.Start(1.0, Mode.TRIAL, "the bench's share"),
    )
    intake.add(task, [intake.Row(body) for body in question.bodies(items)], origin="the bench")
    wake.hint("work", task.pk)
    return task


def back(after: Sequence[float], pace: float) -> float:
    """When as much is answered again as before: the first moment whose next two seconds bring that; infinity: never."""
    wanted = BACK * pace * WINDOW_S
    for begin in range(len(after)):
        if sum(at < after[begin] + WINDOW_S for at in after[begin:]) >= wanted:
            return after[begin]
    return float("inf")


def table(found: Sequence[Seen]) -> Iterator[str]:
    """The figures as Markdown."""
    yield (
        "| the endpoint | for | items | calls | of them without an answer | used again after | as much as before after "
        "| all ended after | given up | unattended meanwhile | paid | of it answers |"
    )
    yield f"|---|{'--:|' * 11}"
    for one in found:
        cells = [one.whim, f"{one.ill_s:.0f} s", f"{one.items:,}", f"{one.calls:,}", f"{one.failed:,}"]
        cells += [f"{s:.1f} s" for s in (one.used_after_s, one.pace_after_s, one.ended_after_s)]
        cells += [str(one.given_up), str(one.unattended_while_ill), f"${one.paid_usd:.2f}", f"${one.answers_usd:.2f}"]
        yield f"| {' | '.join(cells)} |"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
