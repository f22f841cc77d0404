"""What a program sends: a body read strictly, query parameters that are known, and paths that name one thing."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from pydantic import BaseModel, ValidationError

from slider import strict
from slider.api.faults import Fault, not_found

SINGLE_BYTES = 1024 * 1024
BATCH_BYTES = 10 * 1024 * 1024
_LIMITS = strict.Limits(max_bytes=BATCH_BYTES, nodes=500_000)
_LARGE = frozenset({strict.Code.TOO_LARGE, strict.Code.NODES})
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")
_DIGITS = re.compile(r"[0-9]{1,19}")
_BIGGEST_ID = 2**63 - 1
_ERRORS_SHOWN = 20
_WHERE_MOST = 200


def read(request: HttpRequest) -> dict[str, Any]:
    """The body as one strict JSON object, or a Fault."""
    if request.content_type != "application/json":
        raise Fault(
            415,
            "content_type",
            f"The body is declared as {strict.shown(request.content_type or 'nothing')}.",
            hint="Send JSON with the header Content-Type: application/json.",
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Fault(415, "encoding", "The body is compressed.", hint="Send it without Content-Encoding.")
    sent = raw(request)
    try:
        value = strict.loads(sent, limits=_LIMITS)
    except strict.StrictError as error:
        status = 413 if error.code in _LARGE else 400
        raise Fault(status, error.code.value, error.message, where=error.where) from None
    if not isinstance(value, dict):
        raise Fault(400, "json_not_object", "The body must be one JSON object.", hint='Such as {"input": {...}}.')
    if len(sent) > SINGLE_BYTES and "items" not in value:
        raise too_large(SINGLE_BYTES)
    return value


Wanted = TypeVar("Wanted", bound=BaseModel)


def shaped(request: HttpRequest, shape: type[Wanted]) -> Wanted:
    """The body in its shape, or a Fault that names every field that is wrong and why."""
    try:
        return shape.model_validate(read(request))
    except ValidationError as error:
        found = [_problem(one) for one in error.errors(include_url=False, include_context=False)[:_ERRORS_SHOWN]]
    first = found[0]
    raise Fault(400, first["code"], first["detail"], where=first["where"], more=found)


def _problem(error: Any) -> dict[str, str]:
    """One thing that is wrong with a body, in our words."""
    where = "".join(strict.pointer(part) for part in error["loc"])[:_WHERE_MOST]
    kind = str(error["type"])
    if kind == "missing":
        return {"code": "missing", "where": where, "detail": f"{where} is missing."}
    if kind == "extra_forbidden":
        return {"code": "unknown_field", "where": where, "detail": f"There is no field {where} here."}
    code = "type" if kind.endswith(("_type", "_parsing", "from_float")) else "value"
    words = str(error["msg"]).removeprefix("Value error, ")
    return {"code": code, "where": where, "detail": f"{where or 'The body'}: {words[:1].lower()}{words[1:300]}."}


def raw(request: HttpRequest) -> bytes:
    declared = str(request.META.get("CONTENT_LENGTH") or "")
    if not declared and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise Fault(411, "length", "The body comes without its length.", hint="Send a Content-Length header.")
    if declared and not declared.isascii():
        raise Fault(400, "length", "The Content-Length header is no number.")
    if declared.isdigit() and int(declared[:12]) > BATCH_BYTES:
        raise too_large(BATCH_BYTES)
    try:
        return request.body
    except RequestDataTooBig:
        raise too_large(BATCH_BYTES) from None
    except UnreadablePostError:
        raise Fault(
            400, "cut_off", "The body did not arrive whole; nothing was added.", hint="Send it again."
        ) from None


def too_large(most: int) -> Fault:
    """More bytes than are taken."""
    return Fault(
        413,
        "too_large",
        f"The body has more than {most // 1024**2} MiB.",
        hint="An item may have 1 MiB, a batch 10 MiB: send smaller batches.",
    )


def refuse_unknown(request: HttpRequest, *known: str) -> None:
    """A parameter that nobody reads is a mistake of the caller, and said."""
    for name in request.GET:
        if name not in known:
            raise Fault(
                400,
                "unknown_parameter",
                f"There is no parameter {strict.shown(name)} here.",
                where=name[:60],
                hint=f"Known are: {', '.join(known)}." if known else "This address takes none.",
            )


def number(request: HttpRequest, name: str, *, usual: int, most: int) -> int:
    """A whole number from 1 to `most` in the query."""
    text = request.GET.get(name)
    if text is None:
        return usual
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= most:
        raise Fault(400, "page", f"{name} is {strict.shown(text)}: it must be 1 to {most}.", where=name)
    return int(text)


def choice(request: HttpRequest, name: str, known: Sequence[str], *, usual: str | None = None) -> str | None:
    """One of a few words in the query."""
    text = request.GET.get(name, usual)
    if text is not None and text not in known:
        message = f"{name} is {strict.shown(text)}: it is one of {', '.join(known)}."
        raise Fault(400, "filter", message, where=name)
    return text


def flag(request: HttpRequest, name: str) -> bool:
    """A switch in the query: 1 or 0."""
    text = request.GET.get(name, "0")
    if text not in ("0", "1"):
        raise Fault(400, "flag", f"{name} is {strict.shown(text)}: it must be 0 or 1.", where=name)
    return text == "1"


def slug(text: str) -> str:
    """A task's short name from a path; what can't be one is not found."""
    if not _SLUG.fullmatch(text):
        raise not_found()
    return text


def identifier(text: str) -> int:
    """A row's number from a path; what can't be one is not found."""
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= _BIGGEST_ID:
        raise not_found()
    return int(text)
