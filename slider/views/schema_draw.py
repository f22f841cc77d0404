"""The fields of a schema form as a page draws them, from what stands in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from slider import strict
from slider.queries import shape
from slider.views import schema_fill, schema_read
from slider.views.schema_fill import ABSENT
from slider.views.schema_names import Tail, Typed, child, children, key
from slider.views.schema_nodes import TEXTS, Ask, Node


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a field's given values; `text` is what the form sends, the value's JSON."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the page draws it: `text` stands in it, `error` below it, `inner` are the fields that it holds."""

    number: int  # its place in the form
    pointer: str
    ask: Ask
    label: str
    required: bool
    widget: str  # the piece in `templates/intake/_field.html` that draws it
    text: str = ""
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    empties: tuple[Choice, ...] = ()  # what it may mean to be left empty, where that is more than one thing
    hidden: tuple[tuple[str, str], ...] = ()  # what the form says beside what a person types
    inner: tuple["Field", ...] = ()
    wishes: tuple[Choice, ...] = ()  # buttons that ask for another form
    error: str = ""
    has_focus: bool = False
    level: int = 0
    size: int = 0  # of a text that is kept out of the form

    @property
    def key(self) -> str:
        return key(self.pointer)

    @property
    def empty_key(self) -> str:
        return self.key + Tail.EMPTY

    @property
    def as_key(self) -> str:
        return self.key + Tail.AS

    @property
    def is_bulky(self) -> bool:
        """Whether it wants more room than a line; such fields stand below the others."""
        return self.widget not in ("line", "radios", "select")

    @property
    def type(self) -> str:
        return "date" if self.ask == Ask.DATE and (not self.text or _is_date(self.text)) else "text"

    @property
    def rows(self) -> int:
        lines = sum(1 + len(line) // 70 for line in self.text[:2000].split("\n"))
        return min(max(lines + 1, 3), 10)

    @property
    def mode(self) -> str:
        """Which keyboard a phone shows."""
        return {Ask.INTEGER: "numeric", Ask.NUMBER: "decimal"}.get(self.ask, "text")


def draw(node: Node, typed: Typed, *, value: Any = ABSENT, first: str = "") -> Field:
    """The whole form as one field; `value` is what the form was drawn from."""
    return _Drawer(typed, value, count(0), first).at(node, "", "", required=True)


@dataclass(frozen=True, slots=True)
class _Drawer:
    typed: Typed
    value: Any
    numbers: "count[int]"
    first: str

    def at(self, node: Node, pointer: str, name: str, *, required: bool, level: int = 0) -> Field:
        said: dict[str, Any] = {
            "number": next(self.numbers),
            "pointer": pointer,
            "label": node.title or name or "Answer",
            "required": required,
            "level": level,
            "hint": node.schema.get("description") if isinstance(node.schema.get("description"), str) else "",
        }
        if key(pointer) + Tail.KEEP in self.typed:
            return self._kept(said, pointer)
        if node.ask == Ask.VARIANTS:
            return self._variant(node, said, pointer)
        if node.ask in (Ask.OBJECT, Ask.LIST) and key(pointer) not in self.typed:
            return self._group(node, said, pointer)
        return self._scalar(node, said, pointer)

    # ---- groups
    def _group(self, node: Node, said: dict[str, Any], pointer: str) -> Field:
        optional = node.nullable or not said["required"]
        is_set = self.typed.get(key(pointer) + Tail.SET, "")
        if optional and is_set != "1":
            return self._unset(node, said, pointer, is_null=is_set == "null" and node.nullable)
        shown = not optional and node.ask == Ask.LIST
        hidden = () if shown or (not pointer and not optional) else ((key(pointer) + Tail.SET, "1"),)
        wishes = self._away(node, said, pointer)
        if node.ask == Ask.OBJECT:
            inner = tuple(self._properties(node, pointer, said["level"] + 1))
            return Field(**said, ask=node.ask, widget="group", inner=inner, hidden=hidden, wishes=wishes)
        rows = self._rows(node, pointer, said["level"] + 1)
        hidden = (*hidden, (key(pointer) + Tail.COUNT, str(len(rows))))
        said["hint"] = _joined(said["hint"], bounds(node))
        add = (Choice(f"add:{pointer}", "Add a row"),)
        return Field(**said, ask=node.ask, widget="list", inner=rows, hidden=hidden, wishes=(*add, *wishes))

    def _away(self, node: Node, said: dict[str, Any], pointer: str) -> tuple[Choice, ...]:
        found = (Choice(f"unset:{pointer}", "Take it away"),) if not said["required"] else ()
        return (*found, Choice(f"null:{pointer}", "Make it none")) if node.nullable else found

    def _unset(self, node: Node, said: dict[str, Any], pointer: str, *, is_null: bool) -> Field:
        wishes = [Choice(f"set:{pointer}", "Fill it in")]
        if is_null and not said["required"]:
            wishes.append(Choice(f"unset:{pointer}", "Take it away"))
        if not is_null and node.nullable:
            wishes.append(Choice(f"null:{pointer}", "Make it none"))
        hidden = ((key(pointer) + Tail.SET, "null"),) if is_null else ()
        text = "none" if is_null else "not set"
        return Field(**said, ask=node.ask, widget="unset", text=text, wishes=tuple(wishes), hidden=hidden)

    def _properties(self, node: Node, pointer: str, level: int) -> list[Field]:
        known = node.names(self.first if pointer == "" else "")
        found = [
            self.at(node.child(name), child(pointer, name), name, required=name in node.required, level=level)
            for name in known
        ]
        for name in children(self.typed, pointer):
            inner = child(pointer, name)
            kind = self.typed.get(key(inner) + Tail.KIND)
            if name not in known and kind is not None:
                one = self.at(node.child(name, is_text=kind == "text"), inner, name, required=False, level=level)
                found.append(_with_hidden(one, key(inner) + Tail.KIND, kind))
        if not pointer:
            return found  # the page puts them in its own order
        return sorted(found, key=lambda one: one.is_bulky)

    def _rows(self, node: Node, pointer: str, level: int) -> tuple[Field, ...]:
        many, row, found = schema_read.rows_of(self.typed, pointer), node.row(), []
        for number in range(many):
            inner = child(pointer, number)
            one = self.at(row, inner, "", required=True, level=level)
            one = replace(one, label=f"{row.title or 'Row'} {number + 1}")
            was = self.typed.get(key(inner) + Tail.WAS)
            one = _with_hidden(one, key(inner) + Tail.WAS, was) if was is not None else one
            moves = [Choice(f"up:{inner}", "Up")] if number else []
            moves += [Choice(f"down:{inner}", "Down")] if number < many - 1 else []
            moves.append(Choice(f"drop:{inner}", "Remove"))
            frame = Field(one.number, f"{inner}~row", node.ask, one.label, True, "row", level=level)
            found.append(replace(frame, inner=(one,), wishes=tuple(moves)))
        return tuple(found)

    def _variant(self, node: Node, said: dict[str, Any], pointer: str) -> Field:
        chosen = schema_read.as_of(node, self.typed, pointer)
        choices = [] if said["required"] and chosen else [Choice("", "choose one" if said["required"] else "not set")]
        choices += [Choice("null", "none")] if node.nullable else []
        choices += [Choice(str(number), words) for number, words in enumerate(variant_words(node))]
        choices += [Choice("json", "as JSON")]
        inner: tuple[Field, ...] = ()
        if chosen not in ("", "null"):
            one = schema_fill.raw(node) if chosen == "json" else node.variants[int(chosen)]
            label = next(choice.label for choice in choices if choice.text == chosen)
            held = self.at(one, pointer, label, required=True, level=said["level"] + 1)
            inner = held.inner if held.widget == "group" and not held.hint else (held,)
            inner = tuple(one for one in inner if one.widget != "fixed" or one.text != label)  # said already
        wish = (Choice(f"as:{pointer}", "Show its fields"),)
        told: dict[str, Any] = {"text": chosen, "choices": tuple(choices), "inner": inner, "wishes": wish}
        return Field(**said, ask=node.ask, widget="variant", **told)

    # ---- single fields
    def _kept(self, said: dict[str, Any], pointer: str) -> Field:
        try:
            held = strict.follow(self.value, pointer)
        except LookupError:
            held = ""
        size = len(held) if isinstance(held, str) else 0
        wishes = (Choice(f"whole:{pointer}", "Edit it here"),)
        hidden = ((key(pointer) + Tail.KEEP, "1"),)
        return Field(**said, ask=Ask.AREA, widget="kept", size=size, wishes=wishes, hidden=hidden)

    def _scalar(self, node: Node, said: dict[str, Any], pointer: str) -> Field:
        name = key(pointer)
        text = self.typed.get(name, "")
        if name + Tail.RAW in self.typed or node.ask in (Ask.OBJECT, Ask.LIST):
            hidden = ((name + Tail.RAW, "1"),) if name + Tail.RAW in self.typed else ()
            return Field(**said, ask=Ask.JSON, widget="area", text=text, hidden=hidden)
        choices = _choices(node, required=said["required"])
        if node.ask == Ask.FIXED and said["required"]:
            return Field(**said, ask=node.ask, widget="fixed", text=shape.as_text(node.choices[0]) or "none")
        said["hint"] = _joined(said["hint"], bounds(node))
        kinds = schema_fill.empties(node, required=said["required"])
        empties = tuple(Choice(kind, _EMPTY[kind]) for kind in kinds) if len(kinds) > 1 else ()
        chosen = self.typed.get(name + Tail.EMPTY, "")
        told: dict[str, Any] = {"text": text, "choices": choices, "empties": _chosen_first(empties, chosen)}
        return Field(**said, ask=node.ask, widget=_widget(node, text, choices), **told)


_EMPTY = {"absent": "not set", "null": "none", "empty": "an empty text"}


def _chosen_first(empties: tuple[Choice, ...], chosen: str) -> tuple[Choice, ...]:
    """The one that stands chosen, then the others: a list shows its first."""
    return tuple(sorted(empties, key=lambda one: one.text != chosen))


def _widget(node: Node, text: str, choices: Sequence[Choice]) -> str:
    if choices:
        return "radios" if len(choices) <= shape.FEW_CHOICES else "select"
    if node.ask in (Ask.AREA, Ask.JSON) or (node.ask in TEXTS and ("\n" in text or "\r" in text)):
        return "area"
    return "line"


def _choices(node: Node, *, required: bool) -> tuple[Choice, ...]:
    if node.ask not in (Ask.CHOICE, Ask.FIXED):
        return ()
    given = tuple(
        Choice(schema_fill.as_json(one), "none" if one is None else shape.as_text(one) or "an empty text")
        for one in node.choices
    )
    return given if required else (*given, Choice("", "not set"))


def variant_words(node: Node) -> list[str]:
    """What the schemas that one chooses among are called, each by what tells it from the others."""
    words = []
    for number, one in enumerate(node.variants, start=1):
        told = one.title or _told_by(one) or _KINDS.get(one.ask, "")
        words.append(told or f"form {number}")
    return [word if words.count(word) == 1 else f"{word} ({number})" for number, word in enumerate(words, start=1)]


_KINDS = {
    Ask.LINE: "text", Ask.AREA: "text", Ask.INTEGER: "whole number", Ask.NUMBER: "number", Ask.DATE: "date",
    Ask.MOMENT: "date and time", Ask.LIST: "list", Ask.OBJECT: "", Ask.CHOICE: "one of a list",
}  # fmt: skip


def _told_by(node: Node) -> str:
    """The constant that tells an object from its siblings, such as kind: "card"; else its first fields."""
    if node.ask == Ask.FIXED:
        return shape.as_text(node.choices[0])
    if node.ask != Ask.OBJECT:
        return ""
    for name in node.names():
        if (one := node.child(name)).ask == Ask.FIXED:
            return shape.as_text(one.choices[0])
    return "with " + ", ".join(node.names()[:2])


def bounds(node: Node) -> str:
    """What a value has to keep to, in words; nothing where that is anything."""
    schema, said = node.schema, []
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if node.ask in (Ask.INTEGER, Ask.NUMBER):
        said += [f"{_said(low)} to {_said(high)}"] if low is not None and high is not None else []
        said += [f"{_said(low)} or more"] if low is not None and high is None else []
        said += [f"{_said(high)} or less"] if high is not None and low is None else []
        said += [f"more than {_said(above)}"] if above is not None else []
        said += [f"less than {_said(below)}"] if below is not None else []
    if node.ask == Ask.LIST:
        few, many = schema.get("minItems"), schema.get("maxItems")
        said += [f"at least {few} {'row' if few == 1 else 'rows'}"] if few else []
        said += [f"at most {many} {'row' if many == 1 else 'rows'}"] if many is not None else []
    if node.ask == Ask.MOMENT:
        said.append("such as 2026-11-28 09:30, in UTC unless you write a zone such as +01:00")
    return ", ".join(said)


def _said(number: Any) -> str:
    return shape.as_text(number)


def _joined(*words: str) -> str:
    return " ".join(f"{one[:1].upper()}{one[1:].rstrip('.')}." for one in words if one)


def _with_hidden(one: Field, name: str, text: str) -> Field:
    return replace(one, hidden=(*one.hidden, (name, text)))


def _is_date(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit()
