"""An item under other names: what is masked becomes tokens such as [EMAIL_1], and comes back in a model's answer."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from slider.redaction import detecting
from slider.redaction.detecting import union
from slider.redaction.known import FIELD, Known
from slider.redaction.rules import EVERY, Rules, steps

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Tree: TypeAlias = "dict[str, Tree] | None"  # the fields that rules name, step by step; None: this one

TOKEN = re.compile(r"\[[A-Z][A-Z_]*_[0-9]{1,9}\]")


@dataclass(frozen=True, slots=True)
class Restorer:
    """Puts the values back, those of tokens that were given and of no others."""

    values: Mapping[str, JSON] = field(default_factory=dict, repr=False)

    def __call__(self, value: JSON, *, most: int | None = None) -> JSON:
        """The value with every token that was given replaced, also in keys and inside of texts, in one pass.

        Raises ValueError where more than `most` characters would be put in: a model may say a token ever so often.
        """
        return _Restoring(self.values, most).value(value) if self.values else value

    def text(self, text: str) -> str:
        """A text with the tokens in it replaced."""
        return _Restoring(self.values, None).text(text) if self.values else text


class _Restoring:
    __slots__ = ("_left", "_most", "_values")

    def __init__(self, values: Mapping[str, JSON], most: int | None) -> None:
        self._values, self._most, self._left = values, most, most or 0

    def value(self, value: JSON) -> JSON:
        if isinstance(value, str):
            if value in self._values:
                self._written(value)
                return self._values[value]
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        return value

    def text(self, text: str) -> str:
        return TOKEN.sub(lambda found: self._written(found[0]), text) if "[" in text else text

    def _written(self, token: str) -> str:
        if token not in self._values:
            return token
        value = self._values[token]
        text = value if isinstance(value, str) else json.dumps(value)
        if self._most is not None:
            self._left -= len(text)
            if self._left < 0:
                raise ValueError(f"with what was masked it has more than {self._most:,} characters")
        return text


@dataclass(frozen=True, slots=True)
class Masked:
    """What may leave, how it is undone, and how often what was found: by kind, never a value."""

    value: JSON
    restore: Restorer
    counts: dict[str, int]


def mask(value: JSON, rules: Rules, *, taken: Iterable[str] = ()) -> Masked:
    """The value under the rules. Its restorer gives it back, but for what was left out.

    One value has one token wherever it stands. `taken` are tokens that must not be given: those of worked examples
    that stand before the item. A token that stands in the value itself is not given either.
    """
    if not rules:
        return Masked(value, Restorer(), {})
    counts: Counter[str] = Counter()
    hands = _Hands(rules, counts, {*taken, *taken_in(value)})
    masked = _tree(rules.masked)
    hands.known = Known(_named(value, masked))
    told = hands.told(value, masked, _tree(rules.left_out))
    return Masked(told, Restorer(hands.values), dict(sorted(counts.items())))


def taken_in(value: JSON) -> set[str]:
    """The tokens, or what looks like one, in a value."""
    return {token for text in _texts(value) if "[" in text for token in TOKEN.findall(text)}


class _Hands:
    """Masks one value: the same text has the same token everywhere in it."""

    def __init__(self, rules: Rules, counts: Counter[str], taken: set[str]) -> None:
        self._rules, self._counts, self._taken = rules, counts, taken
        self._tokens: dict[tuple[type, str], str] = {}
        self._last: Counter[str] = Counter()
        self.known = Known(())
        self.values: dict[str, JSON] = {}

    def told(self, value: JSON, masked: Tree, left_out: Tree) -> JSON:
        """What a model is told of it. In one walk: a place in a list is the one in which it came in."""
        if isinstance(value, list):
            below = [(_at(masked, str(n)), _at(left_out, str(n)), one) for n, one in enumerate(value)]
            return [self.told(one, *trees) for *trees, one in below if self._stays(trees[1])]
        if isinstance(value, dict):
            told: dict[str, JSON] = {}
            for key, one in value.items():
                if self._stays(within := _at(left_out, key)):
                    name = self._key(key, masked)
                    told[name] = self.told(one, _at(masked, key), within)
            return told
        if masked is None:
            return value if value is None or value == "" else self._token(FIELD, value)
        return self._text(value) if isinstance(value, str) else self._number(value)

    def _stays(self, left_out: Tree) -> bool:
        if left_out is None:
            self._counts["left_out"] += 1
        return left_out is not None

    def _key(self, key: str, masked: Tree) -> str:
        return self._token(FIELD, key) if masked is None and key else self._text(key)

    def _text(self, text: str) -> str:
        spans = detecting.find(text, self._rules)
        if known := self.known.spans(text):
            spans = union([*spans, *known])
        if not spans:
            return text
        parts, at = [], 0
        for span in spans:
            parts += [text[at : span.start], self._token(span.name, text[span.start : span.end])]
            at = span.end
        return "".join([*parts, text[at:]])

    def _number(self, value: JSON) -> JSON:
        """A number that reads like a card number, or fits a pattern, is masked as a whole."""
        if isinstance(value, bool) or not isinstance(value, int):
            return value
        spans = detecting.find(str(value), self._rules)
        return self._token(spans[0].name, value) if spans else value

    def _token(self, name: str, value: JSON) -> str:
        self._counts[name.lower()] += 1
        key = (type(value), value if isinstance(value, str) else json.dumps(value))
        if key not in self._tokens:
            token = ""
            while not token or token in self._taken:
                self._last[name] += 1
                token = f"[{name}_{self._last[name]}]"
            self._tokens[key], self.values[token] = token, value
        return self._tokens[key]


def _tree(pointers: Iterable[str]) -> Tree:
    """The pointers as one tree; what stands below a field that is named whole says nothing more."""
    root: dict[str, Tree] = {}
    for pointer in pointers:
        at = root
        *way, last = steps(pointer)
        for step in way:
            below = at.setdefault(step, {})
            if below is None:
                break
            at = below
        else:
            at[last] = None
    return root


def _at(tree: Tree, step: str) -> Tree:
    """What the rules name below one step: by its own name, and by the one that stands for every step."""
    if tree is None:
        return None
    every = tree.get(EVERY, {})
    return _both(tree[step], every) if step in tree else every


def _both(one: Tree, other: Tree) -> Tree:
    """What either names; a field that one of them names whole is named whole."""
    if one is None or other is None:
        return None
    return {**other, **{step: _both(below, other[step]) if step in other else below for step, below in one.items()}}


def _named(value: JSON, tree: Tree) -> Iterator[str]:
    """The texts in the fields that the tree names."""
    if tree is None:
        yield from _leaves(value)
    elif isinstance(value, dict | list) and tree:
        pairs = enumerate(value) if isinstance(value, list) else value.items()
        for step, one in pairs:
            yield from _named(one, _at(tree, str(step)))


def _leaves(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value if isinstance(value, list) else value.values():
            yield from _leaves(one)


def _texts(value: JSON) -> Iterator[str]:
    """Every text and every key."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _texts(one)
