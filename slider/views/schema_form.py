"""The form drawn from a JSON Schema, and what a person put into it, read back as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slider import strict
from slider.queries import shape
from slider.queries.shape import Kind, Part

PREFIX = "f."  # what the names of the form's fields start with: a property may be called anything


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a field's given values; `text` is what the form sends, the value's JSON."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the page draws it: `text` stands in it, `error` below it."""

    number: int  # its place in the form, 1 is first
    part: Part
    text: str
    choices: tuple[Choice, ...] = ()
    error: str = ""

    @property
    def key(self) -> str:
        return PREFIX + self.part.name

    @property
    def side_by_side(self) -> bool:
        return bool(self.choices) and len(self.choices) <= shape.FEW_CHOICES

    @property
    def widget(self) -> str:
        """The name of the piece in `templates/intake/_field.html` that draws it."""
        if self.choices:
            return "radios" if self.side_by_side else "select"
        if self.part.kind in (Kind.LONG, Kind.JSON):
            return "area"
        return "line"

    @property
    def type(self) -> str:
        return "date" if self.part.kind == Kind.DATE and (not self.text or _is_date(self.text)) else "text"

    @property
    def rows(self) -> int:
        lines = sum(1 + len(line) // 70 for line in self.text.split("\n"))
        return min(max(lines + 1, 3), 10)

    @property
    def mode(self) -> str:
        """Which keyboard a phone shows."""
        return {Kind.INTEGER: "numeric", Kind.NUMBER: "decimal"}.get(self.part.kind, "text")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the form held: a value, or errors by the name of the field."""

    value: Any
    errors: Mapping[str, str] = field(default_factory=dict)


def draw(
    schema: Mapping[str, Any],
    value: Any = None,
    *,
    first: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Field]:
    """The fields of a form that starts from `value`; what was `typed` goes before it, so that nothing is lost."""
    fields = []
    for number, part in enumerate(shape.parts(schema, value, first=first), start=1):
        text = _text(part, shape.held(value, part))
        text = text if typed is None else typed.get(PREFIX + part.name, "")
        fields.append(Field(number, part, text, _choices(part), (errors or {}).get(part.name, "")))
    return fields


def read(schema: Mapping[str, Any], typed: Mapping[str, str], *, before: Any = None) -> Reading:
    """The value that a filled-in form means.

    A field that was left as drawn keeps its value of `before` exactly. An empty field that isn't required is absent.
    Whether the value fits the schema is for whoever takes it to say.
    """
    value: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for part in shape.parts(schema, before):
        text = typed.get(PREFIX + part.name, "").replace("\r\n", "\n")
        old = shape.held(before, part)
        if old is not None and text == _text(part, old).replace("\r\n", "\n"):
            value[part.name] = old
            continue
        if text.strip() == "" and not (part.required and part.kind in (Kind.TEXT, Kind.LONG)):
            if part.required:
                errors[part.name] = "Give a value: this field is required."
            continue
        try:
            value[part.name] = _meant(part, text)
        except ValueError as error:
            errors[part.name] = str(error)
    return Reading(value[""] if "" in value and len(value) == 1 else value, errors)


def error_at(where: str, message: str) -> dict[str, str]:
    """A refusal at a JSON pointer as an error of the field that the pointer goes through; "" is the whole form."""
    name = where.split("/")[1].replace("~1", "/").replace("~0", "~") if where.startswith("/") else ""
    inner = "/".join(where.split("/")[2:])
    return {name: f"{message} (at {inner})" if inner else message}


def _meant(part: Part, text: str) -> Any:
    if part.choices or part.kind in (Kind.BOOLEAN, Kind.JSON):
        return _json(text)
    if part.kind in (Kind.INTEGER, Kind.NUMBER):
        return _number(text, whole=part.kind == Kind.INTEGER)
    return text.strip() if part.kind == Kind.DATE else text


def _json(text: str) -> Any:
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


def _text(part: Part, value: Any) -> str:
    """What stands in the field for a value; choices and JSON as JSON, so that every value can be told apart."""
    if value is None and not (part.choices and None in part.choices):
        return ""
    if part.choices or part.kind in (Kind.BOOLEAN,):
        return strict.canonical(value).decode()
    if part.kind == Kind.JSON or not isinstance(value, str):
        return strict.canonical(value).decode()
    return value


def _choices(part: Part) -> tuple[Choice, ...]:
    if part.kind == Kind.BOOLEAN:
        known: Sequence[Any] = (True, False)
    elif part.choices:
        known = part.choices
    else:
        return ()
    absent = () if part.required else (Choice("", "not given"),)
    return (
        tuple(Choice(strict.canonical(v).decode(), "none" if v is None else shape.as_text(v)) for v in known) + absent
    )


def _is_date(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit()
