"""The book: when a verdict is known, in which order, and what a new epoch leaves out."""

import numpy as np

from slider.engine.arrays import Bools, Ints
from slider.engine.backtest.book import Book, Entry

REPLAYS, BLOCK, BLOCKS, LONGEST = 3, 10, 12, 40


def filled(book: Book, rng: np.random.Generator, *, see: list[tuple[int, int, int]]) -> None:
    """Write random blocks; `see` gathers (replay, item, block in which its verdict came)."""
    for block in range(BLOCKS):
        since = book.now
        book.write(entry(rng, since))
        replays, items = book.arrived(since)
        see.extend((int(r), int(i), block) for r, i in zip(replays, items, strict=True))


def entry(rng: np.random.Generator, since: int) -> Entry:
    shape = (REPLAYS, BLOCK)
    lane: Bools = rng.random(shape) < 0.5
    looked: Bools = ~lane | (rng.random(shape) < 0.3)
    zeros: Ints = np.zeros(shape, dtype=np.int64)
    return Entry(
        bins=rng.integers(0, 50, shape),
        classes=zeros,
        rungs=zeros,
        lane=lane,
        looked=looked,
        said=rng.random(shape) < 0.2,
        at=since + np.arange(BLOCK) + rng.integers(0, LONGEST, shape),
        rows=zeros,
        closed=zeros - 1,
    )


def test_every_verdict_arrives_once_in_its_own_block() -> None:
    book, seen = Book(REPLAYS, BLOCK * BLOCKS, longest=LONGEST), list[tuple[int, int, int]]()
    filled(book, np.random.default_rng(1), see=seen)
    due = {
        (int(replay), int(item), int(book.at[replay, item]) // BLOCK)
        for replay, item in np.argwhere(book.looked)
        if book.at[replay, item] < book.now
    }
    assert len(seen) == len(set(seen))
    assert set(seen) == due


def test_verdicts_come_in_the_order_of_their_time() -> None:
    book = Book(REPLAYS, BLOCK * BLOCKS, longest=LONGEST)
    filled(book, np.random.default_rng(2), see=[])
    replays, items = book.arrived(0)
    at = book.at[replays, items]
    assert all((np.diff(at[replays == replay]) >= 0).all() for replay in range(REPLAYS))


def test_labels_keep_their_order_and_packing_changes_nothing_else() -> None:
    book = Book(REPLAYS, BLOCK * BLOCKS, longest=LONGEST)
    filled(book, np.random.default_rng(3), see=[])
    labels = book.labels(*book.arrived(0))
    assert labels is not None
    audits = labels.only(labels.lane)
    packed = audits.packed()
    assert packed.present.shape[1] == audits.present.sum(axis=1).max() < audits.present.shape[1]
    for replay in range(REPLAYS):
        for name in ("bins", "wrong", "lane"):
            whole, few = getattr(audits, name)[replay], getattr(packed, name)[replay]
            assert few[packed.present[replay]].tolist() == whole[audits.present[replay]].tolist()


def test_labels_of_items_from_before_the_epoch_are_left_out() -> None:
    book = Book(REPLAYS, BLOCK * BLOCKS, longest=LONGEST)
    rng = np.random.default_rng(4)
    book.write(entry(rng, 0))
    book.epoch = book.epoch + np.array([1, 0, 0], dtype=np.int16)
    for _ in range(6):
        book.write(entry(rng, book.now))
    replays, items = book.arrived(0)
    labels = book.labels(replays, items)
    assert labels is not None
    assert labels.present[0].sum() == ((replays == 0) & (items >= BLOCK)).sum()
    assert labels.present[1].sum() == (replays == 1).sum()


def test_only_shipped_items_that_nobody_has_looked_at_can_be_looked_back_at() -> None:
    book = Book(REPLAYS, BLOCK * BLOCKS, longest=LONGEST)
    filled(book, np.random.default_rng(5), see=[])
    free = book.shipped(1, last=50)
    assert free.min() >= book.now - 50
    assert book.lane[1, free].all()
    assert not book.looked[1, free].any()
