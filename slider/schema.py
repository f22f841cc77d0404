"""JSON Schemas that people write: compiled without network or files, their patterns run in linear time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import jsonschema_rs

from slider import strict
from slider.strict import JSON

LIMITS = strict.Limits(max_bytes=256 * 1024, depth=48, nodes=20_000)
LONGEST_PATTERN = 200
_LONGEST_MESSAGE = 300
# The linear engine of Rust: no look-around and no back-references, so no pattern can take exponential time.
# The sizes bound what a counted repetition such as (a{1000}){1000} may compile to.
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000, dfa_size_limit=1_000_000)
_COMBINING = ("allOf", "anyOf", "oneOf", "not", "if", "$ref", "$dynamicRef", "$recursiveRef")


class SchemaError(ValueError):
    """A schema that is refused: `message` says what is wrong, `where` is a JSON pointer into the schema."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{message} (at {where})" if where else message)
        self.message = message
        self.where = where


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a value breaks its schema; `where` is a JSON pointer into the value."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled JSON Schema. Make it with `Schema.compile`; it never changes, and threads may share it."""

    document: dict[str, JSON]
    labels: Mapping[str, tuple[str, ...]] = field(repr=False, compare=False)
    """The allowed texts of each top-level field with a closed list; "" names an answer that is no object."""
    _validator: jsonschema_rs.Validator = field(repr=False, compare=False)

    @classmethod
    def compile(cls, document: JSON) -> "Schema":
        """Compile a schema document, or raise `SchemaError` with words for the person who wrote it."""
        if not isinstance(document, dict):
            raise SchemaError('a schema is a JSON object, such as {"type": "object"}')
        try:
            strict.check(document, limits=LIMITS)
            size = len(strict.canonical(document))
        except strict.StrictError as error:
            raise SchemaError(error.message, error.where) from None
        if size > LIMITS.max_bytes:
            raise SchemaError(f"the schema has {size:,} bytes, at most {LIMITS.max_bytes:,} are taken: shorten it")
        _refuse_long_patterns(document, ())
        return cls(document, _labels(document), _compiled(document))

    def accepts(self, value: JSON) -> bool:
        """Whether the value fits; faster than asking for its problems."""
        return self._validator.is_valid(value)

    def problems(self, value: JSON, *, most: int = 20) -> list[Problem]:
        """What is wrong with a value, at most `most` problems; empty when it fits."""
        if self._validator.is_valid(value):
            return []
        found: list[Problem] = []
        for error in self._validator.iter_errors(value):
            found.append(Problem(strict.pointer(*error.instance_path), _shortened(error.message)))
            if len(found) == most:
                break
        return found


def _compiled(document: dict[str, JSON]) -> jsonschema_rs.Validator:
    try:
        validator = jsonschema_rs.validator_for(
            document,
            pattern_options=_LINEAR,
            offline=True,
            validate_formats=True,
            ignore_unknown_formats=True,
        )
        if _is_impossible(document):
            raise SchemaError("no value can ever fit this schema: two of its rules contradict each other")
    except jsonschema_rs.ValidationError as error:
        raise SchemaError(_in_words(error), strict.pointer(*error.instance_path)) from None
    return validator


def _is_impossible(document: dict[str, JSON]) -> bool:
    """Whether a plain schema contradicts itself. Combined schemas are not asked: telling may take for ever."""
    if any(f'"{keyword}":' in strict.canonical(document).decode() for keyword in _COMBINING):
        return False
    possible = jsonschema_rs.canonicalize(document, pattern_options=_LINEAR, offline=True).satisfiability()
    return possible == jsonschema_rs.canonical.Satisfiability.NO


def _labels(document: dict[str, JSON]) -> dict[str, tuple[str, ...]]:
    properties = document.get("properties")
    named = {"": document, **properties} if isinstance(properties, dict) else {"": document}
    labels = {}
    for name, node in named.items():
        listed = node.get("enum") if isinstance(node, dict) else None
        if isinstance(listed, list):
            labels[name] = tuple(label for label in listed if isinstance(label, str))
    return labels


def _in_words(error: jsonschema_rs.ValidationError) -> str:
    if error.message.startswith("Unknown meta-schema"):
        return 'the "$schema" is not one of the public drafts: name https://json-schema.org/draft/2020-12/schema'
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return f"a $ref must point into this schema, such as #/$defs/name: {_shortened(error.message)}"
    if error.instance_path and error.instance_path[-1] == "pattern":
        return (
            f"the pattern {strict.shown(str(error.instance))} can't be used: write a plain regular "
            "expression without look-around or back-references, with small repeat counts"
        )
    return f"this is not a JSON Schema: {_shortened(error.message)}"


def _refuse_long_patterns(node: JSON, path: tuple[str | int, ...]) -> None:
    if isinstance(node, dict):
        pattern, patterned = node.get("pattern"), node.get("patternProperties")
        if isinstance(pattern, str):
            _refuse_long_pattern(pattern, (*path, "pattern"))
        if isinstance(patterned, dict):
            for key in patterned:
                _refuse_long_pattern(key, (*path, "patternProperties"))
        for key, child in node.items():
            _refuse_long_patterns(child, (*path, key))
    elif isinstance(node, list):
        for position, child in enumerate(node):
            _refuse_long_patterns(child, (*path, position))


def _refuse_long_pattern(pattern: str, path: tuple[str | int, ...]) -> None:
    if len(pattern) > LONGEST_PATTERN:
        message = f"the pattern has {len(pattern)} characters, at most {LONGEST_PATTERN} are taken: shorten it"
        raise SchemaError(message, strict.pointer(*path))


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "..."
