"""Items come in: one, or a batch with an answer for each row."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Status

from slider import strict
from slider.api import body, calls, finding, shapes
from slider.api.calls import Terms
from slider.api.faults import Fault
from slider.flow import intake
from slider.flow.intake import Arrival, Fate, Row
from slider.models import ApiKey, Scope, Task
from slider.rows import columns

MOST_ITEMS = 1000
PRIORITIES = range(-100, 101)
_FIELDS = ("external_id", "priority", "due_at", "input")
_GOOD = (Fate.ADDED, Fate.KNOWN)
_ERRORS_SHOWN = 20

_BODY: dict[str, Any] = {
    "tag": "Items and results",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pushed"}}},
    },
}
_ATOMIC = calls.query("atomic", {"enum": ["0", "1"], "default": "0"}, "1: a batch comes in wholly or not at all.")
calls.TAKEN["Pushed"] = shapes.Pushed


class _Undone(Exception):
    """Takes a batch back."""


@calls.call(
    "POST",
    "/tasks/{task}/items",
    Terms(
        Scope.INTAKE,
        {200: shapes.Taken | shapes.TakenRows, 201: shapes.Taken | shapes.TakenRows, 207: shapes.TakenRows},
        queries=[_ATOMIC],
        refuses=(410,),
        extra=_BODY,
    ),
)
def push(request: HttpRequest, task: str) -> Status[Any]:
    """Push one item, or a batch of up to 1,000: `{"items": [...]}`."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "atomic")
    whole = body.flag(request, "atomic")
    document = body.read(request)
    if "items" in document:
        return _batch(found, key, document, whole=whole)
    return _single(found, key, document)


def _single(task: Task, key: ApiKey, document: dict[str, Any]) -> Status[Any]:
    row = wanted(document, "")
    (arrival,) = intake.add(task, [row], origin=_origin(key), by=key.person_id)
    if arrival.fate is Fate.REFUSED:
        raise Fault(400, "refused", arrival.reason, where=f"/input{arrival.where}")
    if arrival.erased:
        raise Fault(410, "erased", f"{arrival.reason[:1].upper()}{arrival.reason[1:]}.", where="/external_id")
    if arrival.fate is Fate.CONFLICT:
        raise Fault(422, "key_reused", arrival.reason, where="/external_id")
    assert arrival.item_id is not None
    taken = {"status": arrival.fate.value, "id": arrival.item_id, "external_id": arrival.external_id}
    return Status(201 if arrival.fate is Fate.ADDED else 200, taken)


def _batch(task: Task, key: ApiKey, document: dict[str, Any], *, whole: bool) -> Status[Any]:
    told: list[dict[str, Any]] = []
    try:
        with transaction.atomic():
            told = _rows(task, key, _listed(document))
            if whole and any(row["status"] not in _GOOD for row in told):
                raise _Undone
    except _Undone:
        bad = [row for row in told if row["status"] not in _GOOD]
        raise Fault(
            422,
            "batch_refused",
            f"{len(bad)} of {len(told)} items can't come in, so none did: {bad[0]['message']}",
            where=bad[0]["where"],
            hint="Mend them, or send without atomic=1 to add the others.",
            more=bad[:_ERRORS_SHOWN],
        ) from None
    counts = Counter(row["status"] for row in told)
    good = counts[Fate.ADDED] + counts[Fate.KNOWN] == len(told)
    status = 207 if not good else 201 if counts[Fate.ADDED] else 200
    return Status(status, {fate.value: counts[fate] for fate in Fate} | {"rows": told})


def _listed(document: dict[str, Any]) -> list[Any]:
    _refuse_unknown(document, ("items",), "")
    items = document["items"]
    if not isinstance(items, list):
        raise Fault(400, "type", f"items is a {type(items).__name__}: it must be a list.", where="/items")
    if not items:
        raise Fault(400, "empty_batch", "The batch holds no item.", where="/items")
    if len(items) > MOST_ITEMS:
        message = f"The batch holds {len(items):,} items: at most {MOST_ITEMS:,} are taken."
        raise Fault(413, "batch_too_long", message, where="/items", hint="Send several batches.")
    return items


def _rows(task: Task, key: ApiKey, items: list[Any]) -> list[dict[str, Any]]:
    """What became of each row, in order. Rows that are no items at all never reach the flow."""
    rows: dict[int, Row] = {}
    told: dict[int, dict[str, Any]] = {}
    for place, value in enumerate(items):
        try:
            rows[place] = wanted(value, f"/items/{place}")
        except Fault as fault:
            told[place] = _told(Arrival(Fate.REFUSED, "", where=fault.where, reason=fault.message))
    arrivals = intake.add(task, list(rows.values()), origin=_origin(key), by=key.person_id) if rows else []
    for place, arrival in zip(rows, arrivals, strict=True):
        told[place] = _told(arrival, where=_place(arrival, place))
    return [told[place] for place in range(len(items))]


def _place(arrival: Arrival, place: int) -> str:
    if arrival.fate is Fate.CONFLICT:
        return f"/items/{place}/external_id"
    return f"/items/{place}/input{arrival.where}" if arrival.fate is Fate.REFUSED else ""


def _told(arrival: Arrival, *, where: str | None = None) -> dict[str, Any]:
    return {
        "status": arrival.fate.value,
        "id": arrival.item_id,
        "external_id": arrival.external_id,
        "where": arrival.where if where is None else where,
        "message": arrival.reason,
    }


def wanted(value: Any, at: str) -> Row:
    """One item as it was sent, or a Fault that points at what is wrong with it."""
    if not isinstance(value, dict):
        raise Fault(400, "type", f"An item is a JSON object, this is a {type(value).__name__}.", where=at)
    _refuse_unknown(value, _FIELDS, at)
    if "input" not in value:
        raise Fault(400, "missing", "The item has no input.", where=f"{at}/input")
    if not isinstance(value["input"], dict):
        message = f"input is a {type(value['input']).__name__}: it must be a JSON object."
        raise Fault(400, "type", message, where=f"{at}/input")
    external_id, priority = value.get("external_id"), value.get("priority", 0)
    if external_id is not None:
        if not isinstance(external_id, str):
            message = f"external_id is a {type(external_id).__name__}: it must be text."
            raise Fault(400, "type", message, where=f"{at}/external_id")
        if problem := intake.id_problem(external_id):
            raise Fault(400, "external_id", f"{problem}.", where=f"{at}/external_id")
    if type(priority) is not int or priority not in PRIORITIES:
        message = f"priority must be a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}."
        raise Fault(400, "type", message, where=f"{at}/priority")
    return Row(value["input"], external_id, priority, _due_at(value.get("due_at"), at))


def _due_at(value: Any, at: str) -> datetime | None:
    if value is None:
        return None
    try:
        return columns.moment(value if isinstance(value, str) else "")
    except columns.Unreadable:
        message = "due_at must be a time with its zone, such as 2026-03-01T12:00:00Z."
        raise Fault(400, "type", message, where=f"{at}/due_at") from None


def _refuse_unknown(value: dict[str, Any], known: tuple[str, ...], at: str) -> None:
    odd = next((name for name in value if name not in known), None)
    if odd is not None:
        message = f"There is no field {strict.shown(odd)} here; known are {', '.join(known)}."
        raise Fault(400, "unknown_field", message, where=at + strict.pointer(odd[:60]))


def _origin(key: ApiKey) -> str:
    return f"key {key.name}"
