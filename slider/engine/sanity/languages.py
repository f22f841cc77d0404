"""What a text's letters say: whether they make words of any language known here, and of which."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np

from slider.engine.arrays import Floats, Ints
from slider.engine.sanity import scripts, words
from slider.engine.sanity.samples import SENTENCES, SMALL_WORDS

_CODES = 27  # a to z, and 0 for whatever stands between words
_SEEN = 0.85
_LONGEST = 2_500
_LEAST_SMALL = 3
_LEAST_PART = 0.15
_CLEARLY = 1.6
# No words of a language: whatever holds digits, signs of code, a small letter before a capital or a dot inside, what is
# longer than any word, and capitals alone.
_SIGN = re.compile(r"[\d@/\\_=<>{}()#$%^&*+~`|\[\]]")
_CAPITAL_INSIDE = re.compile("[A-Z](?<=[a-z][A-Z])")
_DOT_INSIDE = re.compile(r"\.(?<=\S\.)\S")
_CAPITALS = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]{0,4}\b")
_LONGEST_WORD = 30
_SPOKEN_BY = {
    word: tuple(language for language, small in SMALL_WORDS.items() if word in small)
    for word in frozenset[str]().union(*SMALL_WORDS.values())
}
_LETTER = bytes(byte if chr(byte) in string.ascii_lowercase else ord(" ") for byte in range(256))
_CODE = bytes(byte - ord("a") + 1 if chr(byte) in string.ascii_lowercase else 0 for byte in range(256))


def letters(text: str) -> str:
    """The words of a text as a language writes them: code, addresses, numbers and abbreviations left out."""
    text = text[:_LONGEST]
    for sign in (_SIGN, _CAPITAL_INSIDE):
        if sign.search(text):
            text = " ".join([word for word in text.split() if not sign.search(word)])
    if _DOT_INSIDE.search(text) or max(map(len, text.split()), default=0) > _LONGEST_WORD:
        text = " ".join([word for word in text.split() if not _is_address(word)])
    return text if text.islower() else _CAPITALS.sub(" ", text)


def _is_address(word: str) -> bool:
    """Whether it has a dot inside or is too long to be a word, not counting capitals in front: they go anyway."""
    capitals = _CAPITALS.match(word)
    rest = word[capitals.end() :] if capitals else word
    return len(rest) > _LONGEST_WORD or _DOT_INSIDE.search(rest) is not None


def surprise(text: str) -> tuple[float, int]:
    """Return how odd the letters of a text in Latin script are in the language that fits them best.

    The mean over all pairs of neighbouring letters, word ends among them, of -log2 P(letter | the one before), in the
    most fitting of 17 languages and of all of them mixed. Accents are taken off.

    Args:
        text: as `letters` returns it.

    Returns:
        Bits per letter (ordinary prose 3.2 to 4.2, also in languages that are not among the 17; letters struck at
        random 5.5 to 8), and how many letters were judged; (0, 0) where there are none.
    """
    codes = _coded(text)
    count = int(np.count_nonzero(codes))
    if count == 0:
        return 0.0, 0
    per_language = _tables()[:, codes[:-1], codes[1:]].mean(axis=1)
    return float(per_language.min()), count


def limits(texts: Sequence[str]) -> Floats:
    """Of each of many texts an upper limit of its `surprise`, quickly: that in all languages mixed; shape (n,)."""
    lines = [_spelt(text) for text in texts]
    codes = np.frombuffer(b"".join([*lines, b" "]).translate(_CODE), dtype=np.uint8)
    bits = _mixed()[codes[:-1].astype(np.intp) * _CODES + codes[1:]]
    lengths = np.array([len(line) for line in lines])
    sums = np.add.reduceat(bits, np.cumsum(lengths) - lengths) if lines else np.empty(0)
    return np.asarray(sums / np.maximum(lengths - 1, 1))


def main(text: str) -> str | None:
    """Return the language of a text, or the script where a script is all that can be told.

    For Latin script the language whose small words are most frequent: at least three different ones, 15 % of all words
    and 1.6 times the next language's. Names and short texts have no language.
    """
    script = scripts.main(text)
    if script != "Latin":
        return script
    found = words.of_letters(text[:_LONGEST])
    counts = Counter(chain.from_iterable([_SPOKEN_BY[word] for word in found if word in _SPOKEN_BY]))
    if not counts:
        return None
    language = max(counts, key=counts.__getitem__)
    next_most, most = sorted([0, *counts.values()])[-2:]
    known = len(SMALL_WORDS[language].intersection(found)) >= _LEAST_SMALL
    return language if known and most >= max(_LEAST_PART * len(found), _CLEARLY * next_most) else None


def _spelt(text: str) -> bytes:
    """Its letters a to z without accents, one blank for whatever stands between words, in front and behind."""
    return b" ".join([b"", *words.plain(text).encode("utf-8", "surrogatepass").translate(_LETTER).split(), b""])


def _coded(text: str) -> Ints:
    """The same as numbers: letters 1 to 26, blanks 0."""
    return np.frombuffer(_spelt(text).translate(_CODE), dtype=np.uint8).astype(np.int64)


@cache
def _tables() -> Floats:
    """Bits of each letter after each other one: shape (languages + 1, 27, 27)."""
    counts = np.zeros((len(SENTENCES) + 1, _CODES, _CODES))
    for place, text in enumerate(SENTENCES.values()):
        codes = _coded(text)
        np.add.at(counts[place], (codes[:-1], codes[1:]), 1.0)
    counts[-1] = counts[:-1].sum(axis=0)
    single = counts.sum(axis=1, keepdims=True) + 1.0
    single /= single.sum(axis=2, keepdims=True)
    pairs = counts / np.maximum(counts.sum(axis=2, keepdims=True), 1.0)
    return np.asarray(-np.log2(_SEEN * pairs + (1.0 - _SEEN) * 0.5 * (single + 1.0 / _CODES)))


@cache
def _mixed() -> Floats:
    """Bits of each pair in all languages mixed, none for the blanks between two texts: shape (729,)."""
    bits: Floats = _tables()[-1].copy()
    bits[0, 0] = 0.0
    return bits.ravel()
