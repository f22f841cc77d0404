"""Slider's own web application, which says with each answer how long it took to make."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from slider.wsgi import application as _application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """The site, with `X-Took-Ms` from the request's arrival in its thread to its headers."""
    began = time.perf_counter()

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        took = (time.perf_counter() - began) * 1000
        return start_response(status, [*headers, ("X-Took-Ms", f"{took:.3f}")], *rest)

    return _application(environ, start)
