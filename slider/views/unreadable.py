"""What no page takes: a NUL, which PostgreSQL can't keep, is a 400, and a body that never came whole a 408."""

from collections.abc import Callable

import structlog
from django.db import DataError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render

log = structlog.get_logger(__name__)
_SAID = "NUL"


class UnreadableMiddleware:
    """Stands behind the views, each of which looks at what it reads: what one overlooks ends here, in words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, UnreadablePostError):
            log.info("a request broke off", path=request.path[:200])
            return render(request, "400.html", status=408)
        if not isinstance(error, DataError) or _SAID not in str(error):
            return None
        log.info("a request held a NUL", path=request.path[:200])
        return render(request, "400.html", status=400)
