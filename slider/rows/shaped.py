"""The columns of a file that goes out: what came in, what is told beside it, and which kind each is of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from slider.rows import columns

MOST_COLUMNS = 200  # of one schema's fields; what is beyond stands with what no schema names
INPUT, ANSWER = "input.", "answer."
REST = "*"


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name, and string, integer, number, boolean, moment or json."""

    name: str
    kind: str


LEAD = (Field("external_id", "string"), Field("priority", "integer"), Field("due_at", "moment"))
PARTS: Mapping[str, tuple[Field, ...]] = {
    "state": (
        Field("item", "integer"),
        Field("state", "string"),
        Field("created_at", "moment"),
        Field("finished_at", "moment"),
        Field("deleted", "string"),  # why its contents are gone
    ),
    "decision": (
        Field("lane", "string"),
        Field("p_correct", "number"),
        Field("why", "string"),
        Field("policy", "integer"),
    ),
    "result": (Field("result_number", "integer"), Field("ending", "string"), Field("reason", "string")),
    "verdict": (Field("verdict", "string"), Field("right_for_wrong_reason", "boolean"), Field("note", "string")),
    "marks": (Field("marks", "json"),),
    "attempts": (Field("attempts", "json"),),
    "looks": (Field("looks", "json"),),
}
USUAL = ("state", "decision", "result", "verdict", "marks")


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one file. Fixed when it begins: a schema may change while it is made."""

    parts: tuple[str, ...]
    inputs: tuple[Field, ...]
    answers: tuple[Field, ...]  # empty without the part `result`

    @classmethod
    def of(cls, input_schema: Any, output_schema: Any, *, parts: Iterable[str]) -> Self:
        """The shape for a task with these schemas; `parts` in whatever order."""
        wanted = frozenset(parts)
        kept = tuple(name for name in PARTS if name in wanted)
        return cls(kept, fields_of(input_schema), fields_of(output_schema) if "result" in kept else ())

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        pairs = {name: [[one.name, one.kind] for one in getattr(self, name)] for name in ("inputs", "answers")}
        return {"parts": list(self.parts), **pairs}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The same again."""
        inputs, answers = (tuple(Field(*pair) for pair in stored[name]) for name in ("inputs", "answers"))
        return cls(tuple(stored["parts"]), inputs, answers)

    @property
    def told(self) -> tuple[Field, ...]:
        """The columns of its parts, without those of the answer."""
        return tuple(field for part in self.parts for field in PARTS[part])

    @property
    def has_answer(self) -> bool:
        return "result" in self.parts

    @property
    def header(self) -> list[str]:
        """The names of all columns, in their order; no two are equal."""
        inputs = [INPUT + one.name for one in self.inputs]
        answers = [*(ANSWER + one.name for one in self.answers), ANSWER + REST] if self.has_answer else []
        return [*(one.name for one in LEAD), *inputs, INPUT + REST, *(one.name for one in self.told), *answers]


def fields_of(schema: Any) -> tuple[Field, ...]:
    """The fields that a schema names, as many as get a column of their own, with the kind that a reader takes."""
    if not isinstance(schema, Mapping):
        return ()
    properties = columns.properties_of(schema)
    names = [name for name in properties if name not in ("", REST)][:MOST_COLUMNS]
    return tuple(Field(name, columns._kind(properties[name], schema)) for name in names)


def apart(value: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """What of an object has no column of its own."""
    known = {one.name for one in fields}
    return {name: child for name, child in value.items() if name not in known}
