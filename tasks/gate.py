"""The gate before an endpoint: no more calls in the air than its limit, which may change at any moment."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType

LOOK_AGAIN_S = 0.1  # a limit that has risen meanwhile wakes nobody by itself


class Gate:
    """Enter it with `async with`; who came first goes first. It belongs to one event loop."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_air = 0

    @property
    def is_free(self) -> bool:
        """Whether one more may enter at once."""
        return self.in_air < self._limit() and not self._waiting

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    async def __aenter__(self) -> None:
        if self._waiting or self.in_air >= self._limit():
            await self._turn()
        self.in_air += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.in_air -= 1
        if self._waiting:
            self._wake()

    async def _turn(self) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            while self._waiting[0] is not mine or self.in_air >= self._limit():
                await asyncio.wait({mine}, timeout=LOOK_AGAIN_S)
                if mine.done():
                    place = self._waiting.index(mine)
                    mine = asyncio.get_running_loop().create_future()
                    self._waiting[place] = mine
        finally:
            self._waiting.remove(mine)
            self._wake()

    def _wake(self) -> None:
        if self._waiting and not self._waiting[0].done():
            self._waiting[0].set_result(None)
