"""`python -m bench.guard`: what a round of the guard costs at any age of a task, and what it takes to route a batch."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from bench import question, usage
from bench.place import Place, place, set_up

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the rounds that took in `labels` new verdicts, at a task of so many items: CPU of this process and of
    PostgreSQL, a 10,000 verdicts, and how long it took."""

    items: int
    labels: int
    rounds: int
    python_s: float
    postgres_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """Of one thing done many times, in milliseconds."""

    what: str
    times: int
    median_ms: float
    p95_ms: float


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="bench.guard", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="Items of the tasks, youngest first.")
    parser.add_argument("--labels", type=int, default=10_000)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    given = parser.parse_args(arguments)
    with place() as here:
        set_up()
        costs = [cost(here, size, labels=given.labels) for size in given.sizes]
        times = [engine(repeats=max(200, given.batches)), whole(batches=given.batches)]
    say("\n".join(table(costs, times)))
    if given.json:
        found = {"rounds": [asdict(one) for one in costs], "routing": [asdict(one) for one in times]}
        print(json.dumps(found, indent=1))


# -- a round of the guard ---------------------------------------------------------------------------------------------


def cost(here: Place, items: int, *, labels: int) -> Cost:
    """Let the guard take in a first lot, so that all its detectors are awake, and measure the second."""
    from bench import judged
    from slider.engine import calibration
    from slider.models import Unheard

    started = time.monotonic()
    key = calibration.prior().key
    task = judged.task(items, calibration=key)
    more = round(labels / judged.LOOKS)
    judged.add(task, more, calibration=key)
    _rounds(task.pk)
    key = _calibration(task.pk)
    judged.add(task, more, calibration=key)
    new = Unheard.objects.filter(task=task).count()
    say(f"{items:,} items: ready after {time.monotonic() - started:.0f} s, {new:,} verdicts to hear")
    before = (time.process_time(), usage.cpu_s(here.postgres), time.monotonic())
    rounds = _rounds(task.pk)
    after = (time.process_time(), usage.cpu_s(here.postgres), time.monotonic())
    python_s, postgres_s, wall_s = (b - a for a, b in zip(before, after, strict=True))
    if Unheard.objects.filter(task=task).exists():
        raise RuntimeError("the guard has left verdicts unheard")
    per = 10_000 / new
    return Cost(items, new, rounds, python_s * per, postgres_s * per, wall_s * per)


def _rounds(task_id: int) -> int:
    """Tend the task until nothing is left to hear; returns how many rounds that took."""
    from slider.flow import guard
    from slider.models import Unheard

    for count in range(1, 100):
        guard.tend(task_id)
        if not Unheard.objects.filter(task_id=task_id).exists():
            return count
    raise RuntimeError("the guard does not come to an end")


def _calibration(task_id: int) -> str:
    from slider.engine import calibration
    from slider.models import Gauge

    policy = Gauge.objects.select_related("policy").get(pk=task_id).policy
    return calibration.Calibration.from_json(policy.calibration).key


# -- routing a batch --------------------------------------------------------------------------------------------------


def engine(*, repeats: int) -> Times:
    """The engine's part: ranks, lanes, bins, draws and weight classes of a batch."""
    from slider.engine import audit, certificate, coins, lanes, regions

    rng = np.random.default_rng(7)
    secret = b"bench" * 8
    track = lanes.choose(lanes.Track(), scores=rng.normal(size=BATCH), ties=rng.random(BATCH), share=0.6, cap=0.7).track
    ids = list(range(BATCH))

    def once() -> None:
        nonlocal track
        scores = rng.normal(size=BATCH)
        routed = lanes.choose(track, scores=scores, ties=coins.coins(secret, ids, "tie"), share=0.6, cap=0.7)
        track = lanes.Track.from_json(routed.track.to_json())
        bins = certificate.bins(routed.ranks)
        np.isin(regions.OF_BIN[bins], [0, 3])
        audit.draws(secret, ids, chance=float(audit.LADDER[8]), epoch=3)

    return timed("the engine's part of a batch of 500, CPU", once, times=repeats)


def whole(*, batches: int) -> Times:
    """The whole of `route.route` with its rows, of a batch that was worked and scored before; taken back each time."""
    from django.db import transaction

    from slider.engine.calibration import Calibration
    from slider.engine.sanity.watch import Sight
    from slider.flow import claims, intake, route, score, setup, work
    from slider.llm.records import Answered, Outcome
    from slider.models import Mode, Project, Task, Worker

    rng = np.random.default_rng(11)
    worker = Worker(name="bench", model=question.MODEL, instructions=question.INSTRUCTIONS)
    contract = {"input_schema": question.INPUT_SCHEMA, "output_schema": question.OUTPUT_SCHEMA}
    place = Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})[0]
    start = setup.Start(0.6, Mode.TRIAL, "the bench's share")
    task = setup.create_task(place, Task(name="Routing", **contract), worker, by=None, start=start)
    intake.add(task, [intake.Row({"subject": f"s{n}", "text": "hello"}) for n in range(BATCH)], origin="the bench")
    taken = claims.claim(task.pk, most=BATCH, max_tries=5, lease_s=600, by="the bench")
    found: list[float] = []
    for _ in range(batches + 3):
        with transaction.atomic():
            findings = [_finding(claim, rng, Answered, Outcome, work.Finding) for claim in taken]
            kept = work.record(findings, worker, max_tries=5)
            standing = route.lock(task.pk)
            candidates = [
                score.Candidate(c.item_id, c.token, c.body, k.attempt, k.finding.answered, Sight((), {}))
                for k in kept
                for c in (k.finding.claim,)
            ]
            rated = score.rate(candidates, Calibration.from_json(standing.policy.calibration))
            begun = time.perf_counter()
            route.route(standing, rated)
            found.append(time.perf_counter() - begun)
            transaction.set_rollback(True)
    return summed("route.route of a batch of 500, with the database", found[3:])


def _finding(claim: Any, rng: np.random.Generator, answered: Any, outcome: Any, finding: Any) -> Any:
    logprob = float(np.log(rng.uniform(0.5, 1.0)))
    answer = {"topic": "refund", "reply": "We look into it."}
    said = answered(outcome=outcome.ANSWERED, detail="", answer=answer, value_logprobs=(logprob,))
    return finding(claim, said, Decimal("0.0002"))


# -- figures ----------------------------------------------------------------------------------------------------------


def timed(what: str, act: Callable[[], object], *, times: int) -> Times:
    """Time something that only computes, in CPU of this thread: what else the machine does is not its matter."""
    found = []
    for _ in range(times):
        start = time.thread_time()
        act()
        found.append(time.thread_time() - start)
    return summed(what, found)


def summed(what: str, seconds: Sequence[float]) -> Times:
    """The median and the 95th percentile of the times of one thing."""
    ms = np.array(seconds) * 1000
    return Times(what, len(ms), round(float(np.median(ms)), 2), round(float(np.quantile(ms, 0.95)), 2))


def table(costs: Sequence[Cost], times: Sequence[Times]) -> list[str]:
    """Both tables, as Markdown."""
    lines = ["", "Seconds of CPU are for 10,000 verdicts.", ""]
    lines += ["| items of the task | new verdicts | rounds | Python, s | PostgreSQL, s | both, s | to wait, s |"]
    lines.append("|---|---|---|---|---|---|---|")
    for one in costs:
        both = one.python_s + one.postgres_s
        figures = f"{one.python_s:.2f} | {one.postgres_s:.2f} | {both:.2f} | {one.wall_s:.2f}"
        lines.append(f"| {one.items:,} | {one.labels:,} | {one.rounds} | {figures} |")
    lines += ["", "| what | times | median, ms | p95, ms |", "|---|---|---|---|"]
    lines += [f"| {one.what} | {one.times} | {one.median_ms} | {one.p95_ms} |" for one in times]
    return lines


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
