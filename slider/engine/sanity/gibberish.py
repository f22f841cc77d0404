"""Texts that make no words: keys struck at random, letters in a heap, characters broken on the way."""

import re
from collections.abc import Sequence

from slider.engine.sanity import languages

LEAST_LETTERS = 24
MOST_BITS = 4.9
MOST_BROKEN = 0.2
_LEAST_BROKEN = 4
_ROUNDING = 1e-9
_REPLACED = "\ufffd"
_BROKEN = re.compile("[\ufffd\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ue000-\uf8ff]")


def bits(text: str) -> float | None:
    """Return the mean surprise of a text's letters in bits (see `languages.surprise`).

    Returns:
        None for a text with fewer than 24 letters in words of Latin script: labels, codes, numbers, tables, emoji and
        other scripts are not judged.
    """
    surprise, count = languages.surprise(languages.letters(text))
    return surprise if count >= LEAST_LETTERS else None


def may_be(texts: Sequence[str]) -> list[bool]:
    """Whether `bits` of each of many texts may be above `MOST_BITS`: False is sure, True asks for `bits` itself."""
    found: list[bool] = (languages.limits([languages.letters(text) for text in texts]) > MOST_BITS - _ROUNDING).tolist()
    return found


def broken(text: str) -> float:
    """Return the share of a text's signs that are no characters: replacement signs, control codes, private use.

    0 where there are fewer than four of them.
    """
    if text.isprintable() and _REPLACED not in text:  # none of the others is printable
        return 0.0
    count = len(_BROKEN.findall(text))
    if count < _LEAST_BROKEN:
        return 0.0
    return count / sum(not sign.isspace() for sign in text)
