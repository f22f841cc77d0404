"""JSON Lines: one object a line, either the item itself or a wrapper that names its id and its input."""

from collections.abc import Iterator, Mapping
from typing import Any

from slider import strict
from slider.rows import columns
from slider.rows.records import MOST_LINE_BYTES, Bad, Line, Record

# `outcome` is what an export says about an item; an import leaves it aside, so that an export can be brought in.
WRAPPER = frozenset({"external_id", "id", "priority", "due_at", "input", "outcome"})
_LIMITS = strict.Limits(max_bytes=MOST_LINE_BYTES)


def record(line: Line, schema: Mapping[str, Any], targets: Mapping[str, str] | None = None) -> Record | Bad:
    """One line as an item, or why it can't be. `targets` are those of a `ColumnMap`; without them keys are fields."""
    value = parsed(line)
    if isinstance(value, Bad):
        return value
    if targets is not None:
        return _mapped(line, keys(value, schema), targets)
    properties = columns.properties_of(schema)
    if isinstance(value.get("input"), dict) and "input" not in properties and value.keys() <= WRAPPER:
        named: Mapping[str, Any] = value
        body = value["input"]
    else:
        named = {
            key: value[key]
            for key in (*columns.ID_NAMES, "priority", "due_at")
            if key in value and key not in properties
        }
        left_out = _taken(named) | (value.keys() - properties.keys() if columns.is_closed(schema) else set())
        body = {key: child for key, child in value.items() if key not in left_out}
    return _named(line, named, body)


def parsed(line: Line) -> dict[str, Any] | Bad:
    """A line's object, or why it has none."""
    if line.cut:
        return Bad(line.number, f"the line is longer than {MOST_LINE_BYTES:,} bytes")
    try:
        value = strict.loads(line.text, limits=_LIMITS)
    except strict.StrictError as error:
        return Bad(line.number, f"{error.message} ({error.where})" if error.where else error.message)
    if not isinstance(value, dict):
        return Bad(line.number, f"the line holds a {type(value).__name__}: it must be one JSON object")
    return value


def keys(value: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A line's keys as columns; those inside of `input` as `input.name`, where the line is written as exports are."""
    inside = value.get("input")
    if not isinstance(inside, dict) or "input" in columns.properties_of(schema) or not value.keys() <= WRAPPER:
        return dict(value)
    beside = {name: child for name, child in value.items() if name not in ("input", "outcome")}
    return beside | {f"input.{name}": child for name, child in inside.items()}


def _mapped(line: Line, found: Mapping[str, Any], targets: Mapping[str, str]) -> Record | Bad:
    body = {target[1:]: found[name] for name, target in targets.items() if name in found and target.startswith("=")}
    beside = {target[1:]: name for name, target in targets.items() if target.startswith("@")}
    row = _named(line, {called: found[name] for called, name in beside.items() if name in found}, body)
    if isinstance(row, Bad) and row.column in beside:
        return Bad(row.line, row.reason, beside[row.column])
    return row


def blank(line: Line) -> bool:
    """Whether a line holds nothing, and is no row."""
    return not line.cut and not line.text.strip()


def _taken(named: Mapping[str, Any]) -> set[str]:
    identifier = next((name for name in columns.ID_NAMES if name in named), "")
    return {identifier, "priority", "due_at"} & named.keys()


def _named(line: Line, named: Mapping[str, Any], body: Any) -> Record | Bad:
    identifier = next((name for name in columns.ID_NAMES if named.get(name) is not None), "")
    external_id = named[identifier] if identifier else None
    if isinstance(external_id, int) and not isinstance(external_id, bool):
        external_id = str(external_id)
    if external_id is not None and not isinstance(external_id, str):
        return Bad(line.number, "the id must be text or a whole number", column=identifier)
    priority = named.get("priority", 0)
    if type(priority) is not int or not columns.PRIORITY_LEAST <= priority <= columns.PRIORITY_MOST:
        reach = f"{columns.PRIORITY_LEAST} to {columns.PRIORITY_MOST}"
        return Bad(line.number, f"the priority must be a whole number from {reach}", column="priority")
    due_at = named.get("due_at")
    try:
        due = columns.moment(due_at) if isinstance(due_at, str) else None
        if due_at is not None and due is None:
            raise columns.Unreadable("due_at must be a text, such as 2026-03-01T12:00:00Z")
    except columns.Unreadable as error:
        return Bad(line.number, str(error), column="due_at")
    return Record(line.number, body, external_id, priority, len(line.text), due)


def rows(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines that are rows."""
    return (line for line in lines if not blank(line))
