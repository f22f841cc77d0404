"""Whom a request acts for is told to the database, so that the log can name them whatever code changes a row."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from slider.flow import log

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What the desk writes names its person itself, and there every millisecond is felt.
UNSAID = "/desk/"


class ActingMiddleware:
    """Says who acts before a request that may change something, and takes it back after it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE or request.path.startswith(UNSAID):
            return self._get_response(request)
        try:
            return self._get_response(request)
        finally:
            log.rest()

    def process_view(self, request: HttpRequest, view: object, *_: object) -> None:  # noqa: ARG002
        """After authentication, and not for a page that is refused before: nothing of it is written."""
        if request.method in SAFE or request.path.startswith((UNSAID, "/api/")):
            return
        log.act(by=request.user.pk if request.user.is_authenticated else None, via=log.WEB)
