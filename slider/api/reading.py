"""Programs read: a task's slider, its items, and the results that are due."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from slider.api import body, cursors, finding, shapes
from slider.api.faults import Fault, not_found
from slider.api.keys import Key
from slider.api.router import router
from slider.models import Item, Scope, State
from slider.queries import results
from slider.queries.results import Published

USUAL_PAGE, LARGEST_PAGE = 100, 500

_PAGE: list[dict[str, Any]] = [
    {"in": "query", "name": "after", "schema": {"type": "string"}, "description": "The `next` of the page before."},
    {
        "in": "query",
        "name": "limit",
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
    },
]
_STATE = {"in": "query", "name": "state", "schema": {"type": "string", "enum": State.values}}
_REFUSALS = {frozenset({400, 401, 403, 404, 429}): shapes.FaultOut}


@router.get("/tasks/{task}", auth=Key(Scope.READ), response={200: shapes.TaskOut, **_REFUSALS})
def show_task(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task and where its slider stands."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    policy = results.gauge(found).policy
    return {
        "slug": found.slug,
        "name": found.name,
        "paused": found.paused,
        "mode": policy.mode,
        "requested": policy.requested,
        "allowed": policy.allowed,
        "effective": policy.effective,
        "held": policy.held,
        "policy": policy.number,
    }


@router.get(
    "/tasks/{task}/items",
    auth=Key(Scope.READ),
    response={200: shapes.ItemsOut, **_REFUSALS},
    openapi_extra={"parameters": [_STATE, *_PAGE]},
)
def list_items(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's items, newest first, a page at a time."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request, "state", "after", "limit")
    state = request.GET.get("state")
    if state is not None and state not in State.values:
        raise Fault(400, "filter", f"There is no such state; there are {', '.join(State.values)}.", where="state")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    purpose = f"items {found.pk} {state}"
    place = cursors.read(request.GET.get("after"), purpose)
    items = results.listed(found, state=state, before=place[0] if place else None, most=limit + 1)
    shown = items[:limit]
    following = cursors.make(purpose, shown[-1].pk) if len(items) > limit else None
    return {"items": [_item(item) for item in shown], "next": following}


@router.get(
    "/tasks/{task}/results",
    auth=Key(Scope.READ),
    response={200: shapes.ResultsOut, **_REFUSALS},
    openapi_extra={"parameters": _PAGE},
)
def list_results(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's results in the order in which they became due, corrections among them."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    purpose = f"results {found.pk}"
    place = cursors.read(request.GET.get("after"), purpose)
    after = (datetime.fromisoformat(place[0]), place[1]) if place else None
    due = results.published(found, after=after, most=limit + 1)
    shown = due[:limit]
    if shown:
        place = [shown[-1].due_at.isoformat(), shown[-1].publication_id]
    return {
        "results": [_result(result) for result in shown],
        "next": cursors.make(purpose, *(place or [])),
        "more": len(due) > limit,
    }


@router.get("/items/{item_id}", auth=Key(Scope.READ), response={200: shapes.OneItemOut, **_REFUSALS})
def show_item(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """One item: its state, how it was tried, and its result once that is due."""
    body.refuse_unknown(request)
    told = results.told(finding.key(request).project_id, body.identifier(item_id))
    if told is None:
        raise not_found()
    shown = [_result(result) for result in told.results]
    return _item(told.item) | {
        "task": told.item.task.slug,
        "lane": told.lane,
        "attempts": [
            {
                "worker": str(attempt.worker),
                "outcome": attempt.outcome,
                "latency_ms": attempt.latency_ms,
                "created_at": attempt.created_at,
            }
            for attempt in told.attempts
        ],
        "result": shown[0] if shown else None,
        "corrections": shown[1:],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.pk,
        "external_id": item.external_id,
        "state": item.state,
        "priority": item.priority,
        "due_at": item.due_at,
        "created_at": item.created_at,
        "finished_at": item.finished_at,
    }


def _result(result: Published) -> dict[str, Any]:
    return {
        "item": result.item,
        "external_id": result.external_id,
        "number": result.number,
        "corrects": result.corrects,
        "ending": result.ending,
        "answer": result.answer,
        "reason": result.reason,
        "lane": result.lane,
        "due_at": result.due_at,
    }
