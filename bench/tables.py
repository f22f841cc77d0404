"""The synthetic tables, as lines of Markdown."""

from collections.abc import Iterator, Sequence

from bench import rows
from bench.tracking import Tracked
from slider.engine.backtest import baselines
from slider.engine.backtest.measures import Measures
from slider.management.backtest import table
from slider.management.backtest.summary import percent

Outcomes = Sequence[tuple[rows.Asked, Measures]]

_STREAMS = (
    *("stream", "rule", "broken (95 %)", "above at a moment", "whole run above", "share", "of at most"),
    *("lane error", "audits", "false alarms", "ms"),
)
_CHANGES = (
    *("change", "rule", "broken before", "items to safety", "90 %", "over allowance"),
    *("share", "audits", "false alarms"),
)


def streams(outcomes: Outcomes) -> Iterator[str]:
    """Rows without a sudden change."""
    found = [
        (
            *(
                _named(asked),
                table.rate(one.broken, delta=rows.DELTA),
                percent(one.above.value),
                percent(one.over.value),
            ),
            *(table.share(one.share), table.share(one.oracle), table.error(one.error, limit=rows.LIMIT)),
            *(f"{one.audits:,.0f}", f"{one.false_alarms:.2f}", f"{1000.0 * one.seconds:.1f}"),
        )
        for asked, one in outcomes
        if rows.ROWS[asked.row].change is None
    ]
    yield from table.markdown(_STREAMS, [(*row[0], *row[1:]) for row in found])


def changes(outcomes: Outcomes) -> Iterator[str]:
    """Rows with a sudden change."""
    found = [
        (
            *(
                _named(asked),
                table.rate(one.broken, delta=rows.DELTA),
                table.items(one.recovery),
                table.items(one.recovery_90),
            ),
            *(table.items(one.excess_95), table.share(one.share), f"{one.audits:,.0f}", f"{one.false_alarms:.2f}"),
        )
        for asked, one in outcomes
        if rows.ROWS[asked.row].change is not None
    ]
    yield from table.markdown(_CHANGES, [(*row[0], *row[1:]) for row in found])


def followed(found: Sequence[Tracked]) -> Iterator[str]:
    """How the share follows the slider."""
    head = ("scores", "slider", "first 100", "first 500", "first 2,000", "worst 500", "500 after the middle")
    lines = [
        (one.kind, percent(one.share), *(_apart(pair) for pair in (*one.after, one.worst, one.jumped))) for one in found
    ]
    yield from table.markdown(head, lines)


def _named(asked: rows.Asked) -> tuple[str, str]:
    rule = f"**{asked.rule}**" if asked.rule == baselines.GUARDED else asked.rule
    return asked.row, rule


def _apart(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.2f} ({pair[1]:.2f})"
