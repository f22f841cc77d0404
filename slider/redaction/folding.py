"""A text as detectors read it: disguised digits, letters, spaces and dashes are plain, what can't be seen is gone."""

import re
import unicodedata
from array import array
from dataclasses import dataclass
from functools import lru_cache

_DOTS = frozenset("\u3002\uff0e\uff61\ufe52")
_DASHES = frozenset("\u2212\u00ad")
# Of ASCII these alone are not seen; a tab and the end of a line are.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` with the place in the original of each of its characters; no places: they are the same."""

    text: str
    places: "array[int] | None"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` up to `end` stand in the original."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """In linear time. ASCII that can be seen is not touched."""
    if text.isascii() and not _CONTROLS.search(text):
        return Folded(text, None)
    parts: list[str] = []
    places = array("Q")
    for place, character in enumerate(text):
        plain = character if " " <= character <= "~" or character in "\t\n\r" else _plain(character)
        parts.append(plain)
        for _ in plain:
            places.append(place)
    return Folded("".join(parts), places)


@lru_cache(maxsize=65_536)
def _plain(character: str) -> str:
    """One character as a person reads it; empty where nothing is to be seen of it."""
    category = unicodedata.category(character)
    if category in ("Cf", "Cc") or character in _UNSEEN or 0xFE00 <= ord(character) <= 0xFE0F:
        return ""
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if category == "Zs":
        return " "
    if category == "Pd" or character in _DASHES:
        return "-"
    if character in _DOTS:
        return "."
    return unicodedata.normalize("NFKC", character)
