"""Plans an answer: for each value that the schema asks for, how it will be found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from slider.llm.standin import plans, schemas
from slider.llm.standin.features import words
from slider.llm.standin.learner import Learner, Lesson
from slider.llm.standin.plans import Plan
from slider.llm.standin.reading import Hint, Reading, label_key
from slider.llm.standin.schemas import Schema
from slider.llm.standin.thoughts import Choice, Stated
from slider.llm.standin.tokens import written

_MOST_ITEMS: Final = 100
_LONGEST_TEXT: Final = 400
_FORM_KEYS: Final = ("answer", "confidence")


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the answers that one prompt asks for."""

    reading: Reading
    root: Schema

    def plan(self, schema: object, path: tuple[str, ...] = (), depth: int = 0) -> Plan:
        """The plan for the value at ``path``; ``schema`` is the part of the schema that stands for it."""
        if depth > schemas.DEEPEST:
            raise schemas.SchemaError(
                f"The schema is nested more than {schemas.DEEPEST} levels deep at /{'/'.join(path)}."
            )
        node = schemas.resolved(schema, root=self.root, path=path)
        if "const" in node:
            return plans.Fixed(Choice((node["const"],), (1.0,)))
        listed = schemas.listed(node)
        if listed is not None:
            return self._labels(listed, path, described=node)
        kinds = schemas.kinds(node)
        match kinds[0]:
            case "boolean":
                return self._labels((True, False), path, described=node)
            case "object":
                return self._fields(node, path, depth)
            case "array":
                return self._array(node, path, depth)
            case "number" | "integer":
                return _numbers(node, path, kinds)
            case "null":
                return plans.Fixed(Choice((None,), (1.0,)))
            case _:
                return self._texts(node, path, optional="null" in kinds)

    def plan_text(self) -> Plan | None:
        """The plan for an answer in plain text: one of the examples' answers or one of the labels described."""
        seen = [example.output for example in self.reading.examples]
        answers = list(dict.fromkeys(answer for answer in seen if isinstance(answer, str)))
        if not answers and not self.reading.examples:
            answers = [hint.name for hint in self.reading.hints.values() if len(hint.name.split()) <= 4]
        return self._labels(tuple(answers), (), described={}) if len(answers) > 1 else None

    def _fields(self, node: Schema, path: tuple[str, ...], depth: int) -> Plan:
        named = node.get("properties")
        properties: Mapping[str, object] = named if isinstance(named, Mapping) else {}
        wrapper = not path and set(properties) == set(_FORM_KEYS)
        made: list[tuple[str, Plan]] = []
        for key, inner in properties.items():
            if wrapper and key == "confidence":
                most = schemas.bound(inner, "maximum", otherwise=1.0) if isinstance(inner, Mapping) else 1.0
                made.append((key, plans.Fixed(Stated(most))))
            else:
                made.append((key, self.plan(inner, (*path, key), depth + 1)))
        return plans.Fields(tuple(made))

    def _array(self, node: Schema, path: tuple[str, ...], depth: int) -> Plan:
        fewest = int(schemas.bound(node, "minItems", otherwise=0))
        most = int(min(schemas.bound(node, "maxItems", otherwise=_MOST_ITEMS), _MOST_ITEMS))
        items = schemas.resolved(node.get("items"), root=self.root, path=path)
        listed = schemas.listed(items)
        if listed:
            return plans.Tags(listed, self._learner(listed, path, described=items), fewest, most)
        return plans.Several(self.plan(items, path, depth + 1), min(max(fewest, 1), most))

    def _texts(self, node: Schema, path: tuple[str, ...], *, optional: bool) -> Plan:
        seen = tuple(dict.fromkeys(value for value in self._taught(path) if isinstance(value, str)))
        learner = self._learner(seen, path, described=node) if len(seen) > 1 else None
        longest = int(min(schemas.bound(node, "maxLength", otherwise=_LONGEST_TEXT), _LONGEST_TEXT))
        key = path[-1] if path else ""
        return plans.Texts(key, str(node.get("format", "")), longest, seen, learner, optional)

    def _labels(self, options: tuple[object, ...], path: tuple[str, ...], *, described: Schema) -> Plan:
        if not options:
            raise schemas.SchemaError(f"The enum at /{'/'.join(path)} is empty; give it at least one value.")
        return plans.Labels(options, self._learner(options, path, described=described))

    def _learner(self, options: Sequence[object], path: tuple[str, ...], *, described: Schema) -> Learner:
        places = {written(option): at for at, option in enumerate(options)}
        lessons = []
        for example in self.reading.examples:
            for value in _each(_at(example.output, path)):
                place = places.get(written(value))
                if place is not None:
                    lessons.append(Lesson(example.text, place, is_example=True))
        for place, option in enumerate(options):
            for phrase in self._phrases(option, path, described):
                lessons.append(Lesson(phrase, place, is_example=False))
        return Learner(lessons, labels=len(options))

    def _phrases(self, option: object, path: tuple[str, ...], described: Schema) -> list[str]:
        if isinstance(option, bool):
            key = label_key(path[-1]) if path else ""
            names = [key, f"{key} true", f"{key} yes"] if option else [f"not {key}", f"{key} false", f"{key} no"]
            own = [key] if option else []
        else:
            names = own = [label_key(str(option))]
        hints = [self.reading.hints.get(name, Hint(name="", phrases=())) for name in names]
        return own + [phrase for hint in hints for phrase in hint.phrases] + schemas.told(option, described)

    def _taught(self, path: tuple[str, ...]) -> list[object]:
        return [value for example in self.reading.examples for value in _each(_at(example.output, path))]


def _numbers(node: Schema, path: tuple[str, ...], kinds: Sequence[str]) -> Plan:
    key = path[-1] if path else ""
    about = frozenset(words(f"{key.replace('_', ' ')} {node.get('description', '')}"))
    low, high = schemas.bound(node, "minimum", otherwise=-math.inf), schemas.bound(node, "maximum", otherwise=math.inf)
    return plans.Numbers(key, about, kinds[0] == "integer", low, high, optional="null" in kinds)


def _at(value: object, path: tuple[str, ...]) -> object:
    """The value at a path; examples may leave out the wrapper's "answer"."""
    if path[:1] == ("answer",) and isinstance(value, dict) and "answer" not in value:
        path = path[1:]
    for step in path:
        if isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
