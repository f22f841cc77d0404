"""The OpenAPI document: ninja's, with the shapes of bodies, scopes, headers, problems and an example of everything."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from slider.api import sampled
from slider.api.calls import TAKEN
from slider.api.faults import PROBLEM

_REQUEST_ID = {
    "in": "header",
    "name": "X-Request-ID",
    "required": False,
    "schema": {"type": "string"},
    "description": "Your own name for this request: up to 100 plain characters. The answer and the log have it.",
}
_SLUG: dict[str, Any] = {
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,60}$"},
    "description": "The task's short name.",
}
_NUMBER: dict[str, Any] = {"schema": {"type": "string", "pattern": "^[0-9]{1,19}$"}, "description": "Its number."}
_HOST: dict[str, Any] = {
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/]+$"},
    "description": "The machine's name.",
}
_OF_PATHS = {"task": _SLUG, "host": _HOST}
_TEXT = {"type": "string"}
_COUNT = {"type": "string", "pattern": "^[0-9]+$"}
_HEADERS: dict[str, Any] = {
    "X-Request-ID": {"schema": _TEXT, "description": "The request's name in the server's log."},
    "RateLimit-Limit": {"schema": _COUNT, "description": "Calls a minute, for this key."},
    "RateLimit-Remaining": {"schema": _COUNT, "description": "How many of them are left."},
    "RateLimit-Reset": {"schema": _COUNT, "description": "Seconds until there are more of them."},
}
_WAIT = {"Retry-After": {"schema": _COUNT, "description": "Seconds to wait before the next try."}}
_DESCRIPTION = """Programs push items in, read results, and do what people do on the pages: all of it JSON over HTTP.
A key belongs to one project. What belongs to another does not exist for it.
Every refusal is a problem (RFC 9457): `code` is for programs and stays, `detail` and `hint` are for people."""


class Described(NinjaAPI):
    """The API with a whole description of itself."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document; the same object each time, since nothing in it changes while the process lives."""
        return _document(self, path_prefix if path_prefix is not None else self.get_root_path(path_params or {}))


@lru_cache(maxsize=4)
def _document(api: Described, prefix: str) -> OpenAPISchema:
    document = NinjaAPI.get_openapi_schema(api, path_prefix=prefix)
    document["info"] |= {"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    schemas = document["components"]["schemas"]
    for shape in TAKEN.values():
        made = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(made.pop("$defs", {}))
        schemas[shape.__name__] = made
    document["components"]["securitySchemes"] = {
        "Key": {"type": "http", "scheme": "bearer", "description": "A key, `sl_...`, of one project."}
    }
    for operation in operations(document):
        _complete(operation, schemas)
    document["tags"] = [{"name": name} for name in PARTS]
    del document["servers"]
    # As it goes over the wire: keys are text, tuples are lists.
    whole = json.loads(json.dumps(document))
    document.clear()
    document.update(whole)
    return document


def operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every call of a document."""
    for methods in document["paths"].values():
        yield from methods.values()


def _complete(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    operation["operationId"] = operation["operationId"].removeprefix("slider_api_")
    first, _, _ = operation["description"].partition(". ")
    operation["summary"] = first.partition("; ")[0].partition(": ")[0].removesuffix(".")
    scope = operation.pop("x-scope", None)
    operation["security"] = [{"Key": [scope] if scope else []}]
    for one in operation["parameters"]:
        if one["in"] == "path":
            one |= _OF_PATHS.get(one["name"], _NUMBER)
    operation["parameters"].append(_REQUEST_ID)
    for name, part in operation.get("requestBody", {}).get("content", {}).items():
        if name == "application/json":
            part.setdefault("example", sampled.example(part["schema"], schemas))
    responses: dict[Any, Any] = operation["responses"]
    for status, response in responses.items():
        response["headers"] = _HEADERS | (_WAIT if status in (429, 503) else {})
        content = response.get("content", {})
        if status >= 400:
            problem = content.pop("application/json")
            content[PROBLEM] = problem | {"example": _problem(status)}
            continue
        for name, part in content.items():
            if name == "application/json":
                part["example"] = sampled.example(part["schema"], schemas)


PARTS = (
    "Project and people",
    "Tasks",
    "Workers",
    "Items and results",
    "Files",
    "Histories",
    "Reviews",
    "Like items",
    "Leading",
    "Reviewers",
    "Sliders",
    "Audits and bounds",
    "Notices",
    "Exports",
    "Webhooks",
    "Fleet",
    "Privacy",
    "Keys",
    "Log",
)
"""The parts of the API, in the order in which a reader wants them."""


_PROBLEMS = {
    400: ("type", "/priority: input should be a valid integer.", "/priority", ""),
    401: ("unauthorised", "The request carries no key that holds now.", "", "Send it as: Authorization: Bearer sl_..."),
    403: ("scope", "The key 'crm' may not push items in: it lacks the scope 'intake'.", "", "Ask an admin for one."),
    404: ("not_found", "There is no such thing in this key's project.", "", "Check the address and the key."),
    409: ("underway", "This very call is being made at this moment.", "", "Ask again in a second."),
    410: (
        "erased",
        "The item of this id was erased on request.",
        "/external_id",
        "Use a new id for new work.",
    ),
    411: ("length", "The body comes without its length.", "", "Send a Content-Length header."),
    413: ("too_large", "The body has more than 1 MiB.", "", "An item may have 1 MiB, a batch 10 MiB."),
    415: ("content_type", "The body is declared as 'text/plain'.", "", "Send JSON."),
    422: ("unfit", "Say why: whoever reads the history later needs the reason.", "/reason", ""),
    429: ("too_many_requests", "This key has made more than 1,200 calls within a minute.", "", "Wait."),
    503: ("unavailable", "The database does not answer; nothing was changed.", "", "Try again."),
}


def _problem(status: int) -> dict[str, Any]:
    code, detail, where, hint = _PROBLEMS[status]
    return {
        "type": f"urn:slider:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "where": where,
        "hint": hint,
        "request_id": "7f3c1b0e5d2a4c6f8e9b0a1c2d3e4f50",
    }
