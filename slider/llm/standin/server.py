"""Answers connections: routes, faults on the wire, and one brain behind them all."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

from slider.llm.standin import asked, completions, faults, wire
from slider.llm.standin.batches import Batches
from slider.llm.standin.brain import Brain
from slider.llm.standin.errors import ApiError
from slider.llm.standin.faults import Fault, Faults
from slider.llm.standin.wire import Request, WireError

_STARTED: Final = int(time.time())
_MODEL: Final = {
    "id": asked.MODEL,
    "object": "model",
    "created": _STARTED,
    "owned_by": "slider stand-in (no real LLM)",
}
_DRIP: Final = 16
_HTML: Final = b"<html><body><h1>502 Bad Gateway</h1><p>The stand-in was told to say this.</p></body></html>"


class Standin:
    """One stand-in model: its brain, the faults that hold, and how it answers a connection."""

    def __init__(self, *, api_key: str | None = None, seed: int | None = None) -> None:
        self._brain = Brain()
        self._api_key = api_key
        self._faults = faults.NONE
        self._seed = seed
        self._rng = random.Random(seed)  # noqa: S311 - draws faults, not secrets
        self._batches = Batches(self._brain, self._rng)
        self._at_once = self._peak = self._calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection one after the other until one side ends it."""
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, TimeoutError):
            pass  # the caller has gone: nobody is left to be told
        except asyncio.CancelledError:
            pass  # the process ends, and asyncio's streams would report that as a failure of the connection
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            request = await wire.read_request(reader, writer)
        except WireError as error:
            writer.write(_error(error, keep_alive=False))
            await writer.drain()
            return False
        if request is None:
            return False
        held, fault, counted = self._faults, None, False
        try:
            if (request.method, request.path) == ("POST", "/v1/chat/completions"):
                self._check_key(request)
                counted = self._begin()
                header = request.headers.get("x-standin-fault")
                held = self._faults if header is None else faults.from_header(header, base=self._faults)
                if held.bears and self._at_once > held.bears:
                    raise _too_many(held)
                wait_s, met = held.wait_s(self._rng), held.drawn(self._rng)  # in one go: in the order of the calls
                await asyncio.sleep(wait_s)
                fault = met
                sent = self._completion(request, fault, held)
            else:
                sent = self._plain(request)
        except ApiError as error:
            sent = _error(error, keep_alive=request.keep_alive)
        finally:
            ended = counted and fault is not Fault.HANG and self._end()
        try:
            return await _send(sent, reader, writer, fault=fault, pause_ms=held.pause_ms) and request.keep_alive
        finally:
            if counted and not ended:
                self._end()

    def _begin(self) -> bool:
        self._calls += 1
        self._at_once += 1
        self._peak = max(self._peak, self._at_once)
        return True

    def _end(self) -> bool:
        self._at_once -= 1
        return True

    def _completion(self, request: Request, fault: Fault | None, held: Faults) -> bytes:
        match fault:
            case Fault.RATE_LIMIT:
                raise _too_many(held)
            case Fault.UNAVAILABLE:
                message = "The engine is overloaded (the stand-in was told to say so)."
                raise ApiError(503, message, retry_after_s=held.retry_after_s)
            case Fault.NO_N if asked.read(request.body).ask.samples > 1:
                raise ApiError(400, "Only n = 1 is supported (the stand-in was told to say so).", param="n")
            case Fault.ERROR:
                raise ApiError(500, "The server had an error (the stand-in was told to have one).")
            case Fault.HTML:
                return wire.response(200, _HTML, keep_alive=request.keep_alive, kind="text/html")
            case Fault.HANG:
                return b""
            case _:
                wanted = asked.read(request.body)
                body = completions.complete(wanted, brain=self._brain, fault=fault, faults=held)
                return wire.response(200, wire.json_bytes(body), keep_alive=request.keep_alive)

    def _plain(self, request: Request) -> bytes:
        match (request.method, request.path):
            case ("GET", "/v1/models"):
                self._check_key(request)
                body: object = {"object": "list", "data": [_MODEL]}
            case ("GET", path) if path == f"/v1/models/{asked.MODEL}":
                self._check_key(request)
                body = _MODEL
            case (_, path) if path.startswith(("/v1/files", "/v1/batches")):
                self._check_key(request)
                answer = self._batches.answer(request, self._faults)
                if isinstance(answer, bytes):
                    return wire.response(200, answer, keep_alive=request.keep_alive, kind="application/octet-stream")
                body = answer
            case ("GET", "/counts"):
                body = {"calls": self._calls, "peak": self._peak, "at_once": self._at_once}
            case ("GET", "/faults"):
                body = self._faults.described
            case ("POST", "/faults"):
                self._faults = faults.from_json(asked.json_object(request.body))
                self._rng.seed(self._seed)  # the same faults meet the same calls, whatever came before
                self._calls, self._peak = 0, self._at_once
                body = self._faults.described
            case _:
                raise ApiError(404, f"Invalid URL ({request.method} {request.path}).", code="unknown_url")
        return wire.response(200, wire.json_bytes(body), keep_alive=request.keep_alive)

    def _check_key(self, request: Request) -> None:
        if self._api_key is not None and request.headers.get("authorization") != f"Bearer {self._api_key}":
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")


async def _send(
    sent: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, fault: Fault | None, pause_ms: float
) -> bool:
    """Send a response in the way its fault demands; False when the connection is of no more use."""
    match fault:
        case Fault.HANG:
            while await reader.read(65_536):
                pass
            return False
        case Fault.RESET:
            writer.write(sent[: len(sent) // 2])
            await writer.drain()
            writer.transport.abort()
            return False
        case Fault.DRIP:
            for start in range(0, len(sent), _DRIP):
                writer.write(sent[start : start + _DRIP])
                await writer.drain()
                await asyncio.sleep(pause_ms / 1000)
        case _:
            writer.write(sent)
            await writer.drain()
    return True


def _too_many(held: Faults) -> ApiError:
    message = "Rate limit reached (the stand-in was told to say so). Please try again later."
    return ApiError(429, message, code="rate_limit_exceeded", retry_after_s=held.retry_after_s)


def _error(error: ApiError, *, keep_alive: bool) -> bytes:
    extra = {"Retry-After": f"{error.retry_after_s:g}"} if error.status in (429, 503) else {}
    return wire.response(error.status, wire.json_bytes(error.body), keep_alive=keep_alive, extra=extra)
