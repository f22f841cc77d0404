"""Measures the sentinels: how often ordinary texts are distrusted, how often nonsense is, and what a look costs.

python -m bench.sentinels                           # the demo's messages
python -m bench.sentinels texts.jsonl.gz ...        # rows with a "text"; each file is a task of its own
"""

import argparse
import gzip
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from slider.engine.sanity import canaries, judges, look, meter, watch
from slider.engine.sanity.canaries import KINDS, Kind, Known
from slider.engine.sanity.look import Brief, Case
from slider.management.demo import brief

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
ANSWER = {"type": "object", "properties": {"label": {"enum": ["a", "b"]}, "reply": {"type": "string"}}}
REPLIES = (
    "Thank you for writing. We are sorry about this, shall look into it today and write to you again by tomorrow.",
    "Your message has reached us, and the colleague who knows best will answer it within two days.",
    "Please send us a picture of it, then we can decide about a replacement or your money at once.",
    "We have sent you another one this morning. You need not return the old one, and there is nothing to pay.",
)
CANARIES = 1_200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[brief.MESSAGES_PATH])
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for path in asked.files:
        texts = list(_texts(path))
        random.Random(asked.seed).shuffle(texts)
        print(f"{path.name}: {len(texts):,} texts")
        state = _ordinary(texts)
        _nonsense(texts, state, seed=asked.seed)
    _alarms(asked.seed)


def _texts(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as rows:
        for row in rows:
            yield str(json.loads(row)["text"])


def _ordinary(texts: list[str]) -> watch.State:
    """How many of the texts are distrusted, with an ordinary reply in English."""
    given = Brief(TEXT, ANSWER, brief.WORKER_INSTRUCTIONS)
    begin = time.process_time()
    cases = [
        Case({"text": text}, {"label": "a", "reply": REPLIES[place % len(REPLIES)]}) for place, text in enumerate(texts)
    ]
    looks = look.looks(cases, given)
    looked = time.process_time()
    sights, state = watch.weigh(looks, watch.State(), off=(), at=0.0)
    weighed = time.process_time()
    vetoed = judges.miss(len(sights), sum(bool(sight.veto) for sight in sights))
    print(f"  distrusted: {vetoed.missed} ({vetoed.rate:.3%}, at most {vetoed.high:.3%}) {dict(state.found)}")
    for text, sight in zip(texts, sights, strict=True):
        if sight.veto:
            print(f"    {text[:60]!r}: {sight.veto}")
    per = 1e6 / len(texts)
    print(f"  CPU an item: {(looked - begin) * per:.0f} µs to look, {(weighed - looked) * per:.0f} µs to weigh")
    print(f"  remembered: {len(json.dumps(state.to_json())):,} characters")
    return state


def _nonsense(texts: list[str], state: watch.State, *, seed: int) -> None:
    """How many canaries pass, made of these texts."""
    known = [Known({"text": text}, {"label": "ab"[n % 2], "reply": REPLIES[n % 4]}) for n, text in enumerate(texts)]
    words = brief.WORKER_INSTRUCTIONS
    planted = canaries.make(
        CANARIES, known=known, instructions=words, input_schema=TEXT, output_schema=ANSWER, seed=seed
    )
    given = Brief(TEXT, ANSWER, words)
    # Each before what was learned above, and not before each other.
    looks = look.looks([Case(one.item, one.answer) for one in planted], given)
    sights = [watch.weigh([one], state, off=(), at=0.0)[0][0] for one in looks]
    found = judges.measure(planted, [float(not sight.veto) for sight in sights], passes_from=0.5)
    for kind in Kind:
        if kind in found:
            one = found[kind]
            print(f"  {KINDS[kind]}: {one.missed} of {one.shown} pass ({one.low:.1%} to {one.high:.1%})")


def _alarms(seed: int, runs: int = 100, items: int = 5_000) -> None:
    """False alarms of a meter on steady streams, and how soon it sees a collapse."""
    rng = np.random.default_rng(seed)
    falling = 1.0 / np.arange(1, 300)
    for name, chances in (("ten answers alike", np.ones(10) / 10), ("many rare answers", falling / falling.sum())):
        drawn = rng.choice(len(chances), size=(runs, items), p=chances).astype(str).tolist()
        meters = [meter.observe(meter.Meter(), keys, labels={}, at=0.0) for keys in drawn]
        print(f"{name}: {sum(one.raised for one in meters)} false alarms in {runs * items:,} answers")
        for share in (1.0, 0.5, 0.3):
            waits = [_wait(one, rng.choice(len(chances), size=1_000, p=chances), share, rng) for one in meters[:30]]
            print(f"  a rare answer takes {share:.0%} of all: alarm after {np.median(waits):.0f} answers (median)")


def _wait(start: meter.Meter, usual: np.ndarray, share: float, rng: np.random.Generator) -> int:
    state = start
    for count, key in enumerate(usual, start=1):
        state = meter.observe(state, ["5" if rng.random() < share else str(key)], labels={}, at=0.0)
        if state.alarm is not None:
            return count
    return len(usual)


if __name__ == "__main__":
    main()
