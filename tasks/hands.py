"""What a pump does with the world: the claims, calls and writes that it is given as functions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar


class Held(Protocol):
    """A claim: what the pump needs to know of it."""

    @property
    def item_id(self) -> int: ...
    @property
    def token(self) -> int: ...


C = TypeVar("C", bound=Held)
F = TypeVar("F")
Pair = tuple[int, int]
Halted = Literal["", "paused", "draining"]


def _nobody_halts(_held: int, _flying: int) -> Halted:
    return ""


def _keep(uses: int, _: bool) -> tuple[int, bool]:  # noqa: FBT001
    return uses, False


async def _for_ever() -> None:
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Hands(Generic[C, F]):
    """What a pump does with the world. All but `ask` and `news` block, have a thread each, and are safe to repeat.

    `claim(most, held)` takes up to `most` more items while `held` wait for an answer; `settle` writes findings; `renew`
    and `give_back` take (item, token) pairs; `pause_s` says for how long a finding asks everybody to wait, infinity
    to end the shift. `tick(uses, idle)` is a sign of life of a pump that may have `uses` calls in the air now, or has
    nothing to do: it says how many from now on, and whether others should have the turn. `news` returns when something
    was heard that a claim or a tick may tell more of. `watch(held, in_flight)` tells what is in hand and says whether
    an operator has halted this: paused begins nothing more, draining finishes what is held. `limit`, which does not
    block, says how many items may be under way now beside the seats that `tick` deals; one is held in stock all the
    same, so that somebody asks whether there may be more.
    """

    claim: Callable[[int, int], list[C]]
    ask: Callable[[C], Awaitable[F]]
    settle: Callable[[list[F]], None]
    renew: Callable[[list[Pair]], None]
    give_back: Callable[[list[Pair]], None]
    pause_s: Callable[[F], float]
    tick: Callable[[int, bool], tuple[int, bool]] = _keep
    news: Callable[[], Awaitable[None]] = _for_ever
    watch: Callable[[int, int], Halted] = _nobody_halts
    limit: Callable[[], int] = lambda: 2**31
