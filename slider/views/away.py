"""PostgreSQL is away: a page says so with 503 and when to try again, instead of breaking."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from slider.queries import health

log = structlog.get_logger(__name__)
RETRY_AFTER_S = 3


class AwayMiddleware:
    """Turns a lost database into 503 with `Retry-After`; the page is static, as a context could not be read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not health.broke_off(error):
            return None
        log.error("the database did not answer a page", path=request.path, error=str(error).strip()[:300])
        headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
