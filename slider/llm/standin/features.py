"""Turns a text into weighted features: words, pairs of words and the letters inside a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+|\d+|[?!]+")
_GRAM_LENGTHS: Final = (3, 4, 5)
_WORD_WEIGHT: Final = 1.0
_PAIR_WEIGHT: Final = 0.5
_GRAM_WEIGHT: Final = 0.4


def text_features(text: str) -> dict[str, float]:
    """The features of a text with their weights; a feature that comes again counts less each time."""
    counts: dict[str, float] = {}
    before = ""
    for word in words(text):
        for feature, weight in _word_features(word):
            counts[feature] = counts.get(feature, 0.0) + weight
        if before:
            pair = f"{before} {word}"
            counts[pair] = counts.get(pair, 0.0) + _PAIR_WEIGHT
        before = word
    return counts


def words(text: str) -> Iterator[str]:
    """The words of a text in small letters without accents; every number is the same word."""
    for match in _WORD.finditer(_plain(text)):
        word = match.group()
        if word[0].isdigit():
            yield "0"
        elif word[0] in "?!":
            yield word[0]
        else:
            yield word


@lru_cache(maxsize=20_000)
def _word_features(word: str) -> tuple[tuple[str, float], ...]:
    if word in _COMMON or len(word) == 1:
        return ()
    features = [(f"={word}", _WORD_WEIGHT)]
    marked = f"<{word}>"
    for length in _GRAM_LENGTHS:
        features += [(marked[at : at + length], _GRAM_WEIGHT) for at in range(len(marked) - length + 1)]
    return tuple(features)


def _plain(text: str) -> str:
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return "".join(sign for sign in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(sign))


# Words that say little by themselves in the languages a prompt is likely to hold. They still count in pairs.
_ENGLISH: Final = """
a an and are as at be been but by can could did do does for from had has have he her here him his i
if in is it its me my no not of on or our she so some that the their them there they this to us was
we were what when which who will with would you your just any all also am than then too very s t d
ll ve re m don hello hi dear please
"""
_GERMAN: Final = """
der die das den dem des ein eine einen einem einer und oder aber ist sind war ich du er sie es wir
ihr mein meine meinen meinem mir mich sich nicht auch auf aus bei bis für im in mit nach noch nur
von vor wie zu zum zur dass hat habe haben wird werden bitte guten tag hallo
"""
_FRENCH: Final = """
le la les un une des du de et ou mais est sont je tu il elle nous vous mon ma mes ne pas que qui
pour par sur dans avec ai a bonjour merci
"""
_SPANISH: Final = """
el los las una unos y o pero es son yo mi mis no que por para con en se lo hola gracias
"""
_COMMON: Final = frozenset(words(_ENGLISH + _GERMAN + _FRENCH + _SPANISH))
