"""Version 1 of the API: its parts, its addresses, and the door that every call goes through."""

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.urls.resolvers import RoutePattern
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError, HttpError

from slider.api import (
    about,
    audits,
    exports,
    fleet,
    histories,
    imports,
    invitations,
    items,
    key_calls,
    keys,
    lead,
    members,
    notices,
    page,
    privacy,
    pushing,
    reading,
    reviewers,
    reviews,
    sliders,
    tasks,
    together,
    webhook_log,
    webhooks,
    workers,
)
from slider.api import log as log_calls
from slider.api.described import Described
from slider.api.faults import Fault, answer, not_found, request_id
from slider.api.router import router
from slider.queries import health

log = structlog.get_logger(__name__)

api = Described(title="Slider", version="1", docs_url=None, urls_namespace="api-v1")
# Each module's calls are in the router as soon as it is read.
_OF_PEOPLE = (about, members, invitations)
_OF_TASKS = (tasks, workers)
_OF_ITEMS = (pushing, reading, items, imports, histories)
_OF_LOOKS = (reviews, together, lead, reviewers)
_OF_SHARES = (sliders, audits, notices)
_OUT = (exports, webhooks, webhook_log)
_OF_ADMINS = (fleet, privacy, key_calls, log_calls)
PARTS = (*_OF_PEOPLE, *_OF_TASKS, *_OF_ITEMS, *_OF_LOOKS, *_OF_SHARES, *_OUT, *_OF_ADMINS)
api.add_router("", router)


def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        return answer(request, keys.unauthorised())
    return answer(request, Fault(error.status_code, "refused", str(error)[:300]))


def _missing(request: HttpRequest, _error: Exception) -> HttpResponse:
    return answer(request, not_found())


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("the database did not answer an API call", error=str(error)[:300])
    words = "The database does not answer; nothing was changed."
    return answer(request, Fault(503, "unavailable", words, hint="Try again.", headers={"Retry-After": "3"}))


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """The edge of the API: what nobody foresaw is logged whole and told without its inside."""
    if health.broke_off(error):
        return _away(request, error)
    log.error("an API call failed", exc_info=error)
    words = "The server failed at this request; the log has it under its request id."
    return answer(request, Fault(500, "internal", words))


_ANSWERS: tuple[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]], ...] = (
    (Fault, answer),
    (HttpError, _refused),
    (Http404, _missing),
    (Exception, _broken),
)
for _kind, _answer in _ANSWERS:
    api.add_exception_handler(_kind, _answer)


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a call in without a session: no login page, no CSRF token, JSON for every refusal, an id on each answer."""

    @csrf_exempt
    @login_not_required
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        named = request_id(request)
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = response.headers["Allow"]
            fault = Fault(405, "method", f"This address takes {allowed} only.", headers={"Allow": allowed})
            response = answer(request, fault)
        response.headers["X-Request-ID"] = named
        for name, value in getattr(request, "api_rate", {}).items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return opened


def _unknown(request: HttpRequest) -> HttpResponse:
    return answer(request, not_found())


def _patterns() -> list[URLPattern]:
    made: list[URLPattern] = []
    for pattern in api.urls[0]:
        assert isinstance(pattern, URLPattern)
        view = _unknown if pattern.name == "api-root" else pattern.callback
        made.append(URLPattern(pattern.pattern, door(view), pattern.default_args, pattern.name))
    docs = URLPattern(RoutePattern("docs", is_endpoint=True), door(page.show(api)), None, "docs")
    return [docs, *made, re_path(r"", door(_unknown), name="unknown")]


urls = (_patterns(), "ninja", "api-v1")
