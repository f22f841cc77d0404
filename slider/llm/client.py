"""Ask a model at any endpoint that speaks the OpenAI chat protocol: one call, one named outcome, no retries.

The call is the lean one of the vendor's client: it keeps authentication, base URL and typed errors, and
builds no response models. Retries belong to the pump alone: two layers of them would multiply.
Neither keys nor contents are ever logged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
import httpx2
import openai

from slider import retry_after
from slider.llm import answers
from slider.llm.records import Answered, Ask, Outcome
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


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back for one call, before it is read: a body with status 200, or what went wrong instead."""

    body: bytes
    failed: Answered | None
    latency_ms: float


def read(raws: Sequence[Raw], *, ask: Ask) -> Answered:
    """Read one call's answer, or several calls' that each gave a sample: those that came count, if any did."""
    good = [raw for raw in raws if raw.failed is None]
    answered = answers.read_all([raw.body for raw in good], ask=ask) if good else raws[0].failed
    assert answered is not None  # a call without a body says what went wrong
    return replace(answered, latency_ms=max(raw.latency_ms for raw in raws))


def body(ask: Ask, *, base_url: str) -> dict[str, JSON]:
    """What is sent to an endpoint for a question."""
    sent: dict[str, JSON] = {
        "model": ask.model,
        "messages": [{"role": one.role, "content": one.content} for one in ask.messages],
    }
    if ask.n > 1:  # some endpoints refuse the parameter itself
        sent["n"] = ask.n
    # OpenAI's newer models refuse the old name; most other servers know only the old one.
    longest = "max_completion_tokens" if "//api.openai.com/" in base_url else "max_tokens"
    optional: dict[str, JSON] = {
        "response_format": ask.response_format,
        "temperature": ask.temperature,
        longest: ask.max_tokens,
        "logprobs": True if ask.logprobs else None,
        "top_logprobs": ask.top_logprobs if ask.logprobs else None,
        "seed": ask.seed,
    }
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
    `max_response_bytes`, whatever length it claims.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        timeout_s: float = 60.0,
        max_response_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"the endpoint's address is {base_url!r}: it must begin with http:// or https://")
        if not api_key.isascii() or not (api_key or "-").isprintable() or " " in api_key:
            raise ValueError("the endpoint's key holds blanks or characters that no key has: copy it once more")
        self.base_url = base_url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._openai = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",  # servers on one's own machine ask for none
            max_retries=0,
            timeout=None,  # one deadline a call, in `ask`: the transport's timeouts start anew with each byte
            # Compressed answers save nothing at this size, and a small body could swell to any size.
            default_headers={"Accept-Encoding": "identity"},
            http_client=openai.DefaultAioHttpClient(
                timeout=None, follow_redirects=False, event_hooks={"response": [self._cap]}
            ),
        )

    async def ask(self, ask: Ask, *, timeout_s: float | None = None) -> Answered:
        """Ask once. Whatever endpoint or line do is an outcome; nothing but cancellation is raised."""
        return read([await self.fetch(ask, timeout_s=timeout_s)], ask=ask)

    async def fetch(self, ask: Ask, *, timeout_s: float | None = None) -> Raw:
        """Ask once and leave the answer unread, for who asks several times for one item."""
        started = time.perf_counter()
        got = await self._outcome(ask, self._timeout_s if timeout_s is None else timeout_s)
        latency_ms = (time.perf_counter() - started) * 1000
        return Raw(got, None, latency_ms) if isinstance(got, bytes) else Raw(b"", got, latency_ms)

    async def aclose(self) -> None:
        """Close all connections; the client can't be used afterwards."""
        await self._openai.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _outcome(self, ask: Ask, timeout_s: float) -> bytes | Answered:
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._openai.post(
                    "/chat/completions", body=body(ask, base_url=self.base_url), cast_to=httpx2.Response
                )
        except TimeoutError:
            return _failed(Outcome.TIMEOUT, f"The endpoint gave no whole answer within {timeout_s:g} s.")
        except openai.APIStatusError as error:
            return self._by_status(error)
        except openai.APIConnectionError as error:
            return _failed(Outcome.CONNECTION_LOST, f"The connection to the endpoint failed: {_root(error)}.")
        except aiohttp.ClientError as error:
            # What the transport doesn't translate: bytes that are no HTTP at all.
            return _failed(Outcome.BAD_RESPONSE, f"The endpoint does not speak HTTP: {type(error).__name__}.")
        except _TooMuchError as error:
            return _failed(Outcome.TOO_LONG, str(error))
        except _CompressedError as error:
            return _failed(Outcome.BAD_RESPONSE, str(error))
        return bytes(response.content)

    def _by_status(self, error: openai.APIStatusError) -> Answered:
        status, headers = error.status_code, error.response.headers
        outcome = outcome_of(status)
        reason = answers.said(error.body) if isinstance(error.body, dict) else "no reason given"
        wait_s = retry_after.seconds(headers.get("retry-after"), now=datetime.now(UTC), most_s=MOST_RETRY_AFTER_S)
        detail = f"The endpoint answered {status}: {reason}"
        if self._api_key:
            detail = detail.replace(self._api_key, "(the key)")
        return replace(_failed(outcome, detail), retry_after_s=wait_s, status=status)

    async def _cap(self, response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise _CompressedError("The endpoint compressed its answer, though it was asked not to.")
        stream = response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError(f"the transport gave a {type(stream).__name__}, not an asynchronous stream")
        response.stream = _Capped(stream, self._max_response_bytes)


class _TooMuchError(Exception):
    """The endpoint sends more than is read."""


class _CompressedError(Exception):
    """The endpoint sends a compressed body, whose size can't be bounded before it is unpacked."""


class _Capped(httpx2.AsyncByteStream):
    """The body of a response, up to a limit."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > self._limit:
                raise _TooMuchError(f"The endpoint's answer has more than {self._limit:,} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _failed(outcome: Outcome, detail: str) -> Answered:
    return Answered(outcome=outcome, detail=detail)


def _root(error: BaseException) -> str:
    """The kind of the first cause, such as ConnectionResetError; its text may hold addresses."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
