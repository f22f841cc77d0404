"""What a run of very many items cost, tenth by tenth, and which way it goes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from bench.growth import Table


@dataclass(frozen=True, slots=True)
class Mark:
    """All that was used and kept by the time that so many items had their lane."""

    items: int
    at_s: float
    pumps_s: float
    postgres_s: float
    intake_s: float
    hands_s: float
    endpoint_s: float
    database: int
    wal: int
    dead: int  # in the queue's table, at this moment
    dead_most: int  # the same, since the mark before
    vacuums: int


@dataclass(frozen=True, slots=True)
class Tenth:
    """One tenth of the items. CPU is in milliseconds an item."""

    upto: int
    rate: float
    pumps_ms: float
    postgres_ms: float
    intake_ms: float
    hands_ms: float
    endpoint_ms: float
    wal: float  # bytes an item
    database: int
    dead: int
    dead_most: int
    vacuums: int  # of the queue's table, so far

    @property
    def cpu_ms(self) -> float:
        """What the product and PostgreSQL use: all but the endpoint."""
        return self.pumps_ms + self.postgres_ms + self.intake_ms + self.hands_ms


@dataclass(frozen=True, slots=True)
class Found:
    """A whole run."""

    items: int
    pumps: int
    marks: tuple[Mark, ...]
    tables: tuple[Table, ...]
    indexes: tuple[tuple[str, int], ...]

    @property
    def tenths(self) -> list[Tenth]:
        """What lies between each two marks. Where items are few, one mark may end several tenths at once."""
        return [_tenth(before, after) for before, after in pairwise(self.marks)]


def _tenth(before: Mark, after: Mark) -> Tenth:
    items = after.items - before.items

    def each(name: str) -> float:
        return float(1000 * (getattr(after, name) - getattr(before, name)) / items)

    return Tenth(
        upto=after.items,
        rate=items / (after.at_s - before.at_s),
        pumps_ms=each("pumps_s"),
        postgres_ms=each("postgres_s"),
        intake_ms=each("intake_s"),
        hands_ms=each("hands_s"),
        endpoint_ms=each("endpoint_s"),
        wal=(after.wal - before.wal) / items,
        database=after.database,
        dead=after.dead,
        dead_most=after.dead_most,
        vacuums=after.vacuums,
    )


def slope(places: Sequence[int], values: Sequence[float]) -> float:
    """The line of least squares: by how much a value changes from first to last place, as a share of its mean."""
    if len(places) < 2:
        return 0.0
    middle, mean = sum(places) / len(places), sum(values) / len(values)
    across = sum((place - middle) ** 2 for place in places)
    along = sum((place - middle) * (value - mean) for place, value in zip(places, values, strict=True))
    return along / across * (places[-1] - places[0]) / mean


def document(found: Found) -> dict[str, object]:
    """For programs."""
    first, last, tenths = found.marks[0], found.marks[-1], found.tenths
    upto = [one.upto for one in tenths]
    return {
        "items": found.items,
        "pumps": found.pumps,
        "hours": (last.at_s - first.at_s) / 3600,
        "rate": found.items / (last.at_s - first.at_s),
        "last_to_first": {
            "rate": tenths[-1].rate / tenths[0].rate,
            "cpu_ms": tenths[-1].cpu_ms / tenths[0].cpu_ms,
        },
        "slope": {
            "rate": slope(upto, [one.rate for one in tenths]),
            "cpu_ms": slope(upto, [one.cpu_ms for one in tenths]),
        },
        "bytes_an_item": (last.database - first.database) / found.items,
        "wal_an_item": (last.wal - first.wal) / found.items,
        "tenths": [asdict(one) | {"cpu_ms": one.cpu_ms} for one in tenths],
        "tables": [asdict(one) | {"total": one.total} for one in found.tables],
        "indexes": dict(found.indexes),
    }


def table(found: Found) -> Iterator[str]:
    """For people, as Markdown."""
    first, last, tenths = found.marks[0], found.marks[-1], found.tenths
    told = document(found)
    yield f"{found.items:,} items, {found.pumps} pumps: {told['hours']:.3f} h, {told['rate']:.0f} items/s"
    yield ""
    yield "| items | items/s | pumps | PostgreSQL | intake | hands | endpoint | WAL | database | dead | vacuums |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for one in tenths:
        cells = [f"{one.upto:,}", f"{one.rate:.0f}"]
        cells += [f"{ms:.2f}" for ms in (one.pumps_ms, one.postgres_ms, one.intake_ms, one.hands_ms, one.endpoint_ms)]
        cells += [f"{one.wal:,.0f}", f"{one.database / 1e6:,.0f}", f"{one.dead:,} ({one.dead_most:,})"]
        yield f"| {' | '.join(cells)} | {one.vacuums} |"
    yield ""
    upto = [one.upto for one in tenths]
    for name, values in (("items/s", [one.rate for one in tenths]), ("CPU", [one.cpu_ms for one in tenths])):
        yield f"{name}: last tenth to first {values[-1] / values[0]:.2f}, slope over the run {slope(upto, values):+.1%}"
    yield f"{(last.database - first.database) / found.items:,.0f} bytes an item on the disk"
    yield ""
    yield "| table | rows | MB | of them indexes | bytes an item | dead rows | vacuums | analyzes | HOT updates |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for kept in found.tables:
        hot = "" if kept.hot is None else f"{kept.hot:.0%}"
        yield (
            f"| {kept.name} | {kept.rows:,} | {kept.total / 1e6:,.1f} | {kept.indexes / 1e6:,.1f} "
            f"| {kept.total / found.items:,.0f} | {kept.dead:,} | {kept.vacuums} | {kept.analyzes} | {hot} |"
        )
    yield ""
    yield "Largest indexes: " + ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in found.indexes)
