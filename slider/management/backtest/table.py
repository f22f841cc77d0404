"""The figures of a backtest as a table for people and as a document for programs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from slider.engine import percents
from slider.engine.backtest.measures import Measures, Rate
from slider.management.backtest import summary
from slider.management.backtest.plan import Outcome, Plan
from slider.management.backtest.summary import Pair, percent

_PAIRS = (
    *(
        "task / worker",
        "limit",
        "broken (95 %)",
        "share",
        "of at most",
        "best with a promise",
        "LTT once",
        "lane error",
    ),
    *("audits", "x floor", "people", "first open", "false alarms", "ms"),
)
_CHANGED = ("recovery", "90 %", "over allowance")
_PHASES = ("task / worker", "limit", "phase", "items", "share", "at its end", "of at most", "lane error")
BROKEN_IN_PHASES = (
    "Nothing is promised about a change until it is found. Broken: what was open had an error above the limit in every "
    "phase that its evidence came from; the column above (-v 2): in the phase that was on."
)
_RULES = ("task / worker", "limit", "rule", "broken (95 %)", "above", "share", "whole run", "lane error", "audits")


def of_pairs(pairs: Sequence[Pair], asked: Plan) -> Iterator[str]:
    """One line a pool and limit: the product's rule beside the best of the others."""
    changed = _CHANGED if asked.regression else ()
    rows = [_pair(pair, pair.mine.measures, asked) for pair in pairs if pair.mine is not None]
    if rows:
        yield from markdown((*_PAIRS, *changed), rows)


def of_rules(pairs: Sequence[Pair], asked: Plan) -> Iterator[str]:
    """One line a rule."""
    rows = [
        (
            *(pair.pool, percents.said(pair.limit), rule + ("" if outcome.promises else " (promises nothing)")),
            *(
                rate(outcome.measures.broken, delta=asked.delta),
                percent(outcome.measures.above.value),
                share(outcome.measures.share),
            ),
            *(share(outcome.measures.share_whole), error(outcome.measures.error, limit=pair.limit)),
            f"{outcome.measures.audits:,.0f}",
        )
        for pair in pairs
        for rule, outcome in pair.outcomes.items()
    ]
    yield from markdown(_RULES, rows)


def of_phases(pairs: Sequence[Pair]) -> Iterator[str]:
    """What the product's rule made of each phase of the stream, and what "broken" means there."""
    rows = [
        (
            *(pair.pool, percents.said(pair.limit), phase.name, f"{phase.items:,}"),
            *(share(phase.share), share(phase.reached), share(phase.oracle)),
            "-" if phase.error is None else error(phase.error, limit=pair.limit),
        )
        for pair in pairs
        if pair.mine is not None
        for phase in pair.mine.phases
    ]
    if rows:
        yield from markdown(_PHASES, rows)
        yield from ("", BROKEN_IN_PHASES)


def document(outcomes: Sequence[Outcome], asked: Plan, *, remarks: Sequence[str]) -> dict[str, Any]:
    """Everything for programs; what is not finite becomes null."""
    found = summary.summary(summary.pairs(outcomes), floor=asked.tuning.floor)
    whole = {
        "plan": asdict(asked),
        "remarks": list(remarks),
        "summary": asdict(found),
        "outcomes": [asdict(one) for one in outcomes],
    }
    cleaned: dict[str, Any] = _finite(whole)
    return cleaned


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lay out a table that reads well as text and as Markdown: words to the left, figures to the right."""
    header, *rows = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    figures = [column > 0 and all(row[column][:1] in "0123456789-." for row in rows) for column in range(len(header))]
    pads = [str.rjust if figure else str.ljust for figure in figures]
    for place, row in enumerate((header, *rows)):
        cells = (pad(cell, width) for pad, cell, width in zip(pads, row, widths, strict=True))
        yield f"| {' | '.join(cells)} |"
        if place == 0:
            ends = (":" if figure else "-" for figure in figures)
            marks = ("-" * (width + 1) + end for width, end in zip(widths, ends, strict=True))
            yield f"|{'|'.join(marks)}|"


def rate(found: Rate, *, delta: float) -> str:
    value, low, high = (percent(one, delta=delta) for one in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def share(value: float) -> str:
    return percents.number(value)


def error(value: float, *, limit: float) -> str:
    return percents.fixed(value, digits=2, limit=limit)


def items(value: float | None) -> str:
    """Write a number of items; "never" where it never came, "-" where it says nothing."""
    if value is None or math.isnan(value):
        return "-"
    return "never" if math.isinf(value) else f"{value:,.0f}"


def _pair(pair: Pair, mine: Measures, asked: Plan) -> tuple[str, ...]:
    best, ltt = pair.best(), pair.outcomes.get("ltt")
    floors = asked.tuning.floor * mine.lane
    row = (
        *(
            pair.pool,
            percents.said(pair.limit),
            rate(mine.broken, delta=asked.delta),
            share(mine.share),
            share(mine.oracle),
        ),
        f"{share(best.measures.share)} {best.rule}" if best else "-",
        share(ltt.measures.share) if ltt else "-",
        *(error(mine.error, limit=pair.limit), f"{mine.audits:,.0f}"),
        f"{mine.audits / floors:.2f}" if floors > 0.0 else "-",
        *(share(mine.people), items(mine.first_open), f"{mine.false_alarms:.2f}", f"{1000.0 * mine.seconds:.1f}"),
    )
    if not asked.regression:
        return row
    return (*row, items(mine.recovery), items(mine.recovery_90), items(mine.excess_95))


def _finite(value: object) -> Any:
    """Replace what strict JSON has no word for."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
