"""The form drawn from a JSON Schema, and what a person put into it, read back as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slider.schema import Schema
from slider.views import schema_draw, schema_fill, schema_nodes, schema_read, schema_reshape
from slider.views.schema_draw import Field
from slider.views.schema_fill import ABSENT
from slider.views.schema_names import PREFIX, Typed, shown
from slider.views.schema_nodes import Ask
from slider.views.schema_read import Reading

__all__ = ["PREFIX", "RESHAPE", "Field", "Reading", "draw", "loose", "read", "reshape", "shown", "typed_in", "wrong"]

RESHAPE = "reshape"  # the name of the buttons that ask for a row more, and the like


def typed_in(post: Mapping[str, str]) -> dict[str, str]:
    """What a POST says for the form."""
    return {name: post[name] for name in post if name.startswith(PREFIX)}


def draw(
    schema: Mapping[str, Any],
    value: Any = None,
    *,
    first: str = "",
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    focus: str | None = None,
) -> list[Field]:
    """The fields of a form that starts from `value`; what was `typed` goes before it, so that nothing is lost.

    `errors` are by JSON pointers; one that has no field of its own stands at the next one around it. `focus` is the
    pointer of what a reader wants to go on with.
    """
    node = schema_nodes.of(schema, schema)
    texts = fill(schema, value) if typed is None else typed
    root = schema_draw.draw(node, texts, value=ABSENT if value is None else value, first=first)
    found = _nearest(errors or {}, {one.pointer for one in _all(root)})
    drawn = _said(root, found, _first_at(root, focus))
    return list(drawn.inner) if _is_open(node) else [drawn]


def fill(schema: Mapping[str, Any], value: Any, *, whole: bool = False) -> dict[str, str]:
    """A value as the fields that a browser would send.

    `whole`: very long texts too, for a form that starts from another value.
    """
    node = schema_nodes.of(schema, schema)
    return schema_fill.fill(node, _start(node, value), whole=whole)


def read(schema: Mapping[str, Any], typed: Typed, *, before: Any = None) -> Reading:
    """The value that a filled-in form means; `before` is what it was drawn from."""
    node = schema_nodes.of(schema, schema)
    return schema_read.read(node, typed, before=_start(node, before))


def reshape(schema: Mapping[str, Any], typed: Typed, wish: str, *, value: Any = None) -> tuple[dict[str, str], str]:
    """The form with a row more or less, or one that moved; and the pointer of what to go on with."""
    node = schema_nodes.of(schema, schema)
    return schema_reshape.reshape(node, typed, wish, before=_start(node, value))


def wrong(schema: Mapping[str, Any], value: Any) -> dict[str, str]:
    """All that is wrong with a value, by pointers; one sentence a place."""
    found: dict[str, str] = {}
    for problem in Schema.compile(dict(schema)).problems(value):
        found.setdefault(problem.where, problem.message)
    return found


def loose(fields: Sequence[Field], errors: Mapping[str, str]) -> str:
    """The first error that no field shows."""
    said = {one.error for top in fields for one in _all(top)}
    return next((words for words in errors.values() if not any(words in one for one in said)), "")


def _start(node: schema_nodes.Node, value: Any) -> Any:
    """What a form starts from: None is no value yet, unless the schema has a place for it."""
    if value is None and not (node.nullable or (node.ask == Ask.CHOICE and None in node.choices)):
        return ABSENT
    return value


def _is_open(node: schema_nodes.Node) -> bool:
    """Whether the form is the object's fields, without a frame around them."""
    return node.ask == Ask.OBJECT and not node.nullable


def _all(one: Field) -> Iterator[Field]:
    yield one
    for inner in one.inner:
        yield from _all(inner)


def _nearest(errors: Mapping[str, str], places: set[str]) -> dict[str, str]:
    """Errors by the pointers of fields that are there."""
    found: dict[str, str] = {}
    for pointer, words in errors.items():
        at = pointer
        while at not in places and at:
            at = at.rpartition("/")[0]
        rest = pointer[len(at) + 1 :]
        found.setdefault(at, f"{words} (at {rest})" if rest else words)
    return found


def _first_at(root: Field, focus: str | None) -> int | None:
    """The number of the field at a pointer; of a group's, the first that can be typed into."""
    found = next((one for one in _all(root) if one.pointer == focus), None) if focus else None
    while found is not None and found.inner and found.widget != "variant":
        found = next((one for one in found.inner if one.widget != "fixed"), found.inner[0])
    return None if found is None else found.number


def _said(one: Field, errors: Mapping[str, str], focus: int | None) -> Field:
    """The field with its error; where a choice among schemas holds a field of its own place, that one has it."""
    inner = tuple(_said(each, errors, focus) for each in one.inner)
    is_mine = all(each.pointer != one.pointer for each in one.inner)
    error = errors.get(one.pointer, "") if is_mine else ""
    return replace(one, inner=inner, error=error, has_focus=one.number == focus)
