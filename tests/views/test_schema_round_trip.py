"""Any answer that fits its schema goes through the page's form and back without a change."""

from html.parser import HTMLParser
from typing import Any

from django.template.loader import render_to_string
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from slider import strict
from slider.schema import Schema
from slider.views import schema_form

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
NAMES = st.sampled_from(["a", "b c", "a/b", "~n", "n~", "ä", "a~b", "0"])
ENUM = st.lists(st.sampled_from(["x", "y ", "", 1, None, True, 2.5, ["x"]]), min_size=1, max_size=6, unique_by=repr)


def _scalar(kind: str) -> st.SearchStrategy[tuple[dict[str, Any], st.SearchStrategy[Any]]]:
    values: dict[str, st.SearchStrategy[Any]] = {
        "string": TEXTS,
        "integer": st.integers(-(10**15), 10**15),
        "number": st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(10**9), 10**9),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    bounded = {"string": [{}, {"maxLength": 30}], "integer": [{}, {"minimum": -(10**15)}]}.get(kind, [{}])
    return st.sampled_from(bounded).map(lambda more: ({"type": kind} | more, values[kind]))


def _nullable(pair: tuple[dict[str, Any], st.SearchStrategy[Any]]) -> tuple[dict[str, Any], st.SearchStrategy[Any]]:
    schema, values = pair
    if isinstance(schema.get("type"), str) and schema["type"] != "null":
        return {**schema, "type": [schema["type"], "null"]}, values | st.none()
    return {"anyOf": [schema, {"type": "null"}]}, values | st.none()


Pair = tuple[dict[str, Any], st.SearchStrategy[Any]]


def _list(pair: Pair) -> Pair:
    return {"type": "array", "items": pair[0]}, st.lists(pair[1], max_size=3)


@st.composite
def _object(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    fields: dict[str, Pair] = draw(st.dictionaries(NAMES, inner, min_size=1, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    schema: dict[str, Any] = {"type": "object", "properties": {name: one[0] for name, one in fields.items()}}
    if draw(st.booleans()):
        schema["additionalProperties"] = False
    schema["required"] = required
    must = {name: one[1] for name, one in fields.items() if name in required}
    may = {name: one[1] for name, one in fields.items() if name not in required}
    values = st.fixed_dictionaries(must, optional=may)
    if "additionalProperties" not in schema:
        more = st.dictionaries(
            st.sampled_from(["more", "x~set", "y/z"]), TEXTS | st.integers(0, 9) | st.none(), max_size=2
        )
        values = st.tuples(more, values).map(lambda two: {**two[0], **two[1]})
    return schema, values


def _either(pairs: list[Pair]) -> Pair:
    return {"anyOf": [schema for schema, _ in pairs]}, st.one_of(*[values for _, values in pairs])


SCALARS = st.sampled_from(["string", "integer", "number", "boolean", "null"]).flatmap(_scalar) | ENUM.map(
    lambda listed: ({"enum": listed}, st.sampled_from(listed))
)
PAIRS = st.recursive(
    SCALARS | SCALARS.map(_nullable),
    lambda inner: st.one_of(
        inner.map(_list),
        _object(inner),
        _object(inner).map(_nullable),
        inner.map(_list).map(_nullable),
        st.lists(inner, min_size=2, max_size=3).map(_either),
    ),
    max_leaves=8,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    schema, values = draw(PAIRS)
    return schema, draw(values)


class _Sent(HTMLParser):
    """What a browser would send of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._area = self._select = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and (given["type"] != "radio" or "checked" in given):
            assert given["type"] == "hidden" or not set("\r\n") & set(given["value"]), "one line loses line ends"
            self.fields[given["name"]] = given["value"]
        elif tag == "textarea":
            self._area, self._text = given["name"], []
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = given["value"]

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            text = "".join(self._text).removeprefix("\n")
            self.fields[self._area] = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def sent(schema: dict[str, Any], value: Any) -> dict[str, str]:
    page = _Sent()
    for field in schema_form.draw(schema, value):
        page.feed(render_to_string("intake/_field.html", {"field": field}))
    page.close()
    return page.fields


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(answers())
def test_an_answer_that_fits_survives_its_form(pair: tuple[dict[str, Any], Any]) -> None:
    schema, value = pair
    assert Schema.compile(schema).accepts(value)
    reading = schema_form.read(schema, sent(schema, value), before=value)
    assert reading.errors == {}
    assert strict.canonical(reading.value) == strict.canonical(value)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(answers())
def test_a_form_says_a_value_by_itself(pair: tuple[dict[str, Any], Any]) -> None:
    """Without what it was drawn from: nothing but the kind of a line's end is remembered."""
    schema, value = pair
    assume(value is not None)  # a form of nothing is a form without an answer yet
    reading = schema_form.read(schema, schema_form.fill(schema, value))
    assert reading.errors == {}
    assert strict.canonical(reading.value) == strict.canonical(_line_ends(value))


def _line_ends(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _line_ends(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_line_ends(held) for held in value]
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
