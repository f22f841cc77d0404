"""Texts as the sentinels read them: words, letters, and how much of a text is made of which."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LOOP = re.compile(r"(.{1,6}?)\1{3,}")
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
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if _UNSPACED.search(word):
            found += _letters_apart(word)
        elif len(word) >= _LONG and (loop := _LOOP.match(word)) and len(loop[0]) >= 0.8 * len(word):
            found += [loop[1]] * (len(loop[0]) // len(loop[1]))
        else:
            found.append(word)
    return found


def _letters_apart(word: str) -> list[str]:
    """Its unspaced letters one by one, whatever stands between them as it is."""
    spaced = _UNSPACED.sub(lambda letter: f" {letter[0]} ", word)
    return spaced.split()


def joined(found: list[str]) -> str:
    """Words as one would write them: letters of scripts without spaces stand together."""
    return ("" if all(_UNSPACED.fullmatch(word) for word in found) else " ").join(found)


def weight(word: str) -> int:
    """How many letters a word has; a number, or a word with digits in it, has none."""
    return 0 if _DIGIT.search(word) else len(word)


def plain(text: str) -> str:
    """A text in small letters without accents: "Größe, señor" becomes "grosse, senor"."""
    folded = text.lower().translate(_BY_HAND)
    if folded.isascii():
        return folded
    return "".join(letter for letter in unicodedata.normalize("NFD", folded) if not unicodedata.combining(letter))


_BY_HAND = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "đ": "d", "ð": "d", "þ": "th"})
