"""Where the unattended lane goes wrong: by worker version, answer, source, difficulty, field and reason."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from slider.engine import rates
from slider.models import Policy, Task
from slider.queries import errors, quality_audits, shape
from slider.queries.quality_audits import Cell

MOST_LABELS = 20  # that a table lists; the rest is counted together
LEAST_WRONG = 3  # wrong answers before a group can be called a cluster


@dataclass(frozen=True, slots=True)
class Group:
    """Some audited answers that have something in common. Rates are None where there are too few to say.

    `share` is their part of the lane, `of_errors` their part of its errors, `without` the lane's error if they went
    to people; all are estimates.
    """

    of: str
    name: str
    audits: int
    wrong: int
    error: float | None
    lower: float | None
    upper: float | None
    share: float
    of_errors: float
    without: float | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One table: every audited answer is in one of its groups, unless `is_part` says that only some are."""

    title: str
    groups: list[Group]
    is_part: bool = False
    only_counts: bool = False  # a rate would say nothing here


@dataclass(frozen=True, slots=True)
class Where:
    """All tables, and the groups that are clearly worse than the rest of the lane."""

    audits: int
    wrong: int
    tables: list[Breakdown]
    clusters: list[Group]

    @property
    def shown(self) -> list[Breakdown]:
        """The tables that say more than the page's first figure: those of one row alone are the whole lane."""
        return [table for table in self.tables if table.is_part or len(table.groups) > 1] or self.tables[:1]


def where(task: Task, policy: Policy, *, reasons: Mapping[str, str]) -> Where:
    """Break the newest judged audits of the unattended lane down; `reasons` are the words of the chips.

    Clusters are looked for in the epoch of the policy alone: what an older worker did holds nothing back now.
    """
    cells = quality_audits.read(task)
    titles = list(dict.fromkeys(name for cell in cells for name in cell.names))
    tables = [_partition(title, cells, delta=policy.delta) for title in titles]
    parts = (_fields(task, cells, delta=policy.delta), _reasons(cells, reasons))
    now = [cell for cell in cells if cell.epoch == policy.epoch]
    same = tables if len(now) == len(cells) else [_partition(title, now, delta=policy.delta) for title in titles]
    return Where(
        audits=sum(cell.count for cell in cells),
        wrong=sum(cell.count for cell in cells if cell.wrong),
        tables=[*tables, *(table for table in parts if table)],
        clusters=_clusters(same, now, delta=policy.delta),
    )


def _partition(title: str, cells: Sequence[Cell], *, delta: float) -> Breakdown:
    """One table whose groups make up the lane, largest first."""
    sizes: Counter[str] = Counter()
    for cell in cells:
        if title in cell.names:
            sizes[cell.names[title]] += cell.count
    order = [name for name, _ in sizes.most_common(MOST_LABELS)]
    more = len(sizes) - len(order)
    place = {name: n for n, name in enumerate(order)}
    told = [(place.get(cell.names[title], len(order)), cell, cell.wrong) for cell in cells if title in cell.names]
    names = [*order, *([f"{more} others together"] if more else [])]
    return Breakdown(title, _groups(title, names, told, delta=delta))


def _table(told: Sequence[tuple[int, Cell, bool]], size: int) -> rates.Table:
    return rates.table(
        np.array([place for place, _, _ in told], dtype=np.int64),
        chances=np.array([cell.chance for _, cell, _ in told], dtype=np.float64),
        wrong=np.array([wrong for _, _, wrong in told], dtype=np.bool_),
        count=np.array([cell.count for _, cell, _ in told], dtype=np.int64),
        size=size,
    )


def _groups(title: str, names: Sequence[str], told: Sequence[tuple[int, Cell, bool]], *, delta: float) -> list[Group]:
    """The groups in this order, with what each is of the lane and of its errors. `told`: group, audits, wrong."""
    counts = _table(told, len(names))
    found, labels = rates.rates(counts, delta=delta), counts.labels
    mass, wrong_mass = np.zeros(len(names)), np.zeros(len(names))
    for place, cell, wrong in told:
        mass[place] += cell.weight
        wrong_mass[place] += cell.weight * wrong
    all_, all_wrong = float(mass.sum()), float(wrong_mass.sum())
    groups: list[Group] = []
    for n, name in enumerate(names):
        known, others = labels[n] >= errors.FEW, all_ - float(mass[n])
        groups.append(
            Group(
                of=title,
                name=name,
                audits=int(labels[n]),
                wrong=int(counts.wrong[n].sum()),
                error=float(found.error[n]) if known else None,
                lower=float(found.lower[n]) if known else None,
                upper=float(found.upper[n]) if known else None,
                share=float(mass[n]) / all_ if all_ else 0.0,
                of_errors=float(wrong_mass[n]) / all_wrong if all_wrong else 0.0,
                without=(all_wrong - float(wrong_mass[n])) / others if others > 1e-9 else None,
            )
        )
    return groups


def _fields(task: Task, cells: Sequence[Cell], *, delta: float) -> Breakdown | None:
    """How often each field was wrong, as far as fixes tell; a rejected answer doesn't say which field it was."""
    title = "Field that was fixed"
    told_by = [cell for cell in cells if cell.verdict != "reject"]
    times: Counter[str] = Counter()
    for cell in told_by:
        times.update(dict.fromkeys(cell.fixed, cell.count))
    names = [name for name, _ in times.most_common(MOST_LABELS)]
    if not names:
        return None
    labels = {part.name: part.label for part in shape.parts(task.output_schema)}
    told = [(n, cell, name in cell.fixed) for n, name in enumerate(names) for cell in told_by]
    all_wrong = sum(cell.weight for cell in told_by if cell.wrong)
    groups = _groups(title, [labels.get(name) or name or "Answer" for name in names], told, delta=delta)
    of_fixes = [sum(cell.weight for cell in told_by if name in cell.fixed) / all_wrong for name in names]
    return Breakdown(
        title,
        [replace(group, share=1.0, of_errors=of, without=None) for group, of in zip(groups, of_fixes, strict=True)],
        is_part=True,
    )


def _reasons(cells: Sequence[Cell], reasons: Mapping[str, str]) -> Breakdown | None:
    """What the wrong answers were: fixed, or rejected for which reason."""
    title = "What people did with the wrong ones"
    weights: defaultdict[str, float] = defaultdict(float)
    times: Counter[str] = Counter()
    for cell in cells:
        if cell.wrong:
            name = "Fixed" if cell.verdict == "fix" else f"Rejected: {reasons.get(cell.reason, cell.reason)}"
            weights[name] += cell.weight
            times[name] += cell.count
    total = sum(weights.values())
    groups = [
        Group(title, name, n, n, None, None, None, weights[name] / total, weights[name] / total, None)
        for name, n in times.most_common()
    ]
    return Breakdown(title, groups, is_part=True, only_counts=True) if groups else None


def _has_a_rest(group: Group, table: Breakdown) -> bool:
    return sum(one.audits for one in table.groups) - group.audits >= errors.FEW


def _clusters(tables: Sequence[Breakdown], cells: Sequence[Cell], *, delta: float) -> list[Group]:
    """Groups that are worse than the rest of the lane beyond what chance makes, those with most errors first.

    Every group of every table is tried, so each gets its part of delta. Where hardly anything is left beside a group,
    it is no cluster but the lane itself.
    """
    groups = [group for table in tables for group in table.groups if _has_a_rest(group, table)]
    if not groups:
        return []
    place = {(group.of, group.name): n for n, group in enumerate(groups)}
    told = [
        (place[of, name], cell, cell.wrong)
        for cell in cells
        for of, name in cell.names.items()
        if (of, name) in place  # what is counted together has no name of its own
    ]
    lower = rates.lowest(_table(told, len(groups)), delta=delta / len(groups))
    found = [
        replace(group, lower=float(low))
        for group, low in zip(groups, lower.tolist(), strict=True)
        if group.wrong >= LEAST_WRONG and group.error is not None and group.without is not None and low > group.without
    ]
    return sorted(found, key=lambda group: -group.of_errors)[:5]
