"""The model's door: an endpoint in this process, which no fault can hurt; it errs by its seed and counts its calls."""

import asyncio
import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.history import History

_KEY = re.compile(rb"item [a-z]+\d+-\d+")
TOPICS = ("delivery", "refund", "product", "account", "other")
_REASONS = {200: b"OK", 429: b"Too Many Requests", 500: b"Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Temper:
    """How an endpoint behaves: shares of calls, and seconds."""

    failing: float = 0.03
    limiting: float = 0.01
    garbled: float = 0.01
    hanging: float = 0.005
    quick_s: tuple[float, float] = (0.01, 0.08)
    hang_s: float = 8.0  # longer than a lease without a sign of life


class FakeModel:
    """Speaks the chat protocol on loopback, in a thread of its own."""

    def __init__(self, history: History, *, seed: int, temper: Temper | None = None) -> None:
        self.temper = temper or Temper()
        self.calls = 0
        self._history = history
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="model", daemon=True)
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._talk, "127.0.0.1", 0), self._loop).result()
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                writer.write(await self._answer(body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # whoever asked is gone
        finally:
            writer.close()

    async def _answer(self, body: bytes) -> bytes:
        self.calls += 1
        temper, chance = self.temper, self._chance
        found = _KEY.search(body)
        key = found[0].decode().removeprefix("item ") if found else ""
        self._history.add("model", "seen", "call", key)
        draw = chance.random()
        hangs = chance.random() < temper.hanging
        await asyncio.sleep(temper.hang_s if hangs else chance.uniform(*temper.quick_s))
        for share, made in self._whims(temper):
            if (draw := draw - share) < 0:
                return made()
        return _completion(json.dumps({"topic": topic(key), "urgent": False}))

    def _whims(self, temper: Temper) -> list[tuple[float, Callable[[], bytes]]]:
        return [
            (temper.failing, lambda: _http(500, b'{"error": {"message": "a bad day"}}')),
            (temper.limiting, lambda: _http(429, b'{"error": {"message": "slower"}}', b"retry-after: 1\r\n")),
            (temper.garbled, lambda: _completion("{ this is no JSON")),
        ]


def topic(key: str) -> str:
    """What this model says of an item: always the same."""
    return TOPICS[sum(key.encode()) % len(TOPICS)]


def _completion(content: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 80, "completion_tokens": 12, "total_tokens": 92}
    return _http(200, json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode())


def _http(status: int, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n"
    return head % (status, _REASONS[status], more, len(body)) + body
