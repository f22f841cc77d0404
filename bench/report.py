"""What was measured, as a table and as JSON: medians and spreads of ratios taken within one round."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median

BARE, PLAIN = "bare loop, 1 process", "a Celery task an item, prefork 2"


def pump(processes: int) -> str:
    """The name of the product's way with so many processes."""
    return f"pump, {processes} process{'es' if processes > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Mode:
    """How the endpoint answers, how many calls are in flight, and how many items a run has.

    `items_plain` is for the way that has few calls in flight and would take hours.
    """

    latency_ms: int
    tokens: int
    in_flight: int
    items: int
    items_plain: int
    logprobs: bool

    @property
    def name(self) -> str:
        answer = f"{self.tokens} tokens an answer {'with' if self.logprobs else 'without'} logprobs"
        return f"latency {self.latency_ms} ms, {answer}, {self.in_flight} in flight"


@dataclass(frozen=True, slots=True)
class Run:
    """One way, once. CPU is that of the way's own processes and of PostgreSQL, over the same seconds."""

    way: str
    turn: int
    items: int
    seconds: float
    cpu_s: float
    postgres_cpu_s: float
    rss_mb: float

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some runs, and how far they lie apart."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One way in one mode. `ratio` is to the bare loop of the same round; CPU is in milliseconds an item."""

    way: str
    items: int
    rate: Spread
    ratio: Spread
    cpu_ms: Spread
    postgres_cpu_ms: Spread
    rss_mb: float


def rows(runs: Sequence[Run]) -> list[Row]:
    """One row a way, in the order in which they first ran."""
    bare = {run.turn: run.rate for run in runs if run.way == BARE}
    ways = dict.fromkeys(run.way for run in runs)
    return [_row([run for run in runs if run.way == way], bare) for way in ways]


def _row(runs: Sequence[Run], bare: dict[int, float]) -> Row:
    return Row(
        way=runs[0].way,
        items=runs[0].items,
        rate=Spread.of([run.rate for run in runs]),
        ratio=Spread.of([run.rate / bare[run.turn] for run in runs]),
        cpu_ms=Spread.of([1000 * run.cpu_s / run.items for run in runs]),
        postgres_cpu_ms=Spread.of([1000 * run.postgres_cpu_s / run.items for run in runs]),
        rss_mb=max(run.rss_mb for run in runs),
    )


def table(mode: Mode, found: Sequence[Row], *, rounds: int) -> Iterator[str]:
    """The rows of one mode as lines of Markdown."""
    yield f"{mode.name}; median of {rounds} rounds (least to most)"
    yield ""
    yield "| way | items | items/s | ratio to the bare loop | worker CPU ms/item | PostgreSQL CPU ms/item | RSS MB |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in found:
        cells = (
            row.way,
            str(row.items),
            _shown(row.rate, 1),
            _shown(row.ratio, 2),
            _shown(row.cpu_ms, 2),
            _shown(row.postgres_cpu_ms, 2),
            f"{row.rss_mb:.0f}",
        )
        yield f"| {' | '.join(cells)} |"


def document(mode: Mode, found: Sequence[Row], runs: Sequence[Run]) -> dict[str, object]:
    """The same for programs, with every single run."""
    return {"mode": asdict(mode), "rows": [asdict(row) for row in found], "runs": [asdict(run) for run in runs]}


def shown(values: Sequence[float], digits: int) -> str:
    """The median of some runs, with their spread."""
    return _shown(Spread.of(values), digits)


def _shown(spread: Spread, digits: int) -> str:
    return f"{spread.median:.{digits}f} ({spread.least:.{digits}f}–{spread.most:.{digits}f})"
