"""What items hold is deleted, in the caller's transaction, in every place where it stands; numbers and chains stay.

The database lets it go only for final items, only while a row of `slider_emptied` says so, and only if the log is told
in the same transaction: see migration 0038. So whatever kills it half-way, nothing half stays.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from slider.flow import archive
from slider.models import Cause, IdKey, Item, sealing
from slider.models.emptied import known_digest, spelt
from slider.models.holding import HOLDINGS, NEWS, Goes, Holding


@dataclass(frozen=True, slots=True)
class Why:
    """Why contents go: a rule of so many days, or somebody's request with its words."""

    cause: Cause
    days: int | None = None
    by: int | None = None
    words: str = ""


_SAY = """
INSERT INTO slider_emptied (item_id, cause, days, by_id, words, told, at)
SELECT id, %(cause)s, %(days)s, %(by)s, %(words)s, false, clock_timestamp() FROM unnest(%(ids)s::bigint[]) AS id
ON CONFLICT (item_id) DO UPDATE SET
    cause = excluded.cause, days = excluded.days, by_id = excluded.by_id, words = excluded.words, told = false,
    at = excluded.at
"""
# Whoever writes down a try at one of them has it until that is committed, and is seen then.
_HOLD_NEWS = f"SELECT t.id FROM slider_parcel t WHERE t.id IN ({NEWS}) ORDER BY t.id FOR UPDATE"  # noqa: S608


def empty(task_id: int, item_ids: Sequence[int], why: Why) -> None:
    """Delete what these final items of a task hold. Their rows are locked by the caller, in the order of their ids."""
    ids = sorted(item_ids)
    archive.bring_back(ids)
    values: dict[str, Any] = {"ids": ids, "cause": str(why.cause), "days": why.days, "by": why.by, "words": why.words}
    secret = key(task_id)
    names = Item.objects.filter(pk__in=ids).values_list("external_id", flat=True)
    values["spelt"] = [spelt(name) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(_SAY, values)
        _forget_digests(cursor, ids, secret)
        if why.cause is Cause.REQUEST:
            cursor.execute(_HOLD_NEWS, values)
        for place in HOLDINGS:
            if place.goes is Goes.CONTENTS or why.cause is Cause.REQUEST:
                cursor.execute(statement(place), values)
        cursor.execute("UPDATE slider_emptied SET told = true WHERE item_id = ANY(%(ids)s)", values)


def statement(place: Holding) -> str:
    """What empties a place, as SQL with the parameter `ids`. Nothing but words of ours goes into it."""
    if not place.empties:
        return f"DELETE FROM {place.table} t WHERE ({place.of}) AND ({place.only})"  # noqa: S608
    sets = ", ".join(f"{column} = {value}" for column, value in place.empties.items())
    differs = " OR ".join(f"t.{column} IS DISTINCT FROM {value}" for column, value in place.empties.items())
    return f"UPDATE {place.table} t SET {sets} WHERE ({place.of}) AND ({place.only}) AND ({differs})"  # noqa: S608


def key(task_id: int) -> bytes:
    """The key under which deleted ids and digests of a task are known again; made when the first goes."""
    made = sealing.seal(os.urandom(32).hex(), IdKey.spot(task_id))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO slider_idkey (task_id, sealed) VALUES (%s, %s) ON CONFLICT DO NOTHING", [task_id, made]
        )
    return IdKey.objects.get(pk=task_id).secret


def _forget_digests(cursor: Any, ids: list[int], secret: bytes) -> None:
    """A plain digest of a short item can be guessed: what stays tells only whoever has the key and the same item."""
    cursor.execute(
        "SELECT p.item_id, p.sha256 FROM slider_payload p WHERE p.item_id = ANY(%s) AND p.body <> '{}'", [ids]
    )
    rows = [(item_id, known_digest(secret, bytes(digest))) for item_id, digest in cursor.fetchall()]
    cursor.execute(
        "UPDATE slider_payload p SET sha256 = n.digest FROM unnest(%s::bigint[], %s::bytea[]) AS n(id, digest) "
        "WHERE p.item_id = n.id",
        [[item_id for item_id, _ in rows], [digest for _, digest in rows]],
    )
