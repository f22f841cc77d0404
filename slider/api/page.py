"""The page about the API: the OpenAPI document for people to read, without a script and from this server alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI

from slider.api.faults import PROBLEM, Fault, answer

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Shown:
    """One call as the page shows it."""

    anchor: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    parameters: tuple[Mapping[str, Any], ...]
    takes: str
    gives: tuple[tuple[str, str, str], ...]  # status, what it means, an example
    refuses: tuple[str, ...]

    def holds(self, text: str) -> bool:
        """Whether a search finds it."""
        whole = f"{self.method} {self.path} {self.title} {self.words} {self.scope}".casefold()
        return all(word in whole for word in text.casefold().split())


def show(api: NinjaAPI) -> Callable[[HttpRequest], HttpResponse]:
    """The page's view."""

    def shown(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            fault = Fault(405, "method", "This address takes GET only.", headers={"Allow": "GET"})
            return answer(request, fault)
        document, asked = api.get_openapi_schema(), request.GET.get("q", "")[:100].replace("\x00", "")
        parts = [(name, [one for one in calls if one.holds(asked)]) for name, calls in _parts(document).items()]
        context = {
            "document": document,
            "asked": asked,
            "parts": [(name, calls) for name, calls in parts if calls],
            "count": sum(len(calls) for _, calls in parts),
            "problem": _pretty(document["components"]["schemas"]["Problem"].get("properties", {})),
        }
        return render(request, "api/docs.html", context)

    return shown


def _parts(document: Mapping[str, Any]) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                found[operation["tags"][0]].append(_shown(path, method, operation))
    return found


def _shown(path: str, method: str, operation: Mapping[str, Any]) -> Shown:
    responses = operation["responses"]
    good = tuple(
        (status, response["description"], _example(response)) for status, response in responses.items() if status < "4"
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Shown(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"].replace("`", ""),
        words=operation["description"].replace("`", ""),
        scope=", ".join(operation["security"][0]["Key"]),
        parameters=tuple(operation["parameters"]),
        takes=_pretty(body["example"]) if body else "",
        gives=good,
        refuses=tuple(status for status, one in responses.items() if PROBLEM in one.get("content", {})),
    )


def _example(response: Mapping[str, Any]) -> str:
    content = response.get("content", {}).get("application/json")
    return _pretty(content["example"]) if content else ""


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
