"""The form in which a person says what each column of a file becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slider.models import Import
from slider.rows import ColumnMap, Unmapped
from slider.rows.columns import is_closed, properties_of

SHOWN_COLUMNS = 100
OUT, FREE = "-", "+"
BESIDE = {"@external_id": "the id", "@priority": "the priority", "@due_at": "when its result is due"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a column may become."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One column in the form; `called` is the name of a further field, where the task's schema is open for them."""

    number: int
    name: str
    kind: str
    filled: int
    examples: list[str]
    choices: list[Choice]
    called: str
    error: str = ""

    @property
    def is_out(self) -> bool:
        return any(choice.is_chosen and choice.value == OUT for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Form:
    """All columns, those that are too many to show, and what is wrong with the whole.

    `missing` are fields that every item needs and no column becomes yet: each row would be refused.
    """

    lines: list[Line]
    further: int
    is_open: bool
    error: str = ""
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Said:
    """What was sent: the mapping as far as it is one, and what is wrong, by column."""

    mapping: ColumnMap
    errors: dict[str, str] = field(default_factory=dict)
    clashing: dict[str, str] = field(default_factory=dict)  # what was chosen for columns that can't be it
    error: str = ""

    @property
    def is_good(self) -> bool:
        return not self.errors and not self.error


def read(held: Import, sent: Mapping[str, str]) -> Said:
    """What a person said of the columns. Those that were not shown stay as they are."""
    fields: dict[str, str] = {}
    beside: dict[str, str] = {}
    errors: dict[str, str] = {}
    clashing: dict[str, str] = {}
    stored = ColumnMap.from_json(held.mapping).targets
    for number, column in enumerate(held.columns or []):
        name = column["name"]
        target = _target(sent, number) if number < SHOWN_COLUMNS else stored.get(name, "")
        if target == "=":
            errors[name] = "say what the field is called, or leave the column out"
            clashing[name] = target
        if len(target) < 2:
            continue
        where = beside if target in BESIDE else fields
        if target[1:] in where:
            clashing[name] = target
            errors[name] = f"“{where[target[1:]]}” becomes this already: choose something else for one of them"
        elif target in BESIDE or target.startswith("="):
            where[target[1:]] = name
    said = Said(ColumnMap(fields, **beside), errors, clashing)
    try:
        if not errors:
            said.mapping.check([column["name"] for column in held.columns or []], held.task.input_schema)
    except Unmapped as error:
        words = str(error)
        said.error = f"{words[:1].upper()}{words[1:]}."
    return said


def _target(sent: Mapping[str, str], number: int) -> str:
    chosen = sent.get(f"c{number}", OUT)
    if chosen == FREE:
        return "=" + sent.get(f"n{number}", "").strip()[:200].replace("\x00", "")
    return chosen.replace("\x00", "")


def draw(held: Import, said: Said) -> Form:
    """The form as it stands, with what is wrong at its place."""
    schema = held.task.input_schema
    targets, known = said.mapping.targets | said.clashing, _known(schema)
    is_open = not is_closed(schema)
    columns = held.columns or []
    lines = [
        _line(number, column, targets.get(column["name"], ""), known, said.errors, is_open=is_open)
        for number, column in enumerate(columns[:SHOWN_COLUMNS])
    ]
    missing = tuple(name for name in schema.get("required", ()) if f"={name}" not in targets.values())
    return Form(lines, max(0, len(columns) - SHOWN_COLUMNS), is_open, said.error, missing)


def _known(schema: Mapping[str, Any]) -> dict[str, str]:
    """The task's fields by value, with the words of each; those that every item needs go first."""
    needed = schema.get("required", ())
    names = sorted(properties_of(schema), key=lambda name: name not in needed)
    return {f"={name}": f"{name}{' (every item needs it)' if name in needed else ''}" for name in names}


def _line(
    number: int,
    column: Mapping[str, Any],
    target: str,
    known: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    is_open: bool,
) -> Line:
    is_further = target.startswith("=") and target not in known
    offered = {OUT: "left out"} | dict(known) | ({FREE: "a further field, called"} if is_open else {}) | BESIDE
    value = FREE if is_further else target or OUT
    choices = [Choice(key, label, key == value) for key, label in offered.items()]
    error = errors.get(column["name"], "")
    called = target[1:] if is_further else column["name"].removeprefix("input.")
    return Line(number, column["name"], column["kind"], column["filled"], column["examples"], choices, called, error)
