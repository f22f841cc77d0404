"""A request's body arrives wholly or not at all: one that is cut off is an error, and never a shorter body."""

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class CutOff(OSError):
    """The sender went away before it had sent what it had declared."""


class Body:
    """The body of a request whose length was declared; only `read` and `readline` are asked of it."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int = -1) -> bytes:
        return self._counted(self._stream.read(size), wanted=size)

    def readline(self, size: int = -1) -> bytes:
        return self._counted(self._stream.readline(size), wanted=size)

    def _counted(self, found: bytes, *, wanted: int) -> bytes:
        self._left -= len(found)
        # A server gives less than was asked for, or nothing, once the sender is gone.
        if self._left > 0 and wanted != 0 and not found:
            raise CutOff(f"the sender went away, {self._left:,} bytes early")
        return found


def wholly(application: Application) -> Application:
    """The application, told of bodies that end too early."""

    def told(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = str(environ.get("CONTENT_LENGTH") or "")
        if length.isascii() and length.isdigit() and len(length) < 18:
            environ["wsgi.input"] = Body(environ["wsgi.input"], int(length))
        return application(environ, start)

    return told
