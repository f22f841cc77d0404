"""What a filled-in schema form means: the value, and what can't be read, each at its JSON pointer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slider import strict
from slider.views import schema_fill
from slider.views.schema_fill import ABSENT
from slider.views.schema_names import Tail, Typed, child, children, is_below, key
from slider.views.schema_nodes import TEXTS, Ask, Node

MOST_ROWS = 500
_NEEDED = "Give a value: this field is required."
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the form held: a value, or errors by their pointers."""

    value: Any
    errors: Mapping[str, str] = field(default_factory=dict)


def read(node: Node, typed: Typed, *, before: Any = ABSENT) -> Reading:
    """The value that a form means. What was left as drawn keeps its value of `before` exactly.

    Whether the value fits the schema is for whoever takes it to say.
    """
    reader = _Reader(typed, {})
    value = reader.at(node, "", before, required=True)
    return Reading(None if value is ABSENT else value, reader.errors)


def rows_of(typed: Typed, pointer: str) -> int:
    """How many rows a form has for a list."""
    count = typed.get(key(pointer) + Tail.COUNT, "0")
    return min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() and len(count) < 7 else 0


def as_of(node: Node, typed: Typed, pointer: str) -> str:
    """Which variant is chosen: its number, "json", "null", or nothing."""
    said = typed.get(key(pointer) + Tail.AS, "")
    numbers = [str(number) for number in range(len(node.variants))]
    return said if said in ("json", "null", *numbers) else ""


def one_line_end(text: str) -> str:
    """Line ends as they are stored: browsers send others than they were given."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class _Reader:
    typed: Typed
    errors: dict[str, str]

    def at(self, node: Node, pointer: str, before: Any, *, required: bool) -> Any:
        """The value at a pointer; ABSENT where there is none, and then with an error if there has to be."""
        value = self._value(node, pointer, before, required=required)
        if value is ABSENT and required and pointer not in self.errors:
            self.errors[pointer] = _NEEDED
        return value

    def _value(self, node: Node, pointer: str, before: Any, *, required: bool) -> Any:
        if key(pointer) + Tail.KEEP in self.typed and before is not ABSENT:
            return before
        if node.ask == Ask.VARIANTS:
            return self._variant(node, pointer, before, required=required)
        if node.ask in (Ask.OBJECT, Ask.LIST) and key(pointer) not in self.typed:
            return self._group(node, pointer, before, required=required)
        return self._scalar(node, pointer, before, required=required)

    def _group(self, node: Node, pointer: str, before: Any, *, required: bool) -> Any:
        if node.nullable or not required:
            said = self.typed.get(key(pointer) + Tail.SET, "")
            if said == "null" and node.nullable:
                return None
            if said != "1":
                return ABSENT
        elif pointer and not is_below(self.typed, pointer):
            return ABSENT
        return self._rows(node, pointer, before) if node.ask == Ask.LIST else self._properties(node, pointer, before)

    def _rows(self, node: Node, pointer: str, before: Any) -> Any:
        old, row, found = before if isinstance(before, list) else [], node.row(), []
        for number in range(rows_of(self.typed, pointer)):
            inner = child(pointer, number)
            was = self.typed.get(key(inner) + Tail.WAS, "")
            place = int(was) if was.isascii() and was.isdigit() and len(was) < 7 else len(old)
            found.append(self.at(row, inner, old[place] if place < len(old) else ABSENT, required=True))
        return [None if value is ABSENT else value for value in found]

    def _properties(self, node: Node, pointer: str, before: Any) -> Any:
        old = before if isinstance(before, dict) else {}
        known, value = node.names(), {}
        # Without a kind it is no property of its own: it was typed for another of several schemas.
        typed = [name for name in children(self.typed, pointer) if name not in known]
        more = [name for name in typed if key(child(pointer, name)) + Tail.KIND in self.typed]
        for name in (*known, *more):
            inner, was = child(pointer, name), old.get(name, ABSENT)
            kind = self.typed.get(key(inner) + Tail.KIND)
            one = node.child(name, is_text=kind == "text")
            held = self.at(one, inner, was, required=name in known and name in node.required)
            if held is not ABSENT:
                value[name] = held
        return value

    def _variant(self, node: Node, pointer: str, before: Any, *, required: bool) -> Any:
        said = as_of(node, self.typed, pointer)
        if said == "null":
            return None if node.nullable else ABSENT
        if said == "":
            return self._scalar(schema_fill.raw(node), pointer, before, required=required)
        chosen = schema_fill.raw(node) if said == "json" else node.variants[int(said)]
        return self.at(chosen, pointer, before, required=True)

    def _scalar(self, node: Node, pointer: str, before: Any, *, required: bool) -> Any:
        name = key(pointer)
        text = one_line_end(self.typed.get(name, ""))
        if node.ask == Ask.FIXED and required and name not in self.typed:
            return node.choices[0]
        if before is not ABSENT and self._is_untouched(node, pointer, before, text):
            return before
        is_text = node.ask in TEXTS
        if text == "" or (not is_text and text.strip() == ""):
            return self._empty(node, pointer, required=required)
        try:
            return _raw(text) if name + Tail.RAW in self.typed else meant(node, text)
        except ValueError as error:
            self.errors[pointer] = str(error)
            return ABSENT

    def _is_untouched(self, node: Node, pointer: str, before: Any, text: str) -> bool:
        name = key(pointer)
        if name + Tail.RAW in self.typed or node.ask in (Ask.OBJECT, Ask.LIST):
            return text == schema_fill.as_json(before)
        if text == "" and (before is None or before == ""):
            return self.typed.get(name + Tail.EMPTY, "absent") == ("null" if before is None else "empty")
        return text != "" and text == one_line_end(schema_fill.text_of(node, before))

    def _empty(self, node: Node, pointer: str, *, required: bool) -> Any:
        kinds = schema_fill.empties(node, required=required)
        said = self.typed.get(key(pointer) + Tail.EMPTY, "")
        means = said if said in kinds else (kinds or ["absent"])[0]
        return {"absent": ABSENT, "null": None, "empty": ""}[means]


def meant(node: Node, text: str) -> Any:
    """What a text that isn't empty means at a place; raises ValueError with words for a person."""
    if node.ask in (Ask.CHOICE, Ask.FIXED, Ask.JSON, Ask.OBJECT, Ask.LIST):
        return _raw(text)
    if node.ask in (Ask.INTEGER, Ask.NUMBER):
        return _number(text, whole=node.ask == Ask.INTEGER)
    if node.ask == Ask.DATE:
        return text.strip()
    return _moment(text.strip()) if node.ask == Ask.MOMENT else text


def _moment(text: str) -> str:
    """A moment as the format asks for it: one without a zone is in UTC."""
    found = _MOMENT.fullmatch(text)
    if found is None or found.group(4):
        return text
    day, minute, second, _ = found.groups()
    return f"{day}T{minute}{second or ':00'}Z"


def _raw(text: str) -> Any:
    try:
        return strict.loads(text)
    except strict.StrictError as error:
        words = str(error)
        raise ValueError(f"{words[:1].upper()}{words[1:]}") from None


def _number(text: str, *, whole: bool) -> int | float:
    wanted = "a whole number, such as 12" if whole else "a number, such as 12.5"
    try:
        value = strict.loads(text.strip())
    except strict.StrictError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value != int(value)):
        raise ValueError(f"{strict.shown(text)} is no number here: give {wanted}.")
    return int(value) if whole else value
