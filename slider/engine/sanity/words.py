"""Texts as the sentinels read them: words, letters, and how much of a text is made of which."""

import re
import string
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_WORD_OF_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_DIGIT_OR_LINE = re.compile(r"[\d_]")
_WORD_WITHOUT_LINES = re.compile(r"\w+(?:['’]\w+)*")  # the same for a text without "_", in a third of the time
_ASCII_WORDS, _ASCII_LETTERS = (
    bytes(byte if chr(byte) in kept else ord(" ") for byte in range(256))
    for kept in (f"{string.ascii_lowercase}{string.digits}'", f"{string.ascii_lowercase}'")
)
_LONGEST_UNIT = 6
_LOOP = re.compile(rf"(.{{1,{_LONGEST_UNIT}}}?)\1{{3,}}")
_DIGIT = re.compile(r"\d")
# Written without spaces: kana, Han and their neighbours, Thai, Lao, Khmer, Burmese. Each letter counts as a word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_LONG = 8


def words(text: str) -> list[str]:
    """The words of a text in small letters, in order; numbers are words too.

    In scripts without spaces each letter is one, and a long word that says the same four times or more is taken apart:
    "dadadada" is four words.
    """
    lowered = text.lower()
    found = _as_written(lowered)
    is_spaced = lowered.isascii() or not _UNSPACED.search(lowered)
    if is_spaced and not any(map(_may_loop, [word for word in found if len(word) >= _LONG])):
        return found
    return [piece for word in found for piece in _apart(word)]


def of_letters(text: str) -> list[str]:
    """The words of a text in small letters as they are written, in order; digits stand between words."""
    lowered = text.lower()
    if lowered.isascii():
        return _between_blanks(lowered, _ASCII_LETTERS)
    return _WORD_OF_LETTERS.findall(lowered) if _DIGIT_OR_LINE.search(lowered) else _as_written(lowered)


def _as_written(lowered: str) -> list[str]:
    if lowered.isascii():
        return _between_blanks(lowered, _ASCII_WORDS)
    found: list[str] = (_WORD if "_" in lowered else _WORD_WITHOUT_LINES).findall(lowered)
    return found


def _between_blanks(lowered: str, kept: bytes) -> list[str]:
    """What `_WORD` finds in ASCII, faster: all other signs are made blanks, and apostrophes looked at one by one."""
    blanked = lowered.encode().translate(kept).decode()
    found = blanked.split()
    if "'" not in blanked:
        return found
    return [word for one in found for word in (_WORD.findall(one) if "'" in one else (one,))]


def _may_loop(word: str) -> bool:
    """False only for a word that can't say the same again and again: its first letter doesn't come again soon."""
    return word.find(word[0], 1, _LONGEST_UNIT + 1) > 0


def _apart(word: str) -> list[str]:
    if _UNSPACED.search(word):
        return _letters_apart(word)
    if len(word) >= _LONG and (loop := _LOOP.match(word)) and len(loop[0]) >= 0.8 * len(word):
        return [loop[1]] * (len(loop[0]) // len(loop[1]))
    return [word]


def _letters_apart(word: str) -> list[str]:
    """Its unspaced letters one by one, whatever stands between them as it is."""
    spaced = _UNSPACED.sub(lambda letter: f" {letter[0]} ", word)
    return spaced.split()


def joined(found: list[str]) -> str:
    """Words as one would write them: letters of scripts without spaces stand together."""
    return ("" if all(_UNSPACED.fullmatch(word) for word in found) else " ").join(found)


def weights(found: Sequence[str]) -> list[int]:
    """How many letters each of these words has; a number, or a word with digits in it, has none."""
    letters = "".join(found)
    if letters.isalpha() or not _DIGIT.search(letters):
        return list(map(len, found))
    return [0 if _DIGIT.search(word) else len(word) for word in found]


def plain(text: str) -> str:
    """A text in small letters without accents: "Größe, señor" becomes "grosse, senor"."""
    lowered = text.lower()
    return lowered if lowered.isascii() else lowered.translate(_FOLDED)


class _Folded(dict[int, str]):
    """What becomes of a letter, worked out when it first comes."""

    def __missing__(self, point: int) -> str:
        letter = chr(point)
        apart = _BY_HAND.get(letter) or unicodedata.normalize("NFD", letter)
        if len(self) >= _MOST_FOLDED:
            self.clear()
        self[point] = folded = "".join(sign for sign in apart if not unicodedata.combining(sign))
        return folded


_BY_HAND = {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "đ": "d", "ð": "d", "þ": "th"}
_MOST_FOLDED = 20_000
_FOLDED = _Folded()
