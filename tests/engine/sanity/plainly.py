"""How the sentinels read one text, said plainly and slowly: what reads many at once has to say the same.

These are the functions as they were before they were made quick. They change only when what a sentinel means changes.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slider.engine import percents
from slider.engine.arrays import Ints
from slider.engine.sanity import echo, familiar, gibberish, hollow, languages, near, read, repetition, scripts, words
from slider.engine.sanity.look import OF_ITEM, OF_PROMPT, Brief, Look, named
from slider.engine.sanity.names import Finding, Sentinel
from slider.engine.sanity.samples import SMALL_WORDS
from slider.engine.sanity.words import _BY_HAND, _UNSPACED

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SPOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LOOP = re.compile(r"(.{1,6}?)\1{3,}")
_NO_WORD = re.compile(r"\S*[\d@/\\_=<>{}()#$%^&*+~`|\[\]]\S*|\S*[a-z][A-Z]\S*|\b[A-Z]{1,5}\b|\S{31,}|\S+\.\S+")
_SCRIPTS = {name: re.compile(f"[{letters}]") for name, letters in scripts._RANGES.items()}
_HAND = {ord(letter): plain for letter, plain in _BY_HAND.items()}


def words_of(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if _UNSPACED.search(word):
            found += _UNSPACED.sub(lambda letter: f" {letter[0]} ", word).split()
        elif len(word) >= 8 and (loop := _LOOP.match(word)) and len(loop[0]) >= 0.8 * len(word):
            found += [loop[1]] * (len(loop[0]) // len(loop[1]))
        else:
            found.append(word)
    return found


def plain(text: str) -> str:
    folded = text.lower().translate(_HAND)
    if folded.isascii():
        return folded
    return "".join(letter for letter in unicodedata.normalize("NFD", folded) if not unicodedata.combining(letter))


def letters(text: str) -> str:
    return _NO_WORD.sub(" ", text[:2_500])


def bits(text: str) -> float | None:
    points = _points(f" {plain(letters(text))} ").astype(np.int64)
    codes = np.where((points >= 97) & (points <= 122), points - 96, 0)
    codes = codes[(codes > 0) | np.concatenate([[True], codes[:-1] > 0])]
    if int((codes > 0).sum()) < gibberish.LEAST_LETTERS:
        return None
    return float(languages._tables()[:, codes[:-1], codes[1:]].mean(axis=1).min())


def broken(text: str) -> float:
    count = len(gibberish._BROKEN.findall(text))
    return count / sum(not sign.isspace() for sign in text) if count >= 4 else 0.0


def script(text: str) -> str | None:
    counts = {name: len(letters.findall(text[:2_000])) for name, letters in _SCRIPTS.items()}
    if not scripts._NOT_LATIN.search(text[:2_000]):
        return "Latin" if counts["Latin"] >= 12 else None
    if counts["Kana"] >= 0.1 * (counts["Kana"] + counts["Han"]) > 0:
        counts["Japanese"] = counts.pop("Kana") + counts.pop("Han")
    name = max(counts, key=lambda one: counts[one])
    enough = 6 if name in ("Han", "Japanese", "Hangul") else 12
    return name if counts[name] >= max(enough, 0.7 * sum(counts.values())) else None


def language(text: str) -> str | None:
    if (written := script(text)) != "Latin":
        return written
    found = SPOKEN.findall(text[:2_500].lower())
    counts = Counter(name for word in found for name, small in SMALL_WORDS.items() if word in small)
    if not counts:
        return None
    (name, most), (_, next_most) = [*counts.most_common(2), ("", 0)][:2]
    known = len(SMALL_WORDS[name].intersection(found)) >= 3
    return name if known and most >= max(0.15 * len(found), 1.6 * next_most) else None


def loop(text: str) -> repetition.Loop:
    found = words_of(text)[:1_500]
    if any(sign in text for sign in "|\t;"):
        found = [word for word in found if word not in repetition._CELLS]
    weights = np.array([0 if re.search(r"\d", word) else len(word) for word in found], dtype=np.int64)
    letters = int(weights.sum())
    if letters < 8 or len(found) < 4 or len(set(found)) > 0.6 * len(found) + 1:
        return repetition.Loop()
    most, thing, times = max(_longest_loop(found, weights), _commonest(found, weights))
    return repetition.Loop(thing[:40], times, most / letters)


def _commonest(found: list[str], weights: Ints) -> tuple[int, str, int]:
    if len(found) < 8:
        return 0, "", 0
    letters: Counter[str] = Counter()
    for word, weight in zip(found, weights.tolist(), strict=True):
        letters[word] += weight
    word, most = letters.most_common(1)[0]
    return most, word, found.count(word)


def _longest_loop(found: list[str], weights: Ints) -> tuple[int, str, int]:
    numbers: dict[str, int] = {}
    line = np.array([numbers.setdefault(word, len(numbers)) for word in found])
    summed = np.concatenate([[0], np.cumsum(weights)])
    best, thing, times = 0, "", 0
    for period in range(1, min(60, len(line) // 4) + 1):
        same = np.concatenate([[False], line[period:] == line[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        begins, ends = edges[::2], edges[1::2] + period
        long = ends - begins >= 4 * period
        for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
            if (letters := int(summed[end] - summed[begin])) > best:
                best, thing, times = letters, words.joined(found[begin : begin + period]), (end - begin) // period
    return best, thing, times


def grams(text: str) -> Ints:
    points = _points(plain(text)).astype(np.uint64)
    points = np.where((points >= 48) & (points <= 57), np.uint64(48), points)[:1_502]
    if len(points) < 3:
        return np.empty(0, dtype=np.int64)
    first, second, third = (np.uint64(factor) for factor in (2_654_435_761, 40_503, 2_246_822_519))
    mixed = points[:-2] * first + points[1:-1] * second * np.uint64(65_537) + points[2:] * third
    mixed ^= mixed >> np.uint64(29)
    return np.asarray((mixed * first >> np.uint64(20)) % np.uint64(2_048), dtype=np.int64)


def fingerprint(text: str) -> int | None:
    if len(words_of(text)) < 12:
        return None
    return sides(grams(text))


def sides(found: Ints) -> int:
    counts = np.bincount(found, minlength=familiar.BUCKETS)
    there = np.flatnonzero(counts)
    bits = np.sqrt(counts[there].astype(np.float64)) @ near._planes()[there] > 0.0
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def shares(text: str, *, prompt: str, item: str) -> dict[str, float]:
    """Of an answer, how much of it stands in the instructions, and how much is the item's."""
    found = words_of(text)
    if len(found) < echo.LEAST_WORDS or sum(map(len, found)) < echo.LEAST_LETTERS:
        return {}
    mine, theirs, whole = _rows(found), set(_rows(words_of(prompt))), set(_rows(words_of(item)))
    of_prompt = sum(row in theirs for row in mine) / len(mine)
    if not whole:
        return {OF_PROMPT: of_prompt, OF_ITEM: 0.0}
    of_item = min(sum(row in whole for row in mine) / len(mine), len(whole & set(mine)) / len(whole))
    return {OF_PROMPT: of_prompt, OF_ITEM: of_item}


def parts(value: object, schema: Mapping[str, object]) -> read.Parts:
    texts: list[read.Text] = []
    closed: list[tuple[str, object]] = []
    left = 6_000
    for where, leaf, schemas in _leaves(value, [schema], schema, "", 0):
        if isinstance(leaf, str) and not read._is_closed(schemas):
            if left > 0 and len(texts) < 40 and leaf.strip():
                texts.append(read.Text(where, leaf[:left]))
                left -= len(leaf)
        elif isinstance(leaf, bool | str) or leaf is None or read._counts(schemas):
            closed.append((where, leaf))
    return read.Parts(tuple(texts), json.dumps(sorted(closed, key=repr), ensure_ascii=False) if closed else "")


def look(item: object, answer: object, brief: Brief, *, answered: bool) -> Look:
    came = parts(item, brief.input_schema)
    went = parts(answer if answered else None, brief.output_schema)
    copies = []
    for text in went.texts if answered else ():
        found = shares(text.value, prompt=brief.instructions, item=came.whole)
        copies += [(kind, named("answer", text.where), share) for kind, share in found.items()]
    longest = max(went.texts, key=lambda text: len(text.value), default=read.Text("", ""))
    return Look(
        findings=(*_nonsense(came, "item"), *(_nonsense(went, "answer") if answered else ())),
        grams=grams(came.whole),
        item_language=language(came.whole) if longest.value else None,
        answer_language=language(longest.value) if longest.value else None,
        answer_where=named("answer", longest.where),
        copies=tuple(copies),
        key=went.closed,
        prompt_language=language(brief.instructions),
        prints=(fingerprint(came.whole), fingerprint(went.whole)) if went.texts else (None, None),
        answered=answered,
    )


def _nonsense(found: read.Parts, of: str) -> Iterator[Finding]:
    for text in found.texts:
        where, said = named(of, text.where), loop(text.value)
        if said.share >= said.threshold:
            words = (
                f"{where} says “{said.thing}” {said.times} times ({percents.said(said.share, digits=0)} of its letters)"
            )
            yield Finding(Sentinel.REPETITION, where, "repeated share", said.share, said.threshold, words)
            continue
        odd, bad = bits(text.value), broken(text.value)
        if odd is not None and odd > 4.9:
            words = f"{where} makes no words ({odd:.1f} bits a letter; prose has 3.1 to 4.7)"
            yield Finding(Sentinel.GIBBERISH, where, "bits a letter", odd, 4.9, words)
        elif bad > 0.2:
            words = f"{where} has broken characters ({percents.said(bad, digits=0)} of its signs)"
            yield Finding(Sentinel.GIBBERISH, where, "broken share", bad, 0.2, words)
        elif of == "answer" and hollow.is_hollow(text.value):
            words = f"{where} says nothing: “{text.value.strip()}”"
            yield Finding(Sentinel.GIBBERISH, where, "hollow", 1.0, 0.0, words)


def _leaves(
    value: object, schemas: Sequence[object], root: Mapping[str, object], where: str, depth: int
) -> Iterator[tuple[str, object, list[Mapping[str, object]]]]:
    if depth > 24:
        return
    applying = read._applying(schemas, root)
    if isinstance(value, dict):
        for key, child in value.items():
            inner = [read._below(one, "properties", key) for one in applying]
            inner += [one.get("additionalProperties") for one in applying if not read._below(one, "properties", key)]
            yield from _leaves(child, inner, root, f"{where}/{key}" if where else str(key), depth + 1)
    elif isinstance(value, list):
        for place, child in enumerate(value):
            inner = [one.get("items") for one in applying]
            yield from _leaves(child, inner, root, f"{where}/{place}" if where else str(place), depth + 1)
    else:
        yield where, value, applying


def _points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _rows(found: list[str]) -> list[int]:
    return [hash(tuple(found[place : place + 4])) for place in range(len(found) - 3)]
