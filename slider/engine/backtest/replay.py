"""The replay itself: route, audit, judge late, learn, and write down what really happened."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from slider.engine import audit, certificate, lanes
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.book import Book, Entry
from slider.engine.backtest.people import People
from slider.engine.backtest.rules import Rule, Seen
from slider.engine.backtest.streams import Arrived, Block, Stream
from slider.engine.backtest.truth import Truth

BLOCK = 50
"""Items routed between two looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What really happened, block by block; arrays have the shape (blocks, replays).

    Attributes:
        block: items a block.
        lane: unattended items.
        wrong: how many of them were wrong.
        expected: the sum of their true chances of being wrong.
        audits: looks at unattended items, look-backs included.
        broken: True where what was open has had a true error above the limit all through its epoch: a broken promise.
        above: True where it is above the limit at the moment; the same where true errors do not change.
        open: True where anything was open.
        oracle: shape (replays,), the largest cut of the rank that keeps the limit, at the end.
        oracles: the same at the end of each stage of the stream, by the block before which it ended.
        seconds: time the whole replay took.
        rule: the rule, with its own notes.
    """

    block: int
    lane: Ints
    wrong: Ints
    expected: Floats
    audits: Ints
    broken: Bools
    above: Bools
    open: Bools
    oracle: Floats
    seconds: float
    rule: Rule
    oracles: Mapping[int, Floats] = field(default_factory=dict)


def replay(
    stream: Stream,
    rule: Rule,
    *,
    items: int,
    people: People,
    limit: float,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Record:
    """Run one rule over one stream, all replays at once.

    Args:
        stream: fresh; it is used up.
        rule: fresh.
        items: length of each replay; rounded down to whole blocks.
        people: who judges.
        limit: the promised error, which the record is judged by.
        seed: of coins, verdicts and delays.
        progress: called with the share done, now and then.
    """
    blocks, replays, begun = items // BLOCK, stream.replays, time.process_time()
    rng, chance = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    book = Book(replays, blocks * BLOCK, longest=int(people.longest))
    tables = {name: np.zeros((blocks, replays)) for name in ("lane", "wrong", "expected", "audits")}
    is_open, above, broken = (np.zeros((blocks, replays), dtype=np.bool_) for _ in range(3))
    truth = Truth(stream, limit)
    for block in range(blocks):
        since = block * BLOCK
        before = stream.window(lanes.WINDOW)
        drawn = stream.block(since, BLOCK)
        ranks = lanes.ranks_of(before, scores=np.round(drawn.scores, 6), ties=rng.random(drawn.scores.shape))
        entry = _entry(rule, drawn, bins=certificate.bins(ranks), people=people, since=since, rng=rng)
        book.write(entry)
        tables["lane"][block] = entry.lane.sum(axis=1)
        tables["wrong"][block] = (entry.lane & drawn.wrong).sum(axis=1)
        tables["expected"][block] = (entry.lane * drawn.p_wrong).sum(axis=1)
        tables["audits"][block] = (entry.lane & entry.looked).sum(axis=1)
        is_open[block], above[block], broken[block] = truth.judge(rule, epoch=book.epoch.astype(np.int64))
        new = stream.learn(_arrived(book, since), epoch=book.epoch.astype(np.int64), held=rule.inside().held)
        truth.learnt(new)
        seen = Seen(
            since=since,
            scores=drawn.scores,
            window=stream.window(lanes.WINDOW),
            ranked_anew=new,
            heard=stream.heard(),
        )
        rule.look(book, seen, rng=chance)
        if progress is not None and block % 20 == 19:
            progress((block + 1) / blocks)
    oracles = truth.oracles()
    return Record(
        block=BLOCK,
        lane=tables["lane"].astype(np.int64),
        wrong=tables["wrong"].astype(np.int64),
        expected=tables["expected"],
        audits=tables["audits"].astype(np.int64),
        broken=broken,
        above=above,
        open=is_open,
        oracle=oracles[blocks],
        seconds=time.process_time() - begun,
        rule=rule,
        oracles=oracles,
    )


def _entry(rule: Rule, drawn: Block, *, bins: Ints, people: People, since: int, rng: np.random.Generator) -> Entry:
    """Route one block: lanes by the rule, audits by coins, verdicts and their times by the people."""
    closed = rule.closed(bins)
    lane = rule.lanes(bins, drawn.scores) & (closed < 0)
    rungs = np.broadcast_to(rule.rungs()[:, None], bins.shape)
    looked = ~lane | (rng.random(bins.shape) < audit.LADDER[rungs])
    shut = ~lane.any(axis=1, keepdims=True) & (rule.rungs()[:, None] == 0)
    return Entry(
        bins=bins,
        classes=np.where(lane | shut, 0, rungs),
        rungs=np.where(lane, rungs, 0),
        lane=lane,
        looked=looked,
        said=people.say(drawn.wrong, rng=rng, doubt=drawn.doubt),
        at=since + np.arange(bins.shape[1]) + people.delays(drawn.wrong, rng=rng),
        rows=drawn.rows,
        closed=closed,
    )


def _arrived(book: Book, since: int) -> Arrived:
    replay, item = book.arrived(since)
    return Arrived(
        replay=replay,
        rows=book.rows[replay, item].astype(np.int64),
        wrong=book.said[replay, item],
        propensity=audit.LADDER[book.rungs[replay, item]],
        epochs=book.epochs[replay, item].astype(np.int64),
    )
