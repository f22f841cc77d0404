"""Worked examples as people paste them: one JSON object a line, or the input, a tab, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slider import strict
from slider.schema import Schema

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What examples have to fit: the task's two schemas."""

    input: Schema
    output: Schema


class ExamplesError(ValueError):
    """Lines that are no examples; one message a line, at most ten."""

    def __init__(self, problems: list[str]) -> None:
        more = [f"… and {len(problems) - 10} more lines like these."] if len(problems) > 10 else []
        self.problems = problems[:10] + more
        super().__init__("; ".join(self.problems))


def read(text: str, shape: Shape) -> list[dict[str, Any]]:
    """The examples of a text, each checked against the task's schemas. Raises ExamplesError."""
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(_checked(_example(line, shape), shape))
        except ValueError as error:
            problems.append(f"Line {number}: {error}")
    if len(found) > MOST:
        problems.append(f"There are {len(found):,} examples; at most {MOST:,} are taken.")
    if problems:
        raise ExamplesError(problems)
    return found


def check(found: Sequence[Any], shape: Shape) -> list[dict[str, Any]]:
    """Examples that are JSON already, checked in the same way. Raises ExamplesError."""
    problems: list[str] = []
    for number, example in enumerate(found, start=1):
        try:
            _checked(example, shape)
        except ValueError as error:
            problems.append(f"Example {number}: {error}")
    if len(found) > MOST:
        problems.append(f"There are {len(found):,} examples; at most {MOST:,} are taken.")
    if problems:
        raise ExamplesError(problems)
    return list(found)


def write(examples: Sequence[Any]) -> str:
    """The text that `read` reads back."""
    return "\n".join(strict.canonical({"input": e["input"], "output": e["output"]}).decode() for e in examples)


def only_field(schema: Schema) -> str | None:
    """The one field that can be written without JSON: the only required one, or the only one."""
    fields = schema.document.get("properties")
    required = schema.document.get("required")
    if not isinstance(fields, dict):
        return None
    names = [str(n) for n in required] if isinstance(required, list) and len(required) == 1 else list(fields)
    return names[0] if len(names) == 1 else None


def _example(line: str, shape: Shape) -> Any:
    if line.lstrip().startswith("{"):
        try:
            return strict.loads(line)
        except strict.StrictError as error:
            raise ValueError(str(error)) from None
    before, tab, after = line.partition("\t")
    if not tab:
        raise ValueError('this is neither {"input": …, "output": …} nor an input, a tab and an answer')
    return {"input": _plain(before, shape.input, "input"), "output": _plain(after, shape.output, "answer")}


def _plain(text: str, schema: Schema, what: str) -> Any:
    field = only_field(schema)
    if field is None:
        raise ValueError(f"the {what} of this task has several fields: write the example as JSON")
    return {field: text.strip()}


def _checked(example: Any, shape: Shape) -> dict[str, Any]:
    if not isinstance(example, dict) or set(example) != {"input", "output"}:
        raise ValueError('an example has "input" and "output", and nothing else')
    for name, schema in (("input", shape.input), ("output", shape.output)):
        if problems := schema.problems(example[name], most=1):
            raise ValueError(f"{name}{problems[0].where}: {problems[0].message}")
    return example
