"""Ask a model at any endpoint that speaks the OpenAI chat protocol: one call, one named outcome, no retries.

Retries belong to the pump alone: two layers of them would multiply. Neither keys nor contents are ever logged.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp

from slider import retry_after
from slider.llm import answers, reach
from slider.llm.line import CompressedError, Line, Reply, TooMuchError
from slider.llm.records import Answered, Ask, Outcome, Restore
from slider.strict import JSON

MOST_RETRY_AFTER_S = 3600.0
_BY_STATUS = {
    401: Outcome.UNAUTHORISED,
    402: Outcome.UNAUTHORISED,
    403: Outcome.UNAUTHORISED,
    404: Outcome.UNKNOWN_MODEL,
    408: Outcome.TIMEOUT,
    409: Outcome.SERVER_ERROR,
    425: Outcome.SERVER_ERROR,
    429: Outcome.RATE_LIMITED,
}
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class _Form:
    """All of a request's body but its last message, for one Ask: written out once and not once a call."""

    ask: Ask
    head: str
    tail: str

    def filled(self, last: str | None) -> bytes:
        if last is None:
            return f"{self.head}{self.tail}".encode()
        comma = "," if self.ask.messages else ""
        message = f'{comma}{{"role":"user","content":{_written(last)}}}'
        return f"{self.head}{message}{self.tail}".encode()


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back for one call, before it is read: a body with status 200, or what went wrong instead."""

    body: bytes
    failed: Answered | None
    latency_ms: float


def read(raws: Sequence[Raw], *, ask: Ask, restore: Restore | None = None) -> Answered:
    """Read one call's answer, or several calls' that each gave a sample: those that came count, if any did."""
    latency_ms = raws[0].latency_ms if len(raws) == 1 else max(raw.latency_ms for raw in raws)
    if good := [raw.body for raw in raws if raw.failed is None]:
        return answers.read_all(good, ask=ask, latency_ms=latency_ms, restore=restore)
    failed = raws[0].failed
    assert failed is not None  # a call without a body says what went wrong
    return replace(failed, latency_ms=latency_ms)


def body(ask: Ask, *, base_url: str, last: str | None = None) -> dict[str, JSON]:
    """What is sent to an endpoint for a question; `last` is one more message of the user's."""
    messages: list[JSON] = [{"role": one.role, "content": one.content} for one in ask.messages]
    if last is not None:
        messages.append({"role": "user", "content": last})
    # OpenAI's newer models refuse the old name; most other servers know only the old one.
    longest = "max_completion_tokens" if "//api.openai.com/" in base_url else "max_tokens"
    optional: dict[str, JSON] = {
        "n": ask.n if ask.n > 1 else None,  # some endpoints refuse the parameter itself
        "response_format": ask.response_format,
        "temperature": ask.temperature,
        longest: ask.max_tokens,
        "logprobs": True if ask.logprobs else None,
        "top_logprobs": ask.top_logprobs if ask.logprobs else None,
        "seed": ask.seed,
    }
    sent: dict[str, JSON] = {"model": ask.model, "messages": messages}
    sent.update({name: value for name, value in optional.items() if value is not None})
    return sent


def outcome_of(status: int) -> Outcome:
    """What an answer with this HTTP status means."""
    if status < 400:
        return Outcome.BAD_RESPONSE
    return _BY_STATUS.get(status, Outcome.SERVER_ERROR if status >= 500 else Outcome.BAD_REQUEST)


class Client:
    """One endpoint with one key. It belongs to the event loop it is first used in; close it there.

    `timeout_s` bounds a whole call, from the first byte sent to the last byte read. An answer is read up to
    `max_response_bytes`, whatever length it claims. `only_public`: what is not on the public internet is not called.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        timeout_s: float = 60.0,
        max_response_bytes: int = 8 * 1024 * 1024,
        only_public: bool = False,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"the endpoint's address is {base_url!r}: it must begin with http:// or https://")
        if not api_key.isascii() or not (api_key or "-").isprintable() or " " in api_key:
            raise ValueError("the endpoint's key holds blanks or characters that no key has: copy it once more")
        self.base_url = base_url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._line = Line(base_url, api_key=api_key, most_bytes=max_response_bytes, only_public=only_public)
        self._form: _Form | None = None

    async def ask(self, ask: Ask, *, last: str | None = None, timeout_s: float | None = None) -> Answered:
        """Ask once. Whatever endpoint or line do is an outcome; nothing but cancellation is raised.

        `last` is one more message of the user's behind those of `ask`: calls that differ in nothing else share an Ask.
        """
        return read([await self.fetch(ask, last=last, timeout_s=timeout_s)], ask=ask)

    async def fetch(self, ask: Ask, *, last: str | None = None, timeout_s: float | None = None) -> Raw:
        """Ask once and leave the answer unread, for who asks several times for one item."""
        form = self._form
        if form is None or form.ask is not ask:
            form = self._form = self._formed(ask)
        started = time.perf_counter()
        reply = await self._reply(form.filled(last), self._timeout_s if timeout_s is None else timeout_s)
        latency_ms = (time.perf_counter() - started) * 1000
        if isinstance(reply, Answered):
            return Raw(b"", reply, latency_ms)
        if not 200 <= reply.status < 300:
            return Raw(b"", self._by_status(reply), latency_ms)
        return Raw(reply.body, None, latency_ms)

    async def aclose(self) -> None:
        """Close all connections; the client can't be used afterwards."""
        await self._line.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _reply(self, body: bytes, timeout_s: float) -> Reply | Answered:
        """What the endpoint sent, or what became of the call instead."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._line.post(body)
        except TimeoutError:
            return _failed(Outcome.TIMEOUT, f"The endpoint gave no whole answer within {timeout_s:g} s.")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.InvalidURL, OSError) as error:
            return _failed(Outcome.CONNECTION_LOST, f"The connection to the endpoint failed: {_root(error)}")
        except aiohttp.ClientError as error:
            # Bytes that are no HTTP at all.
            return _failed(Outcome.BAD_RESPONSE, f"The endpoint does not speak HTTP: {type(error).__name__}.")
        except TooMuchError as error:
            return _failed(Outcome.TOO_LONG, str(error))
        except CompressedError as error:
            return _failed(Outcome.BAD_RESPONSE, str(error))

    def _formed(self, ask: Ask) -> _Form:
        whole = body(ask, base_url=self.base_url)
        head = _written({name: whole.pop(name) for name in ("model", "messages")})
        rest = _written(whole)
        return _Form(ask, head.removesuffix("]}"), f"],{rest[1:]}" if len(rest) > 2 else "]}")

    def _by_status(self, reply: Reply) -> Answered:
        status = reply.status
        wait_s = retry_after.seconds(reply.retry_after, now=datetime.now(UTC), most_s=MOST_RETRY_AFTER_S)
        reason = answers.reason(reply.body)
        detail = f"The endpoint answered {status}: {reason}"
        if self._api_key:
            detail = detail.replace(self._api_key, "(the key)")
        return replace(_failed(outcome_of(status), detail), retry_after_s=wait_s, status=status)


def _failed(outcome: Outcome, detail: str) -> Answered:
    return Answered(outcome=outcome, detail=detail)


def _root(error: BaseException) -> str:
    """The kind of the first cause, such as ConnectionResetError; its text may hold addresses, unless it is ours."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) if isinstance(error, reach.InsideError) else f"{type(error).__name__}."
