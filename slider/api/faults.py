"""What the API answers when it can't do what was asked: a problem (RFC 9457) with a code, words, a place and an id."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.http import HttpRequest, JsonResponse

PROBLEM = "application/problem+json"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class Fault(Exception):
    """A refusal: `code` is for programs, `message` and `hint` for people, `where` a JSON pointer or a parameter."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        headers: Mapping[str, str] | None = None,
        more: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.headers = dict(headers or {})
        self.more = list(more)


def answer(request: HttpRequest, fault: Fault) -> JsonResponse:
    """The refusal as `application/problem+json`."""
    problem: dict[str, Any] = {
        "type": f"urn:slider:problem:{fault.code}",
        "title": fault.code.replace("_", " ").capitalize(),
        "status": fault.status,
        "detail": fault.message,
        "code": fault.code,
        "where": fault.where,
        "hint": fault.hint,
        "request_id": request_id(request),
    }
    if fault.more:
        problem["errors"] = fault.more
    return JsonResponse(problem, status=fault.status, headers=fault.headers, content_type=PROBLEM)


def request_id(request: HttpRequest) -> str:
    """The id under which this request stands in the logs: the caller's own where it is a plain one."""
    known: str | None = getattr(request, "api_request_id", None)
    if known is None:
        given = request.headers.get("X-Request-ID", "")
        known = given if _ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=known)
        request.api_request_id = known  # type: ignore[attr-defined]  # the request carries its id to the answer
    return known


def not_found() -> Fault:
    """The same words for what does not exist and for what belongs to another project."""
    return Fault(
        404, "not_found", "There is no such thing in this key's project.", hint="Check the address and the key."
    )
