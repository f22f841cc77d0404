"""Sealed values are sealed anew by the first key: place by place, a batch a transaction, from wherever it stopped.

`PLACES` names every column that holds sealed values. One that is not here is left behind when a key is taken away.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from slider.flow import log, older
from slider.models import Kind, sealing
from slider.models.endpoint import PLAIN
from slider.models.sealing import SECOND_STEP, Spot, Unopened

BATCH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A column of sealed values.

    Attributes:
        key: the column that names the row, a number.
        members: in a JSON object, the members that are sealed; none where the column is text.
        bound: how its values are bound to where they stand: not at all, to the column, or to their row in it.
        plain: how a value begins that older code wrote as it is; empty where none ever did.
    """

    table: str
    column: str
    key: str = "id"
    members: tuple[str, ...] = ()
    bound: str = ""  # "", "column" or "row"
    plain: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    def spot(self, row: int) -> Spot:
        """What a value of this row is bound to."""
        if not self.bound:
            return sealing.ANYWHERE
        return Spot(self.table, self.column, str(row) if self.bound == "row" else "")


# One line a place: a new column of sealed values belongs here.
PLACES: tuple[Place, ...] = (
    Place(SECOND_STEP.table, SECOND_STEP.column, members=("secret", "seed"), bound="column"),
    Place("slider_idkey", "sealed", key="task_id", bound="row"),
    Place("slider_endpoint", "secret", plain=PLAIN),
    Place("slider_endpoint", "old_secret", plain=PLAIN),
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many values of a place were sealed by the first key already, were to be sealed anew, are left unsealed for
    older code, and open no more."""

    place: str
    current: int = 0
    anew: int = 0
    plain: int = 0
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    row: int
    values: dict[str, str]  # by member; a text column's has the name ""


def rotate(place: Place, *, dry: bool) -> Iterator[Count]:
    """Go through a place, a batch a time; in a dry run nothing is written. What opens no more stays as it is, and so
    does what is not sealed while code of the release before may run, which reads it as it is."""
    after = 0
    while True:
        with transaction.atomic():
            rows = _read(place, after=after)
            count = _sealed_anew(place, rows, dry=dry)
        if not rows:
            return
        after = rows[-1].row
        yield count


def _sealed_anew(place: Place, rows: list[_Row], *, dry: bool) -> Count:
    first = sealing.keys()[0].name
    current = anew = plain = 0
    lost = []
    for one in rows:
        fresh = {}
        for name, value in one.values.items():
            is_plain = bool(place.plain) and value.startswith(place.plain)
            if is_plain and older.may_send():
                plain += 1
                continue
            try:
                text = value if is_plain else sealing.unseal(value, place.spot(one.row))
            except Unopened:
                lost.append(one.row)
                continue
            if not is_plain and sealing.made_by(value) == first:
                current += 1
            else:
                anew += 1
                fresh[name] = sealing.seal(text, place.spot(one.row))
        if fresh and not dry:
            _write(place, one.row, fresh)
    if anew and not dry:
        facts = {"deed": "sealed anew", "place": str(place), "values": anew, "key": first}
        log.write(Kind.PRIVACY, by=None, facts=facts)
    return Count(str(place), current, anew, plain, tuple(lost))


def _read(place: Place, *, after: int) -> list[_Row]:
    """The next rows, held until the transaction ends: somebody who changes one waits for it."""
    # No table, column or key is anything but a name of ours.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {place.key}, {place.column} FROM {place.table} WHERE {place.key} > %s "  # noqa: S608
            f"ORDER BY {place.key} LIMIT %s FOR NO KEY UPDATE",
            [after, BATCH],
        )
        return [_Row(row, _values(place, held)) for row, held in cursor.fetchall()]


def _values(place: Place, held: Any) -> dict[str, str]:
    if not place.members:
        return {"": held} if held else {}
    whole = _json(held)
    return {name: whole[name] for name in place.members if isinstance(whole.get(name), str)}


def _json(held: Any) -> dict[str, Any]:
    whole = json.loads(held) if isinstance(held, str) else held
    return whole if isinstance(whole, dict) else {}


def _write(place: Place, row: int, fresh: dict[str, str]) -> None:
    new = f"jsonb_set({place.column}, ARRAY[%s], to_jsonb(%s::text))" if place.members else "%s"
    statement = f"UPDATE {place.table} SET {place.column} = {new} WHERE {place.key} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        for name, value in fresh.items():
            cursor.execute(statement, [*([name] if place.members else []), value, row])
