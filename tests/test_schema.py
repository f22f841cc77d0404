"""A schema that people write can reach no network, take no exponential time, and says what is wrong."""

import socket
import time

import pytest

from slider.schema import Problem, Schema, SchemaError
from slider.strict import JSON

FORM: JSON = {
    "type": "object",
    "properties": {"label": {"enum": ["a", "b"]}, "a/b": {"type": "integer", "minimum": 0}},
    "required": ["label"],
    "additionalProperties": False,
}


def refused(document: JSON) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        Schema.compile(document)
    return caught.value


def test_it_accepts_what_fits() -> None:
    schema = Schema.compile(FORM)
    assert schema.accepts({"label": "a", "a/b": 3})
    assert schema.problems({"label": "a", "a/b": 3}) == []


def test_it_points_at_each_problem() -> None:
    problems = Schema.compile(FORM).problems({"label": "A", "a/b": -1, "c": 1})
    assert {one.where for one in problems} == {"/label", "/a~1b", ""}
    assert Problem("/label", '"A" is not one of "a" or "b"') in problems


def test_it_reports_at_most_twenty_problems_in_short_words() -> None:
    schema = Schema.compile({"items": {"type": "integer"}})
    problems = schema.problems(["x" * 5000] * 100)
    assert len(problems) == 20
    assert all(len(one.message) < 400 for one in problems)
    assert len(schema.problems(["x"] * 9, most=3)) == 3


def test_it_casts_nothing() -> None:
    schema = Schema.compile({"properties": {"n": {"type": "integer"}, "b": {"type": "boolean"}}})
    assert schema.problems({"n": "3", "b": "true"}) != []
    assert len(schema.problems({"n": "3", "b": "true"})) == 2


@pytest.mark.parametrize(
    "ref",
    ["http://127.0.0.1:9/schema", "https://example.org/s.json", "file:///etc/hostname", "other.json", "//host/x"],
)
def test_it_follows_no_reference_to_the_outside(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a schema reached for the network")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    error = refused({"properties": {"a": {"$ref": ref}}})
    assert error.message.startswith("a $ref must point into this schema")


def test_it_reads_no_metaschema_from_the_outside() -> None:
    assert "not one of the public drafts" in refused({"$schema": "http://127.0.0.1:9/meta", "type": "string"}).message


def test_a_reference_to_nowhere_is_named() -> None:
    assert "/$defs/b" in refused({"$ref": "#/$defs/b", "$defs": {}}).message


@pytest.mark.parametrize(
    "document",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    ],
)
def test_a_schema_that_only_refers_to_itself_ends(document: JSON) -> None:
    assert Schema.compile(document).problems({"a": 1}) == []


def test_a_recursive_schema_checks_a_tree() -> None:
    schema = Schema.compile({"type": "object", "properties": {"below": {"$ref": "#"}}, "required": ["name"]})
    assert schema.accepts({"name": 1, "below": {"name": 2}})
    assert [one.where for one in schema.problems({"name": 1, "below": {}})] == ["/below"]


def test_a_catastrophic_pattern_runs_in_linear_time() -> None:
    schema = Schema.compile({"pattern": "^(a+)+$"})
    started = time.perf_counter()
    assert not schema.accepts("a" * 100_000 + "b")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("pattern", ["(?=x)a", r"(a)\1", "(a{1000}){1000}", "(", "[z-a]"])
def test_a_pattern_that_the_linear_engine_cannot_run_is_refused(pattern: str) -> None:
    error = refused({"properties": {"x": {"pattern": pattern}}})
    assert error.message.startswith(f"the pattern {pattern!a} can't be used")
    assert error.where == "/properties/x/pattern"


def test_a_long_pattern_is_refused_wherever_it_stands() -> None:
    assert refused({"items": [{"pattern": "a" * 201}]}).where == "/items/0/pattern"
    assert refused({"patternProperties": {"a" * 201: {}}}).where == "/patternProperties"


def test_a_property_may_be_called_pattern() -> None:
    assert Schema.compile({"properties": {"pattern": {"type": "string"}}}).accepts({"pattern": "x"})


@pytest.mark.parametrize("document", [None, True, [], "string", 3])
def test_a_schema_is_an_object(document: JSON) -> None:
    assert refused(document).message.startswith("a schema is a JSON object")


def test_a_schema_of_five_megabytes_is_refused() -> None:
    assert "at most 262,144" in refused({"description": "x" * 5_000_000}).message
    assert "at most 262,144" in refused({"enum": ["é" * 200_000]}).message


def test_a_schema_nested_without_end_is_refused() -> None:
    document: JSON = {}
    for _ in range(60):
        document = {"items": document}
    assert "nested deeper" in refused(document).message


def test_a_schema_that_is_none_says_so() -> None:
    assert refused({"type": "strng"}).where == "/type"
    assert refused({"required": "label"}).where == "/required"


def test_it_knows_the_labels_of_closed_fields() -> None:
    assert Schema.compile(FORM).labels["label"] == ("a", "b")
    assert Schema.compile({"enum": ["x", "y", 3]}).labels == {"": ("x", "y")}


@pytest.mark.parametrize(
    "document",
    [
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"enum": []},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 2}}},
    ],
)
def test_a_schema_that_nothing_can_fit_is_refused(document: JSON) -> None:
    assert refused(document).message.startswith("no value can ever fit")


def test_a_combined_schema_compiles_in_no_time() -> None:
    either: list[JSON] = [{"properties": {f"a{n}": {"const": 1}}} for n in range(2)]
    started = time.perf_counter()
    Schema.compile({"allOf": [{"anyOf": either, "title": str(n)} for n in range(40)]})
    assert time.perf_counter() - started < 2
