"""The replays of a backtest, spread over processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from slider.engine.backtest.pool import Pool
from slider.management.backtest import plan
from slider.management.backtest.plan import Job, Outcome, Plan


class Stopped(RuntimeError):
    """A process died; the message says what may have killed it."""


def jobs(pools: Sequence[Pool], asked: Plan) -> list[Job]:
    """Lay out all replays, in the order of the table."""
    return [Job(pool, limit, rule, asked) for pool in pools for limit in asked.limits for rule in asked.rules]


def run(todo: Sequence[Job], *, processes: int, done: Callable[[int, Job], None]) -> list[Outcome]:
    """Run jobs and return what they found, in their order.

    Args:
        processes: 1 runs them here.
        done: called after each with how many are done and the job that was.

    Raises:
        Stopped: a process was killed.
    """
    if processes == 1:
        return list(_here(todo, done))
    # Not forked: a forked child would inherit whatever locks and connections this process holds.
    context = multiprocessing.get_context("spawn")
    found: dict[int, Outcome] = {}
    with ProcessPoolExecutor(processes, mp_context=context) as executor:
        waiting = {executor.submit(plan.run, job): place for place, job in enumerate(todo)}
        try:
            for count, future in enumerate(as_completed(waiting), start=1):
                found[waiting[future]] = future.result()
                done(count, todo[waiting[future]])
        except BrokenProcessPool as error:
            raise Stopped("A process was killed, perhaps for want of memory: ask for fewer --processes.") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
    return [found[place] for place in range(len(todo))]


def _here(todo: Sequence[Job], done: Callable[[int, Job], None]) -> Iterator[Outcome]:
    for count, job in enumerate(todo, start=1):
        yield plan.run(job)
        done(count, job)
