"""Much work spread over processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


Done = Callable[[int, object], None]
"""Told how many are done, and which one just was."""


class Stopped(RuntimeError):
    """A process died; the message says what may have killed it."""


def spread(task: Callable[[T], R], todo: Sequence[T], *, processes: int, done: Callable[[int, T], None]) -> list[R]:
    """Work through `todo` and return what each came to, in its order.

    Args:
        task: a function of a module, so that other processes find it.
        processes: 1 works here.
        done: called after each with how many are done, and with the one that was.

    Raises:
        Stopped: a process was killed.
    """
    if processes == 1:
        return list(_here(task, todo, done))
    # Not forked: a forked child would inherit whatever locks and connections this process holds.
    context = multiprocessing.get_context("spawn")
    found: dict[int, R] = {}
    with ProcessPoolExecutor(processes, mp_context=context) as executor:
        waiting = {executor.submit(task, one): place for place, one in enumerate(todo)}
        try:
            for count, future in enumerate(as_completed(waiting), start=1):
                found[waiting[future]] = future.result()
                done(count, todo[waiting[future]])
        except BrokenProcessPool as error:
            raise Stopped("A process was killed, perhaps for want of memory: ask for fewer --processes.") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
    return [found[place] for place in range(len(todo))]


def _here(task: Callable[[T], R], todo: Sequence[T], done: Callable[[int, T], None]) -> Iterator[R]:
    for count, one in enumerate(todo, start=1):
        yield task(one)
        done(count, one)
