"""An endpoint on loopback that answers as each test says, and the questions the tests ask it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from slider.llm import client
from slider.llm.records import Answered, Ask, Message
from slider.schema import Schema
from slider.strict import JSON

LABELS = ["spam", "ham", "eggs"]
SCHEMA = Schema.compile(
    {
        "type": "object",
        "properties": {"label": {"enum": list(LABELS)}, "count": {"type": "integer"}},
        "required": ["label"],
        "additionalProperties": False,
    }
)
TEXT = Schema.compile({"type": "string"})

Script: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


def question(**changed: object) -> Ask:
    """A plain question; name the parts that matter to the test."""
    parts: dict[str, object] = {
        "model": "tiny",
        "messages": (Message("user", '{"text":"hello"}'),),
        "schema": SCHEMA,
    }
    return Ask(**(parts | changed))  # type: ignore[arg-type]  # the tests name real fields


def choice(
    content: object, *, logprobs: object = None, finish_reason: str = "stop", refusal: object = None
) -> dict[str, object]:
    """One choice as endpoints write it."""
    return {
        "index": 0,
        "message": {"role": "assistant", "content": content, "refusal": refusal},
        "logprobs": logprobs,
        "finish_reason": finish_reason,
    }


def completion(*choices: object, usage: object = None) -> bytes:
    """The body of an answer with status 200; NaN is written as NaN."""
    counted = {"prompt_tokens": 12, "completion_tokens": 5} if usage is None else usage
    return json.dumps({"object": "chat.completion", "choices": list(choices), "usage": counted}).encode()


def token(text: str, logprob: float | None = -0.1, **others: float) -> dict[str, object]:
    """One token of `logprobs.content`, with alternatives by keyword."""
    tops = [{"token": name, "logprob": value} for name, value in {text: logprob, **others}.items()]
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": tops}


def http(
    body: bytes, *, status: str = "200 OK", headers: tuple[str, ...] = ("Content-Type: application/json",)
) -> bytes:
    """A whole HTTP answer."""
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""))
    return head.encode() + body


@dataclass
class Endpoint:
    """A server for one exchange: it keeps what it was sent and plays its script once per request."""

    script: bytes | Script
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
            self.requests.append((head, await reader.readexactly(length)))
            if isinstance(self.script, bytes):
                writer.write(self.script)
                await writer.drain()
            else:
                await self.script(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, as some of the tests want
        finally:
            writer.close()

    @property
    def sent(self) -> dict[str, JSON]:
        """The JSON body of the last request."""
        body = json.loads(self.requests[-1][1])
        assert isinstance(body, dict)
        return body


@dataclass
class Exchange:
    """Ask a scripted endpoint once and wait for the outcome."""

    endpoint: Endpoint

    def __call__(
        self,
        script: bytes | Script,
        ask: Ask | None = None,
        *,
        timeout_s: float = 10.0,
        key: str = "sk-secret",
        cap: int = 2**23,
    ) -> Answered:
        self.endpoint.script = script
        return asyncio.run(self._ask(ask or question(), timeout_s, key, cap))

    async def _ask(self, ask: Ask, timeout_s: float, key: str, cap: int) -> Answered:
        server = await asyncio.start_server(self.endpoint.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        async with server, client.Client(url, api_key=key, timeout_s=timeout_s, max_response_bytes=cap) as one:
            return await one.ask(ask)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(Endpoint(b""))
