"""The book of a replay: every item with what is known of it, and when it becomes known."""

from dataclasses import dataclass

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Ints
from slider.engine.labels import Labels

NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Items as they are routed; arrays have the shape (replays, n).

    Attributes:
        bins, classes, rungs: bin of the rank, weight class, and rung of the audit chance (0 in people's lane).
        lane: ran unattended.
        looked: goes to a person, as a gate or as an audit.
        said: what a person says, or would say: True is wrong.
        at: when they say it, counted in items.
        rows: the stream's own names.
        closed: the closed region that sent the item to people, -1 where there is none.
    """

    bins: Ints
    classes: Ints
    rungs: Ints
    lane: Bools
    looked: Bools
    said: Bools
    at: Ints
    rows: Ints
    closed: Ints


class Book:
    """All items of several replays, with arrivals, the watermark, and shipped items that nobody looked at."""

    def __init__(self, replays: int, items: int, *, longest: int) -> None:
        shape = (replays, items)
        self.bins, self.classes, self.rungs = (np.zeros(shape, dtype=np.int8) for _ in range(3))
        self.lane, self.looked, self.said, self.seen = (np.zeros(shape, dtype=np.bool_) for _ in range(4))
        self.at, self.rows = np.full(shape, NEVER, dtype=np.int32), np.zeros(shape, dtype=np.int32)
        self.epochs, self.closed = np.zeros(shape, dtype=np.int16), np.full(shape, -1, dtype=np.int8)
        self.epoch = np.zeros(replays, dtype=np.int16)
        self.now = 0
        self._settled = np.zeros(replays, dtype=np.int64)
        self._longest = longest
        self._streams = np.arange(replays)[:, None]

    def write(self, entry: Entry) -> None:
        """Add the items routed next."""
        part = slice(self.now, self.now + entry.bins.shape[1])
        self.bins[:, part], self.classes[:, part], self.rungs[:, part] = entry.bins, entry.classes, entry.rungs
        self.lane[:, part], self.looked[:, part], self.said[:, part] = entry.lane, entry.looked, entry.said
        self.at[:, part] = np.where(entry.looked, entry.at, NEVER)
        self.seen[:, part] = entry.looked
        self.rows[:, part], self.epochs[:, part] = entry.rows, self.epoch[:, None]
        self.closed[:, part] = entry.closed
        self.now = part.stop

    def arrived(self, since: int) -> tuple[Ints, Ints]:
        """Return (replays, items) whose verdict came after `since` and by now, in the order of their coming."""
        first = max(0, since - self._longest - 1)
        at = self.at[:, first : self.now]
        came = (at >= since) & (at < self.now)
        replay, item = np.nonzero(came)
        order = np.lexsort((at[replay, item], replay))
        return replay[order], item[order] + first

    def waiting(self) -> Ints:
        """Return the oldest outstanding look of this epoch by bin, shape (replays, bins); `now` where there is none."""
        first = max(0, self.now - self._longest - 1)
        part = slice(first, self.now)
        out = self.looked[:, part] & (self.at[:, part] >= self.now) & (self.closed[:, part] < 0)
        replay, item = np.nonzero(out & (self.epochs[:, part] == self.epoch[:, None]))
        oldest = np.full((len(self.epoch), len(certificate.CUTS)), self.now, dtype=np.int64)
        np.minimum.at(oldest, (replay, self.bins[replay, item + first]), item + first)
        return oldest

    def settled_closed(self) -> tuple[Ints, Ints]:
        """Return (replays, items) that closed regions sent to people, newly below the oldest such look outstanding."""
        first = int(self._settled.min())
        items = np.arange(first, self.now)
        sent = (self.closed[:, first : self.now] >= 0) & (items >= self._settled[:, None])
        waits = sent & (self.at[:, first : self.now] >= self.now)
        upto = np.where(waits.any(axis=1), waits.argmax(axis=1) + first, self.now)
        replay, item = np.nonzero(sent & (items < upto[:, None]))
        self._settled = upto
        return replay, item + first

    def judged(self, floor: Ints) -> tuple[Ints, Ints]:
        """Return (replays, items) from `floor`, shape (replays,), on whose verdict is known."""
        first = int(floor.min())
        part = slice(first, self.now)
        known = self.looked[:, part] & (self.at[:, part] < self.now)
        replay, item = np.nonzero(known & (np.arange(first, self.now) >= floor[:, None]))
        return replay, item + first

    def labels(self, replay: Ints, item: Ints, *, again: bool = False) -> Labels | None:
        """Return labels of the epoch in force, in the order given; None where there are none.

        `again`: of shipped items looked at again, which count for one. Items that a closed region sent to people
        are left out.
        """
        current = (self.epochs[replay, item] == self.epoch[replay]) & (self.closed[replay, item] < 0)
        replay, item = replay[current], item[current]
        if not replay.size:
            return None
        where, present = _side_by_side(replay, item, len(self.epoch))
        classes = self.classes[self._streams, where].astype(np.int64)
        return Labels(
            bins=self.bins[self._streams, where].astype(np.int64),
            classes=np.zeros_like(classes) if again else classes,
            wrong=self.said[self._streams, where],
            lane=self.lane[self._streams, where],
            present=present,
            places=where,
            rungs=self.rungs[self._streams, where].astype(np.int64),
        )

    def shipped(self, replay: int, *, last: int) -> Ints:
        """Return the replay's unattended items of this epoch among the `last` ones that nobody has looked at."""
        first = max(0, self.now - last)
        part = slice(first, self.now)
        free = self.lane[replay, part] & ~self.seen[replay, part] & (self.epochs[replay, part] == self.epoch[replay])
        return np.flatnonzero(free) + first


def _side_by_side(replay: Ints, item: Ints, replays: int) -> tuple[Ints, Bools]:
    """Lay items out in one row a replay, in the order given, and say where there are any."""
    counts = np.bincount(replay, minlength=replays)
    order = np.argsort(replay, kind="stable")
    place = np.empty(replay.size, dtype=np.int64)
    place[order] = np.arange(replay.size) - np.repeat(np.cumsum(counts) - counts, counts)
    where = np.zeros((replays, int(counts.max())), dtype=np.int64)
    present = np.zeros(where.shape, dtype=np.bool_)
    where[replay, place], present[replay, place] = item, True
    return where, present
