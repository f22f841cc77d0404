"""The OpenAPI document and its page: whole, true to itself, readable without a script and from this server alone."""

import json
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from slider.api import described
from slider.api.calls import TAKEN
from slider.api.faults import PROBLEM
from tests.api.calls import TERMS


@pytest.fixture
def document(db: None) -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/api/v1/openapi.json").json()
    return found


def fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    whole = {"components": document["components"], "allOf": [schema]}
    return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))


def test_it_is_openapi_3_1_and_every_call_says_what_it_takes_gives_and_refuses(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {tag["name"] for tag in document["tags"]} == {call["tags"][0] for call in described.operations(document)}
    calls = list(described.operations(document))
    assert len(calls) == len(TERMS)
    assert len({call["operationId"] for call in calls}) == len(calls)
    for call in calls:
        assert call["summary"]
        assert call["summary"].count("`") % 2 == 0, "else it is cut off within a quotation"
        assert call["description"]
        assert call["tags"]
        assert {"400", "401", "403", "429", "503"} <= call["responses"].keys()
        good = [status for status in call["responses"] if status < "4"]
        assert good
        for status, answer in call["responses"].items():
            assert "X-Request-ID" in answer["headers"]
            if status >= "4":
                assert list(answer["content"]) == [PROBLEM]
            if status in ("429", "503"):
                assert "Retry-After" in answer["headers"]


def test_every_example_fits_its_own_schema(document: dict[str, Any]) -> None:
    checked = 0
    for call in described.operations(document):
        contents = [
            call.get("requestBody", {}).get("content", {}),
            *(a.get("content", {}) for a in call["responses"].values()),
        ]
        for content in contents:
            for kind, part in content.items():
                if kind in ("application/json", PROBLEM):
                    assert fits(document, part["schema"], part["example"]), (call["operationId"], part["example"])
                    checked += 1
    assert checked > 200
    assert not fits(document, {"$ref": "#/components/schemas/Apply"}, {"share": 2, "reason": "a"})


def test_the_examples_of_bodies_are_what_the_server_takes(document: dict[str, Any]) -> None:
    checked: set[str] = set()
    for name, shape in TAKEN.items():
        for call in described.operations(document):
            part = call.get("requestBody", {}).get("content", {}).get("application/json", {})
            if part.get("schema", {}).get("$ref", "").endswith(f"/{name}"):
                shape.model_validate(json.loads(json.dumps(part["example"])))
                checked.add(name)
    assert checked == set(TAKEN)


def test_posts_may_be_named_and_no_other_call(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for method, call in methods.items():
            names = {one["name"] for one in call["parameters"] if one["in"] == "header"}
            assert names == {"X-Request-ID"} | ({"Idempotency-Key"} if method == "post" else set())


def test_the_page_shows_every_call_and_loads_nothing_from_elsewhere(db: None) -> None:
    answer = Client().get("/api/v1/docs")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.count('class="card api-call"') == len(TERMS)
    assert "http://" not in text.replace("http://testserver", "")
    assert "cdn" not in text.lower()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_is_searched_without_a_script(db: None) -> None:
    found = Client().get("/api/v1/docs", {"q": "POST put-back"}).content.decode()
    assert found.count('class="card api-call"') == 1
    assert "1 call\n" in found or "1 call " in found
    odd = Client().get("/api/v1/docs", {"q": "<script>\x00nothing"}).content.decode()
    assert "<script>nothing" not in odd
    assert "No call has all of these words" in odd
    assert Client().post("/api/v1/docs").status_code == 405
