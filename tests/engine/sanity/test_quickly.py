"""What reads many texts at once, quickly, says of each to the last bit what one says plainly and slowly."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from slider.engine.sanity import echo, familiar, gibberish, languages, look, near, read, repetition, scripts, words
from slider.engine.sanity.look import Brief, Case, Look
from slider.management.demo import brief
from tests.engine.sanity import kinds, plainly
from tests.engine.sanity.test_watch import ANSWERS, ITEMS, VALUES

KEYED = some.recursive(
    some.none() | some.integers() | some.sampled_from(["", "x", "A text that is free."]) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
MANY = [*kinds.texts(1_800, seed=5), *kinds.extremes()]
SCHEMAS: tuple[dict[str, Any], ...] = (
    ITEMS,
    ANSWERS,
    brief.INPUT_SCHEMA,
    brief.OUTPUT_SCHEMA,
    {},
    {"type": "string"},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"properties": {"a": {"$ref": "#/$defs/tree"}, "b": {"enum": [1]}}}}},
    {
        "properties": {"a": {}, "b": False, "c": {"type": "string"}},
        "additionalProperties": {"maxLength": 3},
        "items": {"const": "x"},
    },
    {"anyOf": [{"items": {"type": "integer", "minimum": 0, "maximum": 9}}, {"properties": {"": {"format": "date"}}}]},
    {"type": "integer", "minimum": 10**400, "maximum": 0.5},
)


def test_words_and_plain_letters_are_the_same() -> None:
    for text in MANY:
        assert words.words(text) == plainly.words_of(text)
        assert words.plain(text) == plainly.plain(text)


def test_words_that_say_the_same_again_are_taken_apart_the_same() -> None:
    for unit in ("x", "da", "nana", "abcdef", "aabbcc", "abcdefg"):
        for times in range(1, 9):
            for text in (unit * times, f"so {unit * times}{unit[0]} it is", f"is {unit * times}!"):
                assert words.words(text) == plainly.words_of(text)


@settings(max_examples=400, deadline=None)
@given(some.text(alphabet="aB1_'’ -.;é漢\n", max_size=30))
def test_signs_between_words_are_read_the_same(text: str) -> None:
    assert words.words(text) == plainly.words_of(text)
    assert words.of_letters(text) == plainly.SPOKEN.findall(text.lower())
    assert languages.letters(text).split() == plainly.letters(text).split()


def test_every_letter_there_is_becomes_the_same() -> None:
    every = "".join(chr(point) for point in range(0x110000))
    assert words.plain(every) == plainly.plain(every)
    assert len(words._FOLDED) <= words._MOST_FOLDED


def test_what_is_left_of_code_and_addresses_is_the_same_but_for_the_blanks() -> None:
    for text in MANY:
        assert languages.letters(text).split() == plainly.letters(text).split()


def test_languages_and_scripts_are_the_same() -> None:
    for text in MANY:
        assert scripts.main(text) == plainly.script(text)
        assert languages.main(text) == plainly.language(text)


def test_bits_and_broken_shares_are_the_same_and_none_above_the_limit_is_passed_over() -> None:
    suspected = gibberish.may_be(MANY)
    odd = 0
    for text, may_be in zip(MANY, suspected, strict=True):
        bits = plainly.bits(text)
        assert gibberish.bits(text) == bits
        assert gibberish.broken(text) == plainly.broken(text)
        odd += bits is not None and bits > gibberish.MOST_BITS
        assert may_be or bits is None or bits <= gibberish.MOST_BITS
    assert odd > 60
    assert suspected.count(True) < 2.5 * odd


def test_limits_are_never_below_the_surprise_itself() -> None:
    spoken = [languages.letters(text) for text in MANY]
    for text, limit in zip(spoken, languages.limits(spoken).tolist(), strict=True):
        assert languages.surprise(text)[0] <= limit + 1e-12
    assert languages.limits([]).shape == (0,)


def test_loops_are_the_same_and_none_that_is_a_repetition_is_passed_over() -> None:
    found = asked = 0
    for text in MANY:
        loop, may_be = plainly.loop(text), repetition.may_be(text, words.words(text))
        assert repetition.loop(text) == loop
        assert may_be or loop.share < loop.threshold
        found, asked = found + (loop.share >= loop.threshold), asked + may_be
    assert found > 100
    assert asked < 5 * found


@settings(max_examples=300, deadline=None)
@given(some.lists(some.sampled_from(["a", "no", "12", "the", "parcel", "b7", "哈哈", "nanananana"]), max_size=40))
def test_no_loop_of_a_few_words_is_passed_over(found: list[str]) -> None:
    text = " ".join(found)
    loop = plainly.loop(text)
    assert repetition.may_be(text, words.words(text)) or loop.share < loop.threshold


def test_triples_and_fingerprints_of_many_are_those_of_each() -> None:
    expected = [plainly.grams(text) for text in MANY]
    for begin, size in ((0, 1), (1, 63), (64, 700), (764, len(MANY))):
        for mine, right in zip(familiar.grams_of(MANY[begin : begin + size]), expected[begin:], strict=False):
            assert mine.dtype == right.dtype
            np.testing.assert_array_equal(mine, right)
    for text, print_ in zip(MANY, near.fingerprints(expected), strict=True):
        alone = plainly.fingerprint(text)
        assert near.fingerprint(text) == alone
        assert alone in (None, print_)
    assert len(familiar.grams_of([])) == len(near.fingerprints([])) == 0


def test_a_text_that_lies_nearly_on_a_plane_has_its_exact_bits() -> None:
    # Two triples more are chosen so that the text comes as close to the first plane as any two can bring it.
    chance = np.random.default_rng(3)
    plane, texts = near._planes()[:, 0], []
    for size in range(20, 60):
        some_triples = chance.choice(familiar.BUCKETS, size=size, replace=False)
        rest = np.setdiff1d(np.arange(familiar.BUCKETS), some_triples)
        gap = np.abs(plane[some_triples].sum() + plane[rest][:, None] + plane[rest])
        np.fill_diagonal(gap, np.inf)
        texts.append(np.append(some_triples, rest[list(np.unravel_index(gap.argmin(), gap.shape))]))
    assert near.fingerprints(texts) == [plainly.sides(one) for one in texts]
    counts = np.array([np.bincount(one, minlength=familiar.BUCKETS) for one in texts])
    half_precision = np.packbits(near._quickly(counts) > 0.0, axis=1).view(">u8").ravel().tolist()
    assert half_precision != near.fingerprints(texts)


def test_copied_shares_are_the_same() -> None:
    chance = random.Random(8)
    for text in MANY[::3]:
        prompt, item = chance.choice(MANY[:2_000]), chance.choice([text, f"Dear all, {text}", chance.choice(MANY)])
        shares = echo.both(words.words(text), prompt=echo.source(prompt), item=echo.source(item))
        right = plainly.shares(text, prompt=prompt, item=item)
        assert shares == (tuple(right.values()) or None)
        assert echo.copied(text, echo.source(prompt)) == right.get("prompt")
        assert echo.overlap(text, echo.source(item)) == right.get("item")


@settings(max_examples=150, deadline=None)
@example(values=[dict.fromkeys("abcd", "A text that is free.")], schema=SCHEMAS[7])
@given(values=some.lists(VALUES | KEYED, max_size=4), schema=some.sampled_from(SCHEMAS))
def test_values_are_taken_apart_the_same_one_after_the_other(values: list[object], schema: dict[str, object]) -> None:
    reader = read.Reader(schema)
    for value in [*values, *values]:
        assert reader.parts(value) == plainly.parts(value, schema)


def test_a_reader_of_a_circular_schema_stays_small() -> None:
    reader = read.Reader(SCHEMAS[6])
    for number in range(120):
        value: object = "leaf"
        for _ in range(number % 23):
            value = {f"key {number}": [value], "a": {"a": value}} if number % 2 else {"a": value}
        reader.parts(value)
    assert len(reader._places) < 50


@pytest.mark.parametrize("schemas", [(ITEMS, ANSWERS), ({}, {})])
def test_whole_looks_are_the_same(schemas: tuple[dict[str, object], dict[str, object]]) -> None:
    chance = random.Random(13)
    given = Brief(*schemas, brief.WORKER_INSTRUCTIONS)
    cases = [_case(chance, text, place) for place, text in enumerate(MANY[::6])]
    found = look.looks(cases, given)
    assert len({finding.sentinel for one in found for finding in one.findings}) == 2
    for case, one in zip(cases, found, strict=True):
        right = plainly.look(case.item, case.answer, given, answered=case.answered)
        assert _comparable(one) == _comparable(right)
    assert look.looks([], given) == []


def _case(chance: random.Random, text: str, place: int) -> Case:
    item = {"text": text} if place % 5 else {"text": text, "more": [chance.choice(MANY) for _ in range(3)], "n": place}
    reply = chance.choice([chance.choice(MANY), text, brief.WORKER_INSTRUCTIONS, "", "Thought process:"])
    answer = {"topic": chance.choice(["refund", "da da da da"]), "reply": reply}
    return Case(item, answer if place % 7 else [answer, reply, None, 3], answered=place % 11 != 0)


def _comparable(one: Look) -> tuple[object, ...]:
    fields = {name: getattr(one, name) for name in Look.__slots__}
    return (*(fields | {"grams": one.grams.tolist()}).items(),)
