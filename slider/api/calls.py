"""A call of the API: its address, who may make it, what it takes and gives, and what it may refuse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest
from pydantic import BaseModel

from slider.api import once, shapes
from slider.api.faults import not_found
from slider.api.keys import Key
from slider.api.router import router
from slider.models import Scope

View = TypeVar("View", bound=Callable[..., Any])
Query = Mapping[str, Any]

USUAL_PAGE, LARGEST_PAGE = 100, 500
ALWAYS = (400, 401, 403, 429, 503)
WITH_BODY = (411, 413, 415, 422)

AFTER: Query = {
    "in": "query",
    "name": "after",
    "schema": {"type": "string"},
    "description": "The `next` of the page before.",
}
LIMIT: Query = {
    "in": "query",
    "name": "limit",
    "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
    "description": "So many at most.",
}
PAGED: tuple[Query, ...] = (AFTER, LIMIT)


def query(name: str, schema: Mapping[str, Any], description: str) -> Query:
    """A parameter of the query for the document; the call itself reads it by `body`."""
    return {"in": "query", "name": name, "schema": dict(schema), "description": description}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call takes and gives. `once`: what its answer shows only the first time, by the fields' names.

    `streams`: its body is a file, which is read once and by the call; it sees to its Idempotency-Key by itself.
    """

    scope: Scope | None
    gives: Mapping[int, Any]
    verb: str = ""
    takes: type[BaseModel] | None = None
    queries: Sequence[Query] = ()
    refuses: Sequence[int] = ()
    once: Sequence[str] = ()
    streams: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return str(self.extra.get("tag", ""))


def call(method: str, path: str, terms: Terms) -> Callable[[View], View]:
    """Register a call. Its name, and the words about it, are the view's own."""
    statuses = {*ALWAYS, *terms.refuses}
    if "{" in path:
        statuses.add(404)
    if terms.takes is not None or "requestBody" in terms.extra:
        statuses.update(WITH_BODY)
    if method == "POST":
        statuses.update({409, 422})
    refusals = {status: shapes.Problem for status in sorted(statuses) if status not in terms.gives}

    def register(view: View) -> View:
        bound = once.bound(view, terms.gives, hides=terms.once) if method == "POST" and not terms.streams else view
        router.add_api_operation(
            path,
            [method],
            _readable(bound),
            auth=Key(terms.scope, terms.verb),
            response={**terms.gives, **refusals},
            tags=[terms.tag] if terms.tag else None,
            openapi_extra=_extra(method, terms),
        )
        return view

    return register


def _readable(view: Callable[..., Any]) -> Callable[..., Any]:
    """Text of a path that no text of a database can hold names nothing."""

    @wraps(view)
    def checked(request: HttpRequest, **named: str) -> Any:
        if any("\x00" in text for text in named.values()):
            raise not_found()
        return view(request, **named)

    return checked


def _extra(method: str, terms: Terms) -> dict[str, Any]:
    extra: dict[str, Any] = {"parameters": [dict(one) for one in terms.queries]}
    if method == "POST":
        extra["parameters"].append(once.HEADER)
    if terms.scope is not None:
        extra["x-scope"] = terms.scope.value
    if terms.takes is not None:
        # The document knows shapes by their names: `described` puts them in their place.
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{terms.takes.__name__}"}}},
        }
        TAKEN[terms.takes.__name__] = terms.takes
    extra |= {name: value for name, value in terms.extra.items() if name != "tag"}
    return extra


TAKEN: dict[str, type[BaseModel]] = {}
"""The shapes of bodies, by name."""
