"""Where the unattended lane goes wrong: by worker version, answer, source, difficulty, field and reason."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import certificate, rates
from slider.models import Policy, Task
from slider.queries import errors, shape

NEWEST = 3_000  # of so many audits those that are judged are read
MOST_LABELS = 20  # that a table lists; the rest is counted together
MOST_FIELDS = 8
LEAST_WRONG = 3  # wrong answers before a group can be called a cluster
_EDGES = (0.3, 0.6, 0.8, 0.9, 1.0)


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


@dataclass(frozen=True, slots=True)
class _Cell:
    """Audits that have everything in common that is told here."""

    chance: float
    verdict: str
    reason: str
    epoch: int
    fixed: tuple[str, ...]  # fields that a person gave another value
    names: dict[str, str]  # the group that they are in, by table
    count: int

    @property
    def wrong(self) -> bool:
        return self.verdict != "accept"

    @property
    def weight(self) -> float:
        """How many items of the lane they stand for."""
        return self.count / self.chance


def where(task: Task, policy: Policy, *, reasons: Mapping[str, str]) -> Where:
    """Break the newest judged audits of the unattended lane down; `reasons` are the words of the chips.

    Clusters are looked for in the epoch of the policy alone: what an older worker did holds nothing back now.
    """
    cells = _read(task)
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


_READ = """
WITH newest AS MATERIALIZED (
    SELECT d.item_id, d.epoch, d.attempt_id, d.audit_chance, d.bin, r.id, r.verdict
    FROM (
        SELECT item_id, epoch, attempt_id, audit_chance, bin FROM slider_decision
        WHERE task_id = %s AND audit ORDER BY seq DESC LIMIT %s
    ) AS d JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
    WHERE r.state = 'decided'
)
SELECT n.audit_chance, n.verdict, coalesce(v.reason, ''), n.epoch, f.fields, w.name || ' v' || w.version, p.origin,
       (%s::text[])[n.bin + 1], jsonb_build_array({picked})::text, count(*)
FROM newest n
JOIN slider_attempt a ON a.id = n.attempt_id
JOIN slider_worker w ON w.id = a.worker_id
JOIN slider_payload p ON p.item_id = n.item_id
LEFT JOIN LATERAL (
    SELECT reason, answer FROM slider_review WHERE id = n.id AND n.verdict <> 'accept' OFFSET 0
) AS v ON true
LEFT JOIN LATERAL (
    SELECT array_agg(name ORDER BY name) AS fields FROM (
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(a.answer) = 'object' THEN a.answer ELSE '{{"": 0}}' END)
        WHERE n.verdict = 'fix'
        UNION
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(v.answer) = 'object' THEN v.answer ELSE '{{"": 1}}' END)
        WHERE n.verdict = 'fix'
    ) AS names(name)
    WHERE name = '' OR a.answer -> name IS DISTINCT FROM v.answer -> name
) AS f ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


def _read(task: Task) -> list[_Cell]:
    parts = _choices(task)
    picked = ", ".join("a.answer -> %s" if part.name else "a.answer" for part in parts)
    hard = [_difficulty(cut) for cut in certificate.CUTS.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            _READ.format(picked=picked),  # made of fixed words: the fields' names go as parameters
            [task.pk, NEWEST, hard, *[part.name for part in parts if part.name]],
        )
        return [_cell(row, parts) for row in cursor.fetchall()]


def _choices(task: Task) -> list[shape.Part]:
    """The fields of an answer that take one of a few values."""
    fields = [part for part in shape.parts(task.output_schema) if part.kind in (shape.Kind.CHOICE, shape.Kind.BOOLEAN)]
    return fields[:MOST_FIELDS]


def _cell(row: Sequence[Any], parts: Sequence[shape.Part]) -> _Cell:
    chance, verdict, reason, epoch, fixed, worker, origin, hard, picked, count = row
    names = {"Worker version": worker}
    for part, value in zip(parts, json.loads(picked), strict=True):
        names[f"Answer: {part.label}"] = "not given" if value is None else shape.as_text(value)[:80]
    names["Source"] = origin
    if hard is not None:
        names["Difficulty"] = hard
    return _Cell(chance, verdict, reason, epoch, tuple(fixed or ()), names, count)


def _difficulty(cut: float) -> str:
    """The words of a cut's rank; the first is the easiest."""
    high = next(edge for edge in _EDGES if cut <= edge + 1e-9)
    low = next((edge for edge in reversed(_EDGES) if edge < high), 0.0)
    return f"rank {low * 100:g} to {high * 100:g} %{', the easiest' if low == 0 else ''}"


def _partition(title: str, cells: Sequence[_Cell], *, delta: float) -> Breakdown:
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


def _table(told: Sequence[tuple[int, _Cell, bool]], size: int) -> rates.Table:
    return rates.table(
        np.array([place for place, _, _ in told], dtype=np.int64),
        chances=np.array([cell.chance for _, cell, _ in told], dtype=np.float64),
        wrong=np.array([wrong for _, _, wrong in told], dtype=np.bool_),
        count=np.array([cell.count for _, cell, _ in told], dtype=np.int64),
        size=size,
    )


def _groups(title: str, names: Sequence[str], told: Sequence[tuple[int, _Cell, bool]], *, delta: float) -> list[Group]:
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


def _fields(task: Task, cells: Sequence[_Cell], *, delta: float) -> Breakdown | None:
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


def _reasons(cells: Sequence[_Cell], reasons: Mapping[str, str]) -> Breakdown | None:
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


def _clusters(tables: Sequence[Breakdown], cells: Sequence[_Cell], *, delta: float) -> list[Group]:
    """Groups that are worse than the rest of the lane beyond what chance makes, those with most errors first.

    Every group of every table is tried, so each gets its part of delta.
    """
    groups = [group for table in tables for group in table.groups]
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
