"""A session that nobody used for a while ends, however long it would have held."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse

from slider.flow.sign_ins import BEGAN

log = structlog.get_logger(__name__)
FRESH_S = 60
"""The mark of the last use is not written with every request: a minute more or less is no matter."""

# What an open page asks by itself, with nobody before it.
BY_ITSELF = frozenset({"notice-news", "import-progress", "history-progress", "fleet", "desk-ahead"})


class IdleMiddleware:
    """When a session was used last stands in a cookie beside it, signed for it: reading a page changes no row.

    Who takes the cookie away, or brings an older one, is signed out earlier, never later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY not in request.session:
            return self._get_response(request)
        now, last = time.time(), last_used(request)
        if now - last > settings.ENV.SLIDER_SESSION_IDLE_S:
            log.info("a session ended that nobody used", idle_s=int(now - last))
            logout(request)
            return self._get_response(request)
        answer = self._get_response(request)
        if now - last > FRESH_S and SESSION_KEY in request.session and not _asks_by_itself(request):
            _mark(request, answer, now)
        return answer


def last_used(request: HttpRequest) -> float:
    """When this session was used last, as its signed mark or its own beginning says."""
    began = float(request.session.get(BEGAN, 0))
    try:
        told = signing.loads(request.COOKIES.get(settings.SEEN_COOKIE_NAME, ""), salt=_salt(request))
    except signing.BadSignature:
        return began
    return max(began, float(told)) if isinstance(told, int) else began


def _mark(request: HttpRequest, answer: HttpResponse, now: float) -> None:
    answer.set_cookie(
        settings.SEEN_COOKIE_NAME,
        signing.dumps(int(now), salt=_salt(request)),
        max_age=settings.ENV.SLIDER_SESSION_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _salt(request: HttpRequest) -> str:
    return f"slider.seen {request.session.session_key}"


def _asks_by_itself(request: HttpRequest) -> bool:
    found = request.resolver_match
    by_script = request.headers.get("HX-Request") or request.headers.get("X-Requested-With")
    return found is not None and found.url_name in BY_ITSELF and bool(by_script)
