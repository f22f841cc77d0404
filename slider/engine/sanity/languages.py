"""What a text's letters say: whether they make words of any language known here, and of which."""

import re
from collections import Counter
from functools import cache

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
# No words of a language: whatever holds digits or signs of code and addresses, capitals inside or short all capitals.
_NO_WORD = re.compile(r"\S*[\d@/\\_=<>{}()#$%^&*+~`|\[\]]\S*|\S*[a-z][A-Z]\S*|\b[A-Z]{1,5}\b|\S{31,}|\S+\.\S+")
_SPOKEN_BY = {
    word: tuple(language for language, small in SMALL_WORDS.items() if word in small)
    for word in frozenset[str]().union(*SMALL_WORDS.values())
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def letters(text: str) -> str:
    """The words of a text as a language writes them: code, addresses, numbers and abbreviations left out."""
    return _NO_WORD.sub(" ", text[:_LONGEST])


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
    codes = _coded(words.plain(text))
    count = int((codes > 0).sum())
    if count == 0:
        return 0.0, 0
    per_language = _tables()[:, codes[:-1], codes[1:]].mean(axis=1)
    return float(per_language.min()), count


def main(text: str) -> str | None:
    """Return the language of a text, or the script where a script is all that can be told.

    For Latin script the language whose small words are most frequent: at least three different ones, 15 % of all words
    and 1.6 times the next language's. Names and short texts have no language.
    """
    script = scripts.main(text)
    if script != "Latin":
        return script
    found = _WORD.findall(text[:_LONGEST].lower())
    counts = Counter(language for word in found for language in _SPOKEN_BY.get(word, ()))
    if not counts:
        return None
    (language, most), (_, next_most) = [*counts.most_common(2), ("", 0)][:2]
    known = len(SMALL_WORDS[language].intersection(found)) >= _LEAST_SMALL
    return language if known and most >= max(_LEAST_PART * len(found), _CLEARLY * next_most) else None


def _coded(text: str) -> Ints:
    """Letters a to z as 1 to 26, everything else as 0, with a 0 in front and behind and no two zeros in a row."""
    points = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    codes = np.where((points >= 97) & (points <= 122), points - 96, 0)
    kept = (codes > 0) | np.concatenate([[True], codes[:-1] > 0])
    return np.asarray(codes[kept], dtype=np.int64)


@cache
def _tables() -> Floats:
    """Bits of each letter after each other one: shape (languages + 1, 27, 27)."""
    counts = np.zeros((len(SENTENCES) + 1, _CODES, _CODES))
    for place, text in enumerate(SENTENCES.values()):
        codes = _coded(words.plain(text))
        np.add.at(counts[place], (codes[:-1], codes[1:]), 1.0)
    counts[-1] = counts[:-1].sum(axis=0)
    single = counts.sum(axis=1, keepdims=True) + 1.0
    single /= single.sum(axis=2, keepdims=True)
    pairs = counts / np.maximum(counts.sum(axis=2, keepdims=True), 1.0)
    return np.asarray(-np.log2(_SEEN * pairs + (1.0 - _SEEN) * 0.5 * (single + 1.0 / _CODES)))
