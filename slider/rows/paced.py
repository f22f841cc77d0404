"""Signs of life by the clock while a file is read: its rows may be few and large, or very many."""

import time
from collections.abc import Callable
from typing import ParamSpec

EVERY_S = 2.0  # well within every lease; a page that waits shows something new about as often
_Said = ParamSpec("_Said")


def paced(pulse: Callable[_Said, None]) -> Callable[_Said, None]:
    """A function to call at each row: it passes on what is due by the clock."""
    last = time.monotonic()

    def beat(*said: _Said.args, **more: _Said.kwargs) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S:
            pulse(*said, **more)
            last = time.monotonic()

    return beat
