"""Ctrl-C, SIGTERM and a closed terminal mean the same: stop once, in order."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

MEANING_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first of these signals into KeyboardInterrupt; ignore the rest: no stop is cut short."""
    before = {number: signal.getsignal(number) for number in MEANING_STOP}

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in MEANING_STOP:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in MEANING_STOP:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
