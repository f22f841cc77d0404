"""A value as the fields of its form would be sent by a browser that changed nothing."""

from collections.abc import Mapping
from typing import Any, Final

from slider import strict
from slider.views import schema_nodes
from slider.views.schema_names import Tail, child, key
from slider.views.schema_nodes import GROUPS, TEXTS, Ask, Node

MOST_FIELDS = 300  # a form that would have more asks for its longest lists as JSON
LONGEST = 100_000  # a longer text stays as it is unless somebody asks for it


class Absent:
    """Nothing at all, which is something else than null."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()


def fill(node: Node, value: Any, pointer: str = "", *, required: bool = True, whole: bool = False) -> dict[str, str]:
    """The fields of a value. `whole` also gives texts that are so long that they are kept out of the form."""
    if isinstance(value, str) and len(value) > LONGEST and not whole and node.ask in TEXTS:
        return {key(pointer) + Tail.KEEP: "1"}
    if node.ask in GROUPS:
        return _group(node, value, pointer, required=required, whole=whole)
    name = key(pointer)
    if value is not ABSENT and not _fits(node, value):
        return {name: as_json(value), name + Tail.RAW: "1"}
    if node.ask == Ask.FIXED and required:
        return {}
    texts = {name: text_of(node, value)}
    kinds = empties(node, required=required)
    if len(kinds) > 1:
        held = "absent" if value is ABSENT else "null" if value is None else "empty" if value == "" else kinds[0]
        texts[name + Tail.EMPTY] = held if held in kinds else kinds[0]
    return texts


def empties(node: Node, *, required: bool) -> list[str]:
    """What may be meant by a field that is left empty, the likeliest first."""
    if node.ask not in (*TEXTS, Ask.INTEGER, Ask.NUMBER):
        return []
    found = ([] if required else ["absent"]) + (["null"] if node.nullable else [])
    may_be_empty = node.ask in (Ask.LINE, Ask.AREA) and (node.accepts("") or (required and not node.nullable))
    return found + (["empty"] if may_be_empty else [])


def text_of(node: Node, value: Any) -> str:
    """What stands in the field for a value; choices and JSON as JSON, so that every value can be told apart."""
    if value is ABSENT:
        return ""
    if node.ask in (Ask.CHOICE, Ask.FIXED, Ask.JSON):
        return as_json(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    return strict.canonical(value).decode()


def _fits(node: Node, value: Any) -> bool:
    """Whether the field can hold the value at all: a form shows what it was given, right or wrong."""
    if node.ask in (Ask.JSON, Ask.FIXED):
        return True
    if node.ask == Ask.CHOICE:
        return any(as_json(value) == as_json(choice) for choice in node.choices)
    if value is None:
        return node.nullable
    if node.ask in TEXTS:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


_GROUPED = {Ask.OBJECT: dict, Ask.LIST: list}


def _group(node: Node, value: Any, pointer: str, *, required: bool, whole: bool) -> dict[str, str]:
    name = key(pointer)
    if node.ask == Ask.VARIANTS:
        return _variant(node, value, pointer, required=required, whole=whole)
    optional = not required or node.nullable
    if value is None and node.nullable:
        return {name + Tail.SET: "null"}
    if value is ABSENT and optional:
        return {}
    if value is not ABSENT and not isinstance(value, _GROUPED[node.ask]):
        return {name: as_json(value)}
    texts = {name + Tail.SET: "1"} if optional or (pointer and node.ask == Ask.OBJECT) else {}
    inner = _rows if node.ask == Ask.LIST else _properties
    texts |= inner(node, [] if value is ABSENT and node.ask == Ask.LIST else value, pointer, whole=whole)
    if len(texts) > MOST_FIELDS or (isinstance(value, dict) and "" in value):
        return {name: as_json(value)}
    return texts


def _properties(node: Node, value: Any, pointer: str, *, whole: bool) -> dict[str, str]:
    held: Mapping[str, Any] = {} if value is ABSENT else value
    texts: dict[str, str] = {}
    known = node.names()
    for name in known:
        inner = child(pointer, name)
        texts |= fill(node.child(name), held.get(name, ABSENT), inner, required=name in node.required, whole=whole)
    for name in sorted(held.keys() - set(known)):
        inner, is_text = child(pointer, name), isinstance(held[name], str)
        texts |= fill(node.child(name, is_text=is_text), held[name], inner, required=False, whole=whole)
        texts[key(inner) + Tail.KIND] = "text" if is_text else "json"
    return texts


def _rows(node: Node, value: Any, pointer: str, *, whole: bool) -> dict[str, str]:
    texts = {key(pointer) + Tail.COUNT: str(len(value))}
    row = node.row()
    for number, held in enumerate(value):
        if len(texts) > MOST_FIELDS:
            break  # it will be JSON: no need to draw the rest
        inner = child(pointer, number)
        texts |= fill(row, held, inner, whole=whole)
        texts[key(inner) + Tail.WAS] = str(number)
    return texts


def _variant(node: Node, value: Any, pointer: str, *, required: bool, whole: bool) -> dict[str, str]:
    name = key(pointer) + Tail.AS
    if value is ABSENT:
        return {name: ""} if not required else {name: "0", **fill(node.variants[0], ABSENT, pointer)}
    if value is None and node.nullable:
        return {name: "null"}
    for number, variant in enumerate(node.variants):
        if variant.accepts(value):
            return {name: str(number), **fill(variant, value, pointer, whole=whole)}
    return {name: "json", **fill(raw(node), value, pointer)}


def raw(node: Node) -> Node:
    """The same place, asked for as JSON."""
    return Node(schema_nodes.Ask.JSON, node.root, node.schema, node.depth)
