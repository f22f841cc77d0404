"""A quick model endpoint on loopback: prepared completions after a settable latency, and nothing else.

Its address says how it answers: `/1000ms-500tokens-5alternatives/v1/chat/completions`.
"""

import asyncio
import itertools
import json
import random
import re
from functools import lru_cache
from typing import ClassVar

_SHAPE = re.compile(rb"/(\d+)ms-(\d+)tokens-(\d+)alternatives/v1/chat/completions")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_VARIANTS = 32
_WORDS = (" we", " are", " sorry", " and", " send", " a", " new", " one", " today")
_turns = itertools.count()
_COUNT = b"/count"  # how many it has answered, and how many it holds right now


def path(*, latency_ms: int, tokens: int, alternatives: int) -> str:
    """The path of an endpoint that answers this way, as a client's base URL has it; no alternatives: no logprobs."""
    return f"/{latency_ms}ms-{tokens}tokens-{alternatives}alternatives/v1"


@lru_cache(16)
def answers(tokens: int, alternatives: int) -> list[bytes]:
    """Whole HTTP responses of `tokens` tokens each (9 at least), which differ in how sure the model is."""
    chance = random.Random(7)
    return [_response(tokens, alternatives, chance) for _ in range(_VARIANTS)]


def _response(tokens: int, alternatives: int, chance: random.Random) -> bytes:
    opening = ["{", '"topic', '":"', "refund", '","', "reply", '":"', "Hello"]
    words = [_WORDS[place % len(_WORDS)] for place in range(tokens - len(opening) - 1)]
    spelt = [*opening, *words, '"}']
    logprobs = [_token(text, alternatives, chance) for text in spelt]
    completion = {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "bench-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "".join(spelt), "refusal": None},
                "logprobs": {"content": logprobs, "refusal": None} if alternatives else None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 180, "completion_tokens": len(spelt), "total_tokens": 180 + len(spelt)},
    }
    return _http(b"200 OK", json.dumps(completion).encode())


def _token(text: str, alternatives: int, chance: random.Random) -> dict[str, object]:
    likely = -chance.expovariate(8.0)
    others = [
        {"token": f" or{place}", "logprob": likely - 2.0 - place, "bytes": list(f" or{place}".encode())}
        for place in range(alternatives)
    ]
    return {"token": text, "logprob": likely, "bytes": list(text.encode()), "top_logprobs": others}


def _http(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
    return head + body


_UNKNOWN = _http(b"404 Not Found", b'{"error": {"message": "the bench endpoint has no such path"}}')


class Endpoint(asyncio.Protocol):
    """One connection: each request is answered by its path alone, after its latency."""

    answered: ClassVar[int] = 0
    held: ClassVar[int] = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            target = self._received.split(b" ", 2)[1]
            self._received = self._received[whole:]
            self._answer(target)

    def _answer(self, target: bytes) -> None:
        if target == _COUNT:
            counts = {"answered": Endpoint.answered, "held": Endpoint.held}
            self._transport.write(_http(b"200 OK", json.dumps(counts).encode()))
            return
        shape = _SHAPE.fullmatch(target)
        if shape is None:
            self._transport.write(_UNKNOWN)
            return
        latency_ms, tokens, alternatives = map(int, shape.groups())
        prepared = answers(tokens, alternatives)
        response = prepared[next(_turns) % len(prepared)]
        Endpoint.held += 1
        if latency_ms:
            asyncio.get_running_loop().call_later(latency_ms / 1000, self._send, response)
        else:
            self._send(response)

    def _send(self, response: bytes) -> None:
        Endpoint.held -= 1
        Endpoint.answered += 1
        if not self._transport.is_closing():
            self._transport.write(response)


async def serve() -> None:
    """Answer on a free port, whose address is the first line printed, until the process is stopped."""
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
