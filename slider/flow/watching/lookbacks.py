"""Looks back: shipped items that nobody has looked at, drawn by coins, to be looked at after all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from slider.engine import certificate, coins, regions
from slider.engine.arrays import Ints
from slider.models import Payload, Policy, Review, ReviewKind, Task

REACH = 600  # so many of the items routed last are looked back at


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many are wanted of the whole lane, of its easiest part, and of each region, shape (regions,)."""

    lane: int
    easy: int
    by_region: Ints

    def __bool__(self) -> bool:
        return bool(self.lane or self.easy or self.by_region.any())


def draw(task: Task, policy: Policy, wanted: Wanted, *, routed: int, purpose: str) -> int:
    """Ask for the wanted looks, as far as there are such items; returns how many. The gauge is locked.

    Each goes by the item's own coin for this purpose, so that a retry draws the same, and nobody can foretell it. To
    reviewers such a look is a look like any other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.item_id, d.rank FROM slider_decision d
            WHERE d.task_id = %s AND d.seq >= %s AND d.epoch = %s AND d.lane = 'unattended' AND NOT d.audit
              AND NOT EXISTS (SELECT FROM slider_review r WHERE r.item_id = d.item_id)
              AND NOT EXISTS (SELECT FROM slider_emptied e WHERE e.item_id = d.item_id)
            ORDER BY d.seq
            """,
            [task.pk, routed - REACH, policy.epoch],
        )
        shipped = cursor.fetchall()
    ids = [item_id for item_id, _ in shipped]
    by_coin = np.argsort(coins.coins(bytes(task.coin_secret), ids, f"look back|{purpose}"), kind="stable").tolist()
    places = regions.OF_BIN[certificate.bins(np.array([rank for _, rank in shipped], dtype=np.float64))]
    lane = by_coin[: wanted.lane]
    left = by_coin[wanted.lane :]
    aimed = [place for place in left if shipped[place][1] <= regions.EASY][: wanted.easy]
    for region in np.flatnonzero(wanted.by_region).tolist():
        rest = [place for place in left if place not in aimed and places[place] == region]
        aimed += rest[: int(wanted.by_region[region])]
    _ask(task, [ids[place] for place in lane], aimed=False)
    _ask(task, [ids[place] for place in aimed], aimed=True)
    return len(lane) + len(aimed)


def _ask(task: Task, item_ids: Sequence[int], *, aimed: bool) -> None:
    bodies = dict(Payload.objects.filter(pk__in=item_ids).values_list("pk", "body"))
    Review.objects.bulk_create(
        Review(
            item_id=item_id,
            task=task,
            kind=ReviewKind.LOOKBACK,
            aimed=aimed,
            skills=task.wants(bodies[item_id]),
        )
        for item_id in item_ids
    )
