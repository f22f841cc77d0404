"""Which script a text is written in, by the ranges of its letters."""

import re
from collections.abc import Mapping

_RANGES: Mapping[str, str] = {
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
    "Hebrew": "\u0590-\u05ff",
    "Devanagari": "\u0900-\u097f",
    "Thai": "\u0e00-\u0e7f",
    "Hangul": "\u1100-\u11ff\uac00-\ud7af",
    "Kana": "\u3040-\u30ff",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
}
_LETTERS = {name: re.compile(f"[{letters}]+") for name, letters in _RANGES.items()}
_NOT_LATIN = re.compile("[^\\W\\d_\u0000-\u024f\u1e00-\u1eff]")
_LONGEST = 2_000
LEAST_LETTERS = 12
CLEAR = 0.7
_ENOUGH_LATIN = re.compile(f"(?:[^{_RANGES['Latin']}]*+[{_RANGES['Latin']}]){{{LEAST_LETTERS}}}")


def main(text: str) -> str | None:
    """Return the script that a text is mainly written in.

    Returns:
        A name such as "Latin"; "Japanese" for Han with kana. None for fewer than 12 letters (6 of Han, kana or Hangul,
        whose letters say more), or where no script has 70 % of them.
    """
    text = text[:_LONGEST]
    if text.isascii() or not _NOT_LATIN.search(text):
        return "Latin" if _ENOUGH_LATIN.match(text) else None
    counts = {name: sum(map(len, letters.findall(text))) for name, letters in _LETTERS.items()}
    if counts["Kana"] >= 0.1 * (counts["Kana"] + counts["Han"]) > 0:
        counts["Japanese"] = counts.pop("Kana") + counts.pop("Han")
    total = sum(counts.values())
    name = max(counts, key=lambda script: counts[script])
    enough = LEAST_LETTERS // 2 if name in ("Han", "Japanese", "Hangul") else LEAST_LETTERS
    return name if counts[name] >= max(enough, CLEAR * total) else None
