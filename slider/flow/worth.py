"""What a person's look is worth at each item: the chance that its answer is wrong, times what is at stake."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from slider.flow.records import Rated
from slider.models import Gauge, Review, ReviewKind, Task

REMEMBERED = 100  # so many of the newest looks say what is much and what is little


def of(rated: Rated, task: Task) -> float | None:
    """P(wrong) times the stake; None where the stake is not known: then a look is worth as much as any."""
    wrong = 1 - rated.p_correct if rated.answered and not rated.veto else 1.0
    stake = _stake(rated.body, task.stake_field)
    return None if stake is None else wrong * stake


def _stake(body: Mapping[str, Any], field: str) -> float | None:
    if not field:
        return 1.0
    held = body.get(field)
    if isinstance(held, bool) or not isinstance(held, int | float):
        return None
    try:
        stake = abs(float(held))
    except OverflowError:
        return None
    return stake if math.isfinite(stake) else None


def weigh(gauge: Gauge, looks: Sequence[Review], worths: Mapping[int, float | None]) -> None:
    """Say how pressing each look before a result leaves is: the share of the newest ones that are worth less.

    Equal ones count half, so that looks of which nothing tells more than of others come in the order they came. Each
    of several looks at an item is as pressing as its gate. All other kinds of looks are given one of these by the
    database, by a coin: nothing tells them from the rest.
    """
    newest = [worth for worth, _, _ in gauge.worths if worth is not None]
    ordered = sorted(newest)
    gates: dict[int, float] = {}
    for look in looks:
        if look.kind == ReviewKind.PEER:  # it comes when its item's gate would
            look.pressing = gates[look.item_id]
        if look.kind != ReviewKind.GATE:
            continue
        worth = worths[look.item_id]
        look.pressing = gates[look.item_id] = _pressing(ordered, worth)
        if worth is not None:
            newest.append(worth)
            insort(ordered, worth)
            if len(newest) > REMEMBERED:
                ordered.remove(newest.pop(0))


def _pressing(ordered: Sequence[float], worth: float | None) -> float:
    if worth is None:
        return 1.0
    if not ordered:
        return 0.5
    return (bisect_left(ordered, worth) + bisect_right(ordered, worth)) / (2 * len(ordered))


def remember(gauge: Gauge, looks: Sequence[Review], worths: Mapping[int, float | None]) -> None:
    """Keep on the gauge what the newest of these looks were worth, how pressing, and how long until they are due."""
    gates = [look for look in looks if look.kind == ReviewKind.GATE][-REMEMBERED:]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, extract(epoch FROM due_at - created_at)::float8 FROM slider_review WHERE id = ANY(%s)",
            [[look.pk for look in gates]],
        )
        due_in_s = dict(cursor.fetchall())
    fresh = [[worths[look.item_id], look.pressing, due_in_s[look.pk]] for look in gates]
    gauge.worths = [*gauge.worths, *fresh][-REMEMBERED:]
