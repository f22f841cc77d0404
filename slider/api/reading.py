"""Programs read: a task's slider, its items, and the results that are due."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from slider.api import body, calls, cursors, finding, shapes
from slider.api.calls import LARGEST_PAGE, USUAL_PAGE, Terms
from slider.api.faults import Fault, not_found
from slider.flow import intake
from slider.models import Item, Policy, Scope, State, Task
from slider.queries import results
from slider.queries.results import Published

_STATE = calls.query("state", {"type": "string", "enum": State.values}, "Only those in this state.")
_NAMED = calls.query(
    "external_id", {"type": "string", "minLength": 1, "maxLength": 255}, "Only the one of this id in your system."
)
_PAGES = {"tag": "Items and results"}


@calls.call("GET", "/tasks/{task}", Terms(Scope.READ, {200: shapes.TaskOut}, "see", extra={"tag": "Tasks"}))
def show_task(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task and where its slider stands."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return told(found, results.gauge(found).policy)


def told(task: Task, policy: Policy) -> dict[str, Any]:
    """A task as its shape wants it."""
    return {
        "slug": task.slug,
        "name": task.name,
        "paused": task.paused,
        "mode": policy.mode,
        "requested": policy.requested,
        "allowed": policy.allowed,
        "effective": policy.effective,
        "held": policy.held,
        "policy": policy.number,
    }


@calls.call(
    "GET",
    "/tasks/{task}/items",
    Terms(Scope.READ, {200: shapes.ItemsOut}, queries=[_STATE, _NAMED, *calls.PAGED], extra=_PAGES),
)
def list_items(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's items, newest first, a page at a time; or the one that is named."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "state", "external_id", "after", "limit")
    state, blind = body.choice(request, "state", State.values), finding.is_blind(key)
    named = request.GET.get("external_id")
    if named is not None and (problem := intake.id_problem(named)):
        raise Fault(400, "external_id", f"{problem}.", where="external_id")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"items {found.pk} {state} {named!a}")
    wanted = results.Wanted(state=state, named=named, before=place[0] if place else None, blind=blind)
    items = results.listed(found, wanted, most=limit + 1)
    shown = items[:limit]
    following = cursors.make(purpose, shown[-1].pk) if len(items) > limit else None
    hidden = results.secret([item.pk for item in shown]) if blind else frozenset()
    return {"items": [item_told(item, hidden=item.pk in hidden) for item in shown], "next": following}


@calls.call(
    "GET",
    "/tasks/{task}/results",
    Terms(Scope.READ, {200: shapes.ResultsOut}, "export", queries=calls.PAGED, extra=_PAGES),
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


@calls.call("GET", "/items/{item_id}", Terms(Scope.READ, {200: shapes.OneItemOut}, extra=_PAGES))
def show_item(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """One item: its state, how it was tried, and its result once that is due."""
    body.refuse_unknown(request)
    key = finding.key(request)
    known = results.told(key.project_id, body.identifier(item_id))
    if known is None:
        raise not_found()
    hidden = finding.is_blind(key) and bool(results.secret([known.item.pk]))
    shown = [] if hidden else [_result(result) for result in known.results]
    return item_told(known.item, hidden=hidden) | {
        "task": known.item.task.slug,
        "lane": "people" if hidden else known.lane,
        "attempts": [
            {
                "worker": str(attempt.worker),
                "outcome": attempt.outcome,
                "latency_ms": attempt.latency_ms,
                "created_at": attempt.created_at,
            }
            for attempt in known.attempts
        ],
        "result": shown[0] if shown else None,
        "corrections": shown[1:],
    }


def item_told(item: Item, *, hidden: bool = False) -> dict[str, Any]:
    """An item as its shape wants it. `hidden`: it is audited, and stands as one that waits for people."""
    return {
        "id": item.pk,
        "external_id": item.external_id,
        "state": State.REVIEW.value if hidden else item.state,
        "priority": item.priority,
        "due_at": item.due_at,
        "created_at": item.created_at,
        "finished_at": None if hidden else item.finished_at,
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
