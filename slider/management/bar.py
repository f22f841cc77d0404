"""How far long work is: one line that is written over, on a terminal only, never among the output."""

import time
from typing import TextIO

_EVERY_S = 0.1
_WIDTH = 24


class Bar:
    """A bar on `stream`; nothing at all where that is no terminal. Close it before anything else is written."""

    def __init__(self, words: str, stream: TextIO) -> None:
        self._words, self._stream = words, stream
        self._shown = bool(getattr(stream, "isatty", lambda: False)())
        self._last = 0.0

    def show(self, done: int, total: int | None = None) -> None:
        """So many are done, of so many where that is known."""
        now = time.monotonic()
        if not self._shown or (now - self._last < _EVERY_S and done != total):
            return
        self._last = now
        self._stream.write(f"\r{self._line(done, total)}\x1b[K")
        self._stream.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown and self._last:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _line(self, done: int, total: int | None) -> str:
        if not total:
            return f"{self._words} {done:,}"
        full = round(_WIDTH * min(1.0, done / total))
        return f"{self._words} [{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {total:,}"
