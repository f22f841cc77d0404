"""Where the unattended lane goes wrong: by worker version, answer, source, difficulty, field and reason."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import certificate, rates
from slider.models import Policy, Task
from slider.queries import errors, shape

NEWEST = 5_000  # so many judged audits are read at most
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
    more: int = 0  # names that are counted together in the last row
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """All tables, and the groups that are clearly worse than the rest of the lane."""

    audits: int
    wrong: int
    tables: list[Breakdown]
    clusters: list[Group]


@dataclass(frozen=True, slots=True)
class _Audit:
    chance: float
    wrong: bool
    epoch: int
    verdict: str
    reason: str
    names: dict[str, str]  # the group that it is in, by table
    fixed: tuple[str, ...]  # fields that a person gave another value


def where(task: Task, policy: Policy, *, reasons: Mapping[str, str]) -> Where:
    """Break the newest judged audits of the unattended lane down; `reasons` are the words of the chips.

    Clusters are looked for in the epoch of the policy alone: what an older worker did holds nothing back now.
    """
    audits = _read(task)
    now = [audit for audit in audits if audit.epoch == policy.epoch]
    titles = list(dict.fromkeys(name for audit in audits for name in audit.names))
    tables = [_partition(title, audits, delta=policy.delta) for title in titles]
    tables += [table for table in (_fields(task, audits, delta=policy.delta), _reasons(audits, reasons)) if table]
    return Where(
        audits=len(audits),
        wrong=sum(audit.wrong for audit in audits),
        tables=tables,
        clusters=_clusters(titles, now, delta=policy.delta),
    )


def _read(task: Task) -> list[_Audit]:
    parts = _choices(task)
    picked = ", ".join(["a.answer -> %s" if part.name else "a.answer" for part in parts])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH newest AS (
                SELECT d.item_id, d.seq, d.epoch, d.attempt_id, d.audit_chance, d.bin, r.id, r.verdict
                FROM slider_decision d
                JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
                WHERE d.task_id = %s AND d.audit AND r.state = 'decided' ORDER BY d.seq DESC LIMIT %s
            )
            SELECT n.audit_chance, n.verdict, n.epoch, n.bin, w.name, w.version, p.origin, v.reason,
                   jsonb_build_array({picked})::text,
                   CASE WHEN n.verdict = 'fix' THEN a.answer::text END,
                   CASE WHEN n.verdict = 'fix' THEN v.answer::text END
            FROM newest n
            LEFT JOIN slider_review v ON v.id = n.id AND n.verdict <> 'accept'
            JOIN slider_attempt a ON a.id = n.attempt_id JOIN slider_worker w ON w.id = a.worker_id
            JOIN slider_payload p ON p.item_id = n.item_id
            """,  # noqa: S608  # what is put in is made of fixed words, names go as parameters
            [task.pk, NEWEST, *[part.name for part in parts if part.name]],
        )
        return [_audit(row, parts) for row in cursor.fetchall()]


def _choices(task: Task) -> list[shape.Part]:
    """The fields of an answer that take one of a few values."""
    fields = [part for part in shape.parts(task.output_schema) if part.kind in (shape.Kind.CHOICE, shape.Kind.BOOLEAN)]
    return fields[:MOST_FIELDS]


def _audit(row: Sequence[Any], parts: Sequence[shape.Part]) -> _Audit:
    chance, verdict, epoch, place, worker, version, origin, reason, picked, before, after = row
    names = {"Worker version": f"{worker} v{version}"}
    for part, value in zip(parts, json.loads(picked), strict=True):
        names[f"Answer: {part.label}"] = "not given" if value is None else shape.as_text(value)[:80]
    names["Source"] = origin
    if place is not None:
        names["Difficulty"] = _difficulty(float(certificate.CUTS[place]))
    return _Audit(
        chance=chance,
        wrong=verdict != "accept",
        epoch=epoch,
        verdict=verdict,
        reason=reason or "",
        names=names,
        fixed=_changed(before, after),
    )


def _difficulty(cut: float) -> str:
    high = next(edge for edge in _EDGES if cut <= edge + 1e-9)
    low = next((edge for edge in reversed(_EDGES) if edge < high), 0.0)
    return f"rank {low * 100:g} to {high * 100:g} %, {'the easiest' if low == 0 else 'harder'}"


def _changed(before: str | None, after: str | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    old, new = json.loads(before), json.loads(after)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ("",)
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def _partition(title: str, audits: Sequence[_Audit], *, delta: float) -> Breakdown:
    """One table whose groups make up the lane, largest first."""
    named = [(audit.names[title], audit) for audit in audits if title in audit.names]
    sizes = Counter(name for name, _ in named)
    kept = [name for name, _ in sizes.most_common(MOST_LABELS)]
    rest = f"{len(sizes) - len(kept)} others together"
    told = [(name if name in set(kept) else rest, audit) for name, audit in named]
    order = [*kept, *([rest] if len(sizes) > len(kept) else [])]
    wrong = [audit.wrong for _, audit in told]
    return Breakdown(title, _groups(title, order, told, wrong, delta=delta), more=len(sizes) - len(kept))


def _groups(
    title: str, order: Sequence[str], told: Sequence[tuple[str, _Audit]], wrong: Sequence[bool], *, delta: float
) -> list[Group]:
    """The groups in this order, with what each is of the lane and of its errors."""
    place = {name: n for n, name in enumerate(order)}
    sets = np.array([place[name] for name, _ in told], dtype=np.int64)
    chances = np.array([audit.chance for _, audit in told], dtype=np.float64)
    bad = np.array(wrong, dtype=np.bool_)
    counts = rates.table(sets, chances=chances, wrong=bad, size=len(order))
    found = rates.rates(counts, delta=delta)
    weight = 1.0 / chances
    mass = np.bincount(sets, weights=weight, minlength=len(order))
    wrong_mass = np.bincount(sets, weights=weight * bad, minlength=len(order))
    all_, all_wrong = float(mass.sum()), float(wrong_mass.sum())
    groups: list[Group] = []
    for n, name in enumerate(order):
        known = counts.labels[n] >= errors.FEW
        others = all_ - float(mass[n])
        groups.append(
            Group(
                of=title,
                name=name,
                audits=int(counts.labels[n]),
                wrong=int(counts.wrong[n].sum()),
                error=float(found.error[n]) if known else None,
                lower=float(found.lower[n]) if known else None,
                upper=float(found.upper[n]) if known else None,
                share=float(mass[n]) / all_ if all_ else 0.0,
                of_errors=float(wrong_mass[n]) / all_wrong if all_wrong else 0.0,
                without=(all_wrong - float(wrong_mass[n])) / others if others > 0 else None,
            )
        )
    return groups


def _fields(task: Task, audits: Sequence[_Audit], *, delta: float) -> Breakdown | None:
    """How often each field was wrong, as far as fixes tell; a rejected answer doesn't say which field it was."""
    told_by = [audit for audit in audits if audit.verdict != "reject"]
    labels = {part.name: part.label for part in shape.parts(task.output_schema)}
    times = Counter(name for audit in told_by for name in audit.fixed)
    names = [name for name, _ in times.most_common(MOST_LABELS)]
    if not names:
        return None
    groups: list[Group] = []
    for name in names:
        told = [(name, audit) for audit in told_by]
        wrong = [name in audit.fixed for audit in told_by]
        (group,) = _groups("Field that was fixed", [name], told, wrong, delta=delta)
        groups.append(_renamed(group, labels.get(name) or name or "Answer"))
    return Breakdown("Field that was fixed", groups, is_part=True)


def _renamed(group: Group, name: str) -> Group:
    return Group(
        group.of, name, group.audits, group.wrong, group.error, group.lower, group.upper, 1.0, group.of_errors, None
    )


def _reasons(audits: Sequence[_Audit], reasons: Mapping[str, str]) -> Breakdown | None:
    """What the wrong answers were: fixed, or rejected for which reason."""
    weights: defaultdict[str, float] = defaultdict(float)
    times: Counter[str] = Counter()
    for audit in audits:
        if audit.wrong:
            name = "Fixed" if audit.verdict == "fix" else f"Rejected: {reasons.get(audit.reason, audit.reason)}"
            weights[name] += 1.0 / audit.chance
            times[name] += 1
    total = sum(weights.values())
    if not total:
        return None
    title = "What people did with the wrong ones"
    return Breakdown(
        title,
        [
            Group(title, name, n, n, None, None, None, weights[name] / total, weights[name] / total, None)
            for name, n in times.most_common()
        ],
        is_part=True,
    )


def _clusters(titles: Sequence[str], audits: Sequence[_Audit], *, delta: float) -> list[Group]:
    """Groups that are worse than the rest of the lane beyond what chance makes, those with most errors first.

    Every group of every table is tried, so each gets its part of delta.
    """
    tried = sum(len(_partition(title, audits, delta=delta).groups) for title in titles)
    if not tried:
        return []
    found: list[Group] = []
    for title in titles:
        for group in _partition(title, audits, delta=delta / tried).groups:
            worse = group.lower is not None and group.without is not None and group.lower > group.without
            if worse and group.wrong >= LEAST_WRONG:
                found.append(group)
    return sorted(found, key=lambda group: -group.of_errors)[:5]
