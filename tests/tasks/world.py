"""A pump's world without a database or an endpoint: queues and records of what its hands were asked to do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tasks import pump
from tasks.hands import Halted, Hands, Pair
from tasks.threads import Threads


@dataclass(frozen=True, slots=True)
class Claim:
    item_id: int
    token: int = 1


@dataclass
class World:
    """A queue of items, an endpoint whose answers a test releases, and a record of what was written."""

    ready: list[int]
    waits: dict[int, asyncio.Event] = field(default_factory=dict)
    pauses: dict[int, float] = field(default_factory=dict)
    broken: dict[int, Exception] = field(default_factory=dict)
    settle_error: Exception | None = None
    asked: list[int] = field(default_factory=list)
    settled: list[list[int]] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0
    limit: int = 2**31
    turns: int = 1  # of the loop, that a call takes
    threads: Threads = field(default_factory=Threads)
    on_asked: Callable[[int], None] = lambda _: None
    halted: Halted = ""
    watched: list[tuple[int, int]] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)
    on_settle: Callable[[], object] = lambda: None

    def claim(self, most: int, held: int) -> list[Claim]:
        self.claimed.append((most, held))
        taken, self.ready = self.ready[:most], self.ready[most:]
        return [Claim(item_id) for item_id in taken]

    async def ask(self, claim: Claim) -> int:
        self.asked.append(claim.item_id)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self.on_asked(claim.item_id)
        try:
            if claim.item_id in self.broken:
                raise self.broken[claim.item_id]
            for _ in range(self.turns):
                await asyncio.sleep(0)
            if claim.item_id in self.waits:
                await self.waits[claim.item_id].wait()
        finally:
            self.in_flight -= 1
        return claim.item_id

    def settle(self, found: list[int]) -> None:
        if self.settle_error is not None:
            raise self.settle_error
        self.on_settle()
        self.settled.append(found)

    def renew(self, pairs: list[Pair]) -> None:
        self.renewed.extend(item_id for item_id, _ in pairs)

    def give_back(self, pairs: list[Pair]) -> None:
        self.returned.extend(item_id for item_id, _ in pairs)

    def watch(self, held: int, flying: int) -> Halted:
        self.watched.append((held, flying))
        return self.halted

    def pump(self, *, in_flight: int = 4, shift_s: float = 30.0, lease_s: float = 60.0) -> pump.Pump[Claim, int]:
        hands = Hands(
            claim=self.claim,
            ask=self.ask,
            settle=self.settle,
            renew=self.renew,
            give_back=self.give_back,
            pause_s=lambda item_id: self.pauses.get(item_id, 0.0),
            watch=self.watch,
            limit=lambda: self.limit,
        )
        return pump.Pump(
            hands, threads=self.threads, in_flight=in_flight, lease_s=lease_s, shift_s=shift_s, linger_s=0.0
        )

    @property
    def written(self) -> list[int]:
        return sorted(item_id for batch in self.settled for item_id in batch)


def run(world: World, **settings: float) -> int:
    """One shift, which must not take longer than ten seconds."""

    async def shift() -> int:
        async with asyncio.timeout(10):
            return await world.pump(**settings).run()  # type: ignore[arg-type]  # the tests name real settings

    return asyncio.run(shift())
