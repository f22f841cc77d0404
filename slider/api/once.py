"""`Idempotency-Key`: a call that is sent again under the same name is not made again, its answer is told again."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Status
from ninja.responses import NinjaJSONEncoder
from pydantic import TypeAdapter

from slider.api import body, finding
from slider.api.faults import Fault
from slider.flow import repeats

HEADER: Mapping[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]{1,255}$"},
    "description": "A name for this call. Sent again within a day it is not made again: its answer is told again.",
}
_NAME = re.compile(r"[!-~]{1,255}")


def bound(view: Callable[..., Any], gives: Mapping[int, Any], *, hides: Sequence[str] = ()) -> Callable[..., Any]:
    """The view, made once under each Idempotency-Key. `hides`: what is told the first time only, and never kept."""

    @wraps(view)
    def made(request: HttpRequest, **named: str) -> Any:
        name = name_of(request)
        if name is None:
            return view(request, **named)
        call = repeats.Call(finding.key(request).pk, name, _asked(request))
        return _made(call, lambda: view(request, **named), gives, hides)

    return made


def name_of(request: HttpRequest) -> str | None:
    """The call's name, if it has one; a Fault for what can't be one."""
    name = request.headers.get("Idempotency-Key")
    if name is not None and not _NAME.fullmatch(name):
        message = "The Idempotency-Key must be 1 to 255 printable ASCII characters without spaces."
        raise Fault(400, "idempotency_key", message, where="Idempotency-Key")
    return name


def _made(call: repeats.Call, view: Callable[[], Any], gives: Mapping[int, Any], hides: Sequence[str]) -> HttpResponse:
    refused: Fault | None = None
    response = HttpResponse()
    with transaction.atomic():
        try:
            if (known := repeats.begin(call)) is not None:
                return _answer(known.status, known.body, told_again=True)
            status, value = _told(view())
            response = _answer(status, _json(gives[status], value))
            repeats.keep(call, status=status, body=_json(gives[status], _hidden(value, hides)))
        except repeats.Underway:
            words = "This very call is being made at this moment."
            refused = Fault(409, "underway", words, hint="Ask again in a second.", headers={"Retry-After": "1"})
        except repeats.Another:
            words = "This Idempotency-Key stands for another call: another address or another body."
            refused = Fault(422, "idempotency_key_reused", words, where="Idempotency-Key", hint="Take a new one.")
        except Fault as fault:
            refused = fault  # what was kept in spite of it stays, as it does without a key
    if refused is not None:
        raise refused
    return response


def _asked(request: HttpRequest) -> bytes:
    line = f"{request.method} {request.get_full_path()}\n"
    return hashlib.sha256(line.encode("utf-8", "surrogatepass") + body.raw(request)).digest()


def _told(answer: Any) -> tuple[int, Any]:
    return (answer.status_code, answer.value) if isinstance(answer, Status) else (200, answer)


def _hidden(value: Any, hides: Sequence[str]) -> Any:
    return value | dict.fromkeys(hides) if hides else value


def _json(shape: Any, value: Any) -> str:
    if shape is None:
        return ""
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    return json.dumps(adapter.dump_python(adapter.validate_python(value)), cls=NinjaJSONEncoder)


def _answer(status: int, text: str, *, told_again: bool = False) -> HttpResponse:
    headers = {"Idempotency-Replayed": "true"} if told_again else {}
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8", headers=headers)
