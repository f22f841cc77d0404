"""A form that gets another shape: a row more, one less, one moved; what was typed stays."""

from typing import Any

from slider import strict
from slider.views import schema_fill, schema_names, schema_read
from slider.views.schema_fill import ABSENT
from slider.views.schema_names import Tail, Typed, child, key, under
from slider.views.schema_nodes import Ask, Node


def reshape(node: Node, typed: Typed, wish: str, *, before: Any) -> tuple[dict[str, str], str]:
    """The form after a wish such as `add:/rows` or `up:/rows/2`, and the pointer of what to go on with.

    A wish that says nothing, or speaks of what is not there, changes nothing.
    """
    verb, _, pointer = wish.partition(":")
    texts = dict(typed)
    place = _find(node, typed, pointer)
    if place is None:
        return texts, ""
    asked, required = place
    if verb == "as" and asked.ask == Ask.VARIANTS:
        return _become(asked, texts, pointer), pointer
    here = _chosen(asked, typed, pointer)
    if verb in ("set", "unset", "null") and here.ask in (Ask.OBJECT, Ask.LIST):
        return _set(here, texts, pointer, verb, required=required), pointer
    if verb == "add" and here.ask == Ask.LIST:
        return _add(here, texts, pointer)
    if verb == "whole":
        return _whole(texts, pointer, before), pointer
    above, _, step = pointer.rpartition("/")
    around = _find(node, typed, above) if pointer else None
    if around is None or _chosen(around[0], typed, above).ask != Ask.LIST or not step.isdigit():
        return texts, ""
    return _moved(texts, above, int(step), verb)


def _find(node: Node, typed: Typed, pointer: str) -> tuple[Node, bool] | None:
    """The node at a pointer, and whether it has to have a value; None where the form has none."""
    here, required, at = node, True, ""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        here = _chosen(here, typed, at)
        if here.ask == Ask.OBJECT:
            kind = typed.get(key(child(at, name)) + Tail.KIND)
            here, required = here.child(name, is_text=kind == "text"), name in here.required
        elif here.ask == Ask.LIST and name.isascii() and name.isdigit() and len(name) < 5:
            here, required = here.row(), True
        else:
            return None
        at = child(at, name)
    return here, required


def _chosen(node: Node, typed: Typed, pointer: str) -> Node:
    chosen = schema_read.as_of(node, typed, pointer) if node.ask == Ask.VARIANTS else ""
    return node.variants[int(chosen)] if chosen.isdigit() else node


def _without(texts: Typed, pointer: str, *, keep: tuple[str, ...] = ()) -> dict[str, str]:
    found = under(pointer)
    return {name: text for name, text in texts.items() if name in keep or not found.match(name)}


_KEPT = (Tail.WAS, Tail.KIND)


def _set(node: Node, texts: dict[str, str], pointer: str, verb: str, *, required: bool) -> dict[str, str]:
    name = key(pointer)
    if verb == "set" and texts.get(name + Tail.SET) == "1":
        return texts
    rest = _without(texts, pointer, keep=tuple(name + tail for tail in _KEPT))
    if verb == "null":
        return rest | {name + Tail.SET: "null"}
    if verb == "unset":
        return rest
    return rest | schema_fill.fill(node, {} if node.ask == Ask.OBJECT else [], pointer, required=required)


def _add(node: Node, texts: dict[str, str], pointer: str) -> tuple[dict[str, str], str]:
    many = schema_read.rows_of(texts, pointer)
    inner = child(pointer, many)
    if many >= schema_read.MOST_ROWS or len(texts) >= schema_fill.MOST_FIELDS + 100:
        return texts, pointer
    fresh = _without(texts, inner) | schema_fill.fill(node.row(), ABSENT, inner)
    return fresh | {key(pointer) + Tail.COUNT: str(many + 1)}, inner


def _become(node: Node, texts: dict[str, str], pointer: str) -> dict[str, str]:
    """Another variant: its fields, with what is typed for those of the same name."""
    chosen = schema_read.as_of(node, texts, pointer)
    if not chosen.isdigit():
        return texts
    fresh = schema_fill.fill(node.variants[int(chosen)], ABSENT, pointer)
    is_group = node.variants[int(chosen)].ask in (Ask.OBJECT, Ask.LIST)
    return fresh | {name: text for name, text in texts.items() if not (is_group and name == key(pointer))}


def _whole(texts: dict[str, str], pointer: str, before: Any) -> dict[str, str]:
    try:
        held = strict.follow(before, pointer)
    except LookupError:
        return texts
    name = key(pointer)
    if name + Tail.KEEP not in texts or not isinstance(held, str):
        return texts
    return {other: text for other, text in texts.items() if other != name + Tail.KEEP} | {name: held}


def _moved(texts: dict[str, str], pointer: str, step: int, verb: str) -> tuple[dict[str, str], str]:
    many = schema_read.rows_of(texts, pointer)
    order = list(range(many))
    other = {"up": step - 1, "down": step + 1}.get(verb)
    if step >= many or (other is None and verb != "drop"):
        return texts, ""
    if other is None:
        del order[step]
        to = max(min(step, many - 2), 0)
    elif 0 <= other < many:
        order[step], order[other] = order[other], order[step]
        to = other
    else:
        return texts, ""
    return _reordered(texts, pointer, order), child(pointer, to) if order else pointer


def _reordered(texts: Typed, pointer: str, order: list[int]) -> dict[str, str]:
    """The rows of a list in another order; `order` names those that stay."""
    many = schema_read.rows_of(texts, pointer)
    found = dict(texts)
    for number in range(many):
        found = _without(found, child(pointer, number))
    for to, number in enumerate(order):
        old, new = key(child(pointer, number)), key(child(pointer, to))
        rows = schema_names.under(child(pointer, number))
        found |= {new + name[len(old) :]: text for name, text in texts.items() if rows.match(name)}
    return found | {key(pointer) + Tail.COUNT: str(len(order))}
