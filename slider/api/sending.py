"""A file in the body of a call: raw, or as a part of a form, read piece by piece and never held whole in memory."""

import hashlib
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from slider import strict
from slider.api import body
from slider.api.faults import Fault
from slider.flow.files import PIECE_BYTES
from slider.models import Purpose
from slider.rows import ColumnMap, Unmapped

NAMES = ("name", "purpose", "dry_run", "ask", "mapping")
_AROUND_BYTES = 64 * 1024  # what a form writes around a file
_MAPPING_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """A file and what was said of it."""

    name: str
    stream: IO[bytes]
    purpose: Purpose
    dry_run: bool
    ask: bool
    mapping: ColumnMap | None

    @property
    def said(self) -> bytes:
        """A digest of what was said of the file, apart from its name and its bytes."""
        mapping = None if self.mapping is None else self.mapping.to_json()
        return strict.digest([self.purpose.value, self.dry_run, self.ask, mapping])


def read(request: HttpRequest) -> Sent:
    """What was sent, or a Fault. Parameters stand in the query, or beside the file in a form."""
    _check_length(request)
    body.refuse_unknown(request, *NAMES)
    said: dict[str, str] = {name: request.GET[name] for name in NAMES if name in request.GET}
    stream: Any = request
    if request.content_type == "multipart/form-data":
        stream, beside = _form(request)
        said = {"name": stream.name or ""} | beside | said
    elif request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Fault(415, "encoding", "The body is compressed.", hint="Send the .gz file as it is, under its name.")
    if not said.get("name", "").strip():
        message = "Say what the file is called: its ending says how it is read."
        raise Fault(400, "missing", message, where="name", hint="Such as ?name=march.csv.")
    return Sent(
        name=said["name"][:4096],
        stream=stream,
        purpose=Purpose(_one_of(said, "purpose", Purpose.values, usual=Purpose.ITEMS.value)),
        dry_run=_one_of(said, "dry_run", ["0", "1"], usual="0") == "1",
        ask=_one_of(said, "ask", ["0", "1"], usual="0") == "1",
        mapping=_mapping(said["mapping"]) if "mapping" in said else None,
    )


def mapping_of(value: object, at: str) -> ColumnMap:
    """A mapping as it was sent, or a Fault that points into it."""
    try:
        return ColumnMap.from_json(value)
    except Unmapped as error:
        raise Fault(422, "mapping", f"{error}.", where=f"{at}{error.where}") from None


def digest(stream: IO[bytes]) -> bytes:
    """The SHA-256 of what is still to be read of a file."""
    found = hashlib.sha256()
    while piece := stream.read(PIECE_BYTES):
        found.update(piece)
    return found.digest()


def cut_off() -> Fault:
    """The body ended before its declared length."""
    return Fault(400, "cut_off", "The file did not arrive whole; nothing of it was kept.", hint="Send it again.")


def _check_length(request: HttpRequest) -> None:
    declared = str(request.META.get("CONTENT_LENGTH") or "")
    if not declared and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise Fault(411, "length", "The body comes without its length.", hint="Send a Content-Length header.")
    if declared and not (declared.isascii() and declared.isdigit()):
        raise Fault(400, "length", "The Content-Length header is no number.")
    most = settings.IMPORT_MAX_BYTES
    if int(declared[:18] or 0) > most + _AROUND_BYTES:
        hint = "Split the file, or gzip the text."
        raise Fault(413, "too_large", f"The file has more than {most // 1024**2} MiB.", hint=hint)


def _form(request: HttpRequest) -> tuple[Any, dict[str, str]]:
    try:
        files, posted = request.FILES, request.POST
    except UnreadablePostError:
        raise cut_off() from None
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Fault(400, "form", f"The form can't be read: {str(error)[:200]}") from None
    odd = next((name for name in posted if name not in NAMES), None)
    if odd is not None:
        message = f"There is no field {strict.shown(odd)} here; known are file, {', '.join(NAMES)}."
        raise Fault(400, "unknown_field", message, where=odd[:60])
    if set(files) != {"file"} or len(files.getlist("file")) != 1:
        raise Fault(400, "missing", "The form holds no one part called file.", where="file")
    return files["file"], {name: str(posted[name]) for name in posted}


def _one_of(said: dict[str, str], name: str, known: list[str], *, usual: str) -> str:
    text = said.get(name, usual)
    if text not in known:
        message = f"{name} is {strict.shown(text)}: it is one of {', '.join(known)}."
        raise Fault(400, "value", message, where=name)
    return text


def _mapping(text: str) -> ColumnMap:
    try:
        value = strict.loads(text, limits=strict.Limits(max_bytes=_MAPPING_BYTES))
    except strict.StrictError as error:
        raise Fault(400, "json", f"The mapping is no JSON: {error.message}", where="mapping") from None
    return mapping_of(value, "mapping")
