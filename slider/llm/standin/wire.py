"""HTTP/1.1, as much of it as an API client speaks: keep-alive, lengths, chunks and limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from slider.llm.standin.errors import ApiError

LARGEST_BODY: Final = 16 * 1024 * 1024
LONGEST_HEAD: Final = 64 * 1024
SERVER: Final = "slider-standin (no real LLM)"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the names of its headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool


class WireError(ApiError):
    """The bytes are no request that can be read; the connection ends after the answer."""


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request of a connection, or None when the other side has closed it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise WireError(400, "The connection ended in the middle of a request's head.") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise WireError(431, f"The request's head is longer than {LONGEST_HEAD} bytes.") from error
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise WireError(400, f"{first[:80]!r} is no HTTP/1.1 request line.")
    headers = _headers(lines)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _body(reader, headers)
    connection = headers.get("connection", "").lower()
    keep_alive = connection != "close" if words[2] == "HTTP/1.1" else connection == "keep-alive"
    return Request(words[0], words[1].split("?", 1)[0], headers, body, keep_alive)


def response(
    status: int,
    body: bytes,
    *,
    keep_alive: bool,
    kind: str = "application/json",
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a response."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Server: {SERVER}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in (extra or {}).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_bytes(value: object) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise WireError(400, f"{line[:80]!r} is no header line.")
        headers[name.lower()] = value.strip()
    return headers


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    try:
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
                raise WireError(400, "A body comes either with Content-Length or in chunks, in no other form.")
            return await _chunks(reader)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise WireError(400, f"Content-Length is {length[:40]!r}; it must be a whole number.")
        if len(length) > 12 or int(length) > LARGEST_BODY:
            raise WireError(413, f"The body is larger than {LARGEST_BODY} bytes.")
        return await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as error:
        raise WireError(400, "The connection ended in the middle of a request's body.") from error


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        size_text = (await reader.readuntil(b"\r\n")).split(b";")[0].strip()
        try:
            size = int(size_text, 16)
        except ValueError as error:
            raise WireError(400, f"{size_text[:40]!r} is no size of a chunk.") from error
        total += size
        if size < 0 or total > LARGEST_BODY:
            raise WireError(413, f"The body is larger than {LARGEST_BODY} bytes.")
        part = await reader.readexactly(size + 2)
        if not size:
            return b"".join(parts)
        parts.append(part[:-2])
