"""The product's own rule in a replay: the watch, with audits, look-backs and pull-backs."""

import numpy as np

from slider.engine import certificate, regions
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.book import Book
from slider.engine.backtest.people import People
from slider.engine.backtest.rules import Inside, Seen
from slider.engine.backtest.streams import Held
from slider.engine.orders import Orders, Tuning
from slider.engine.watch import Watch

LAST = 600
"""Shipped items that a look-back draws from."""


class Guarded:
    """`watch.Watch` as it is in the product; only the people are played."""

    name = "guarded"
    promises = True

    def __init__(
        self, tested: Floats, *, delta: float, people: People, tuning: Tuning | None = None, slider: float = 1.0
    ) -> None:
        """`slider`: the largest share that may be opened; the lane ends at a certified cut that is not above it."""
        self.watch = Watch(tested, delta, tuning or Tuning())
        replays = len(tested)
        self.share, self.rung = np.zeros(replays), np.zeros(replays, dtype=np.int64)
        self.pull_backs: list[tuple[int, int]] = []
        self.suspicions: list[tuple[int, int]] = []
        self.closings: list[tuple[int, int]] = []
        self.looked_back = np.zeros(replays, dtype=np.int64)
        self._people, self._slider = people, slider
        self._owed: dict[int, list[tuple[int, Ints, bool]]] = {}
        self._block = 0

    def lanes(self, bins: Ints, scores: Floats) -> Bools:
        """Rank decides: bins up to the share, without the closed regions (their bins are the last already)."""
        open_now: Bools = np.isfinite(scores) & (certificate.CUTS[bins] <= self.share[:, None] + 1e-9)
        return open_now

    def closed(self, bins: Ints) -> Ints:
        """The closed region of each item, -1 where it is in none."""
        kept = np.take_along_axis(regions.without(self.watch.quarantined), bins, axis=1)
        return np.where(kept, -1, regions.OF_BIN[bins])

    def rungs(self) -> Ints:
        """While nothing may run unattended everybody is looked at, and the least chance is 1."""
        return np.where(self.share > 0.0, self.rung, 0)

    def inside(self) -> Inside:
        remaining = regions.without(self.watch.quarantined)
        held = Held(share=np.maximum(self.share, certificate.FIRST_CUT), tested=self.watch.tested)
        return Inside(open_bins=remaining & (self.share[:, None] + 1e-9 >= certificate.CUTS), held=held)

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        new = slice(seen.since, book.now)
        lane = book.lane[:, new]
        audited = (lane & book.looked[:, new]).sum(axis=1)
        self.watch.routed(
            items=book.now - seen.since,
            unattended=lane.sum(axis=1),
            audited=audited,
            scores=seen.scores,
            window=seen.window,
        )
        self.watch.ranked_anew(seen.ranked_anew, seen.heard)
        arrived = book.arrived(seen.since)
        heard = book.labels(*arrived)
        if heard is not None:
            self.watch.hear(heard)
        self._hear_closed(book, *book.settled_closed())
        self._hear_again(book)
        known = book.labels(*book.judged(self.watch.floor))
        self.watch.settle(known, waiting=book.waiting(), upto=book.now)
        orders = self.watch.judge()
        self.share, self.rung = self._up_to_slider(orders.share), orders.rung
        self._note(orders)
        book.epoch = book.epoch + orders.ended.astype(np.int16)
        self._look_back(book, orders, rng)
        self._block += 1

    def _up_to_slider(self, share: Floats) -> Floats:
        below = np.where(self._slider >= certificate.CUTS - 1e-9, certificate.CUTS, 0.0)
        most: Floats = np.where(self.watch.proof.certified, below, 0.0).max(axis=1)
        return np.minimum(share, most)

    def _note(self, orders: Orders) -> None:
        for found, notes in (
            (orders.alarmed | orders.shifted, self.pull_backs),
            (orders.suspected, self.suspicions),
            (orders.closed.any(axis=1), self.closings),
        ):
            notes.extend((int(replay), self._block) for replay in np.flatnonzero(found))

    def _look_back(self, book: Book, orders: Orders, rng: np.random.Generator) -> None:
        wanted = (orders.look_back > 0) | orders.look_back_regions.any(axis=1)
        for replay in np.flatnonzero(wanted).tolist():
            free = rng.permutation(book.shipped(replay, last=LAST))
            whole = free[: orders.look_back[replay]]
            self._ask(book, replay, whole, aimed=False, rng=rng)
            free = free[orders.look_back[replay] :]
            bins = book.bins[replay, free]
            easy = free[certificate.CUTS[bins] <= regions.EASY][: orders.look_back_easy[replay]]
            aimed = [easy] + [
                free[regions.OF_BIN[bins] == region][: orders.look_back_regions[replay, region]]
                for region in np.flatnonzero(orders.look_back_regions[replay])
            ]
            self._ask(book, replay, np.unique(np.concatenate(aimed)), aimed=True, rng=rng)

    def _ask(self, book: Book, replay: int, items: Ints, *, aimed: bool, rng: np.random.Generator) -> None:
        """Put shipped items before people; their verdicts come with the usual delays."""
        book.seen[replay, items] = True
        self.looked_back[replay] += len(items)
        delays = self._people.delays(book.said[replay, items], rng=rng)
        blocks = self._block + 1 + delays // max(1, book.now // (self._block + 1))
        for block in np.unique(blocks).tolist():
            self._owed.setdefault(block, []).append((replay, items[blocks == block], aimed))

    def _hear_closed(self, book: Book, replay: Ints, item: Ints) -> None:
        mine = (book.closed[replay, item] >= 0) & (book.epochs[replay, item] == book.epoch[replay])
        if mine.any():
            replay, item = replay[mine], item[mine]
            self.watch.hear_quarantined(
                replay, book.closed[replay, item].astype(np.int64), wrong=book.said[replay, item]
            )

    def _hear_again(self, book: Book) -> None:
        owed = self._owed.pop(self._block, [])
        for aimed in (False, True):
            mine = [(np.full(len(items), replay), items) for replay, items, kind in owed if kind is aimed]
            if not mine:
                continue
            replays, items = (np.concatenate(parts) for parts in zip(*mine, strict=True))
            labels = book.labels(replays, items, again=True)
            if labels is not None:
                self.watch.hear(labels, looked_back=True, aimed=aimed)
