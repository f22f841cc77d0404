"""Texts of masked fields, known again wherever else they stand as whole words."""

from collections.abc import Iterable, Iterator

import re2

from slider.redaction import detecting
from slider.redaction.detecting import Span
from slider.redaction.rules import ready

FIELD = "FIELD"
SHORTEST = 4
MOST = 500
# So few are looked for one by one. More are looked for together, by how they begin: else an item of very many short
# texts would hold up its pump.
FEW = 8
HEAD = 32


class Known:
    """The longest of some texts, at most MOST of them, each at least SHORTEST long."""

    __slots__ = ("_by_head", "_heads", "_lengths", "_texts")

    def __init__(self, texts: Iterable[str]) -> None:
        found = dict.fromkeys(text for text in texts if len(text) >= SHORTEST)
        self._texts = sorted(found, key=len, reverse=True)[:MOST]
        self._by_head: dict[str, list[str]] = {}
        for text in self._texts:
            self._by_head.setdefault(text[:HEAD], []).append(text)
        self._lengths = sorted({len(head) for head in self._by_head})
        # Not one of the patterns that are kept compiled: these are somebody's own words.
        many = len(self._texts) > FEW
        self._heads = ready("|".join(re2.escape(head) for head in self._by_head)) if many else None

    def spans(self, text: str) -> list[Span]:
        """Where one of them stands as a whole word; the whole text, where that is too often to be looked at."""
        found: list[Span] = []
        for seen, (at, known) in enumerate(self._places(text)):
            if seen == detecting.MOST:
                return [Span(0, len(text), FIELD)]
            end = at + len(known)
            if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
                found.append(Span(at, end, FIELD))
        return found

    def _places(self, text: str) -> Iterator[tuple[int, str]]:
        if self._heads is None:
            for known in self._texts:
                at = text.find(known)
                while at >= 0:
                    yield at, known
                    at = text.find(known, at + 1)
            return
        for at in detecting.starts(self._heads, text):
            for length in self._lengths:
                for known in self._by_head.get(text[at : at + length], ()):
                    if text.startswith(known, at):
                        yield at, known
