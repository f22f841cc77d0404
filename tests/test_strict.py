"""Strict JSON refuses what can't be stored, sent on or read cheaply, and says what and where."""

import json
import math
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slider import strict
from slider.strict import JSON, Code, Limits, StrictError


def in_short(value: object) -> str:
    """The name of a case: some of the documents have a megabyte."""
    return ascii(value)[:40]


def refused(raw: bytes | str, limits: Limits = strict.DEFAULT_LIMITS) -> StrictError:
    with pytest.raises(StrictError) as caught:
        strict.loads(raw, limits=limits)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "code", "where"),
    [
        (b"", Code.EMPTY, ""),
        (b" \n\t", Code.EMPTY, ""),
        (b"\xef\xbb\xbf", Code.EMPTY, ""),
        (b"{", Code.SYNTAX, "line 1, column 2"),
        (b'{"a":1,\n "b":}', Code.SYNTAX, "line 2, column 6"),
        (b"{} {}", Code.SYNTAX, "line 1, column 4"),
        (b"{'a':1}", Code.SYNTAX, "line 1, column 2"),
        (b'"a\x07"', Code.SYNTAX, "line 1, column 3"),
        (b'"\\x"', Code.SYNTAX, "line 1, column 2"),
        (b"01", Code.SYNTAX, "line 1, column 2"),
        (b'{"a":NaN}', Code.NUMBER, "/a"),
        (b'{"a":[1,-Infinity]}', Code.NUMBER, "/a/1"),
        (b"1e400", Code.NUMBER, ""),
        (b'{"a/b":{"~":-1E999}}', Code.NUMBER, "/a~1b/~0"),
        (b"9" * 5000, Code.NUMBER, ""),
        (b"9" * 4000, Code.NUMBER, ""),
        (b"9223372036854775808", Code.NUMBER, ""),
        (b"-9223372036854775809", Code.NUMBER, ""),
        (b'{"a":"x\\u0000y"}', Code.NUL, "/a"),
        (b'{"a\\u0000":1}', Code.NUL, ""),
        (b'["ab\x00"]', Code.NUL, "character 4"),
        (b'{"a":"\\ud800"}', Code.SURROGATE, "/a"),
        (b'{"a":"\\udc00\\ud800"}', Code.SURROGATE, "/a"),
        (b'{"\\uDBFF":1}', Code.SURROGATE, ""),
        ('["\ud800"]', Code.SURROGATE, "character 2"),
        (b'["\xff\xfe"]', Code.UTF8, "byte 2"),
        (b'\xef\xbb\xbf["\xff"]', Code.UTF8, "byte 5"),
        (b'["\xc0\x80"]', Code.UTF8, "byte 2"),
        ('{"a":1}'.encode("utf-16"), Code.UTF8, "byte 0"),
        ('{"a":1}'.encode("utf-16-le"), Code.UTF8, "byte 0"),
        ('{"a":1}'.encode("utf-16-be"), Code.UTF8, "byte 0"),
        ('{"a":1}'.encode("utf-32"), Code.UTF8, "byte 0"),
        (b"[" * 900 + b"]" * 900, Code.DEPTH, ""),
        (b"[" * 5000, Code.DEPTH, ""),
        (b"[" * 100_000 + b"]" * 100_000, Code.NODES, ""),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, Code.DEPTH, ""),
        (b'{"a":1,"a":2}', Code.DUPLICATE_KEY, "/a"),
        (b'{"x":[{"b":1},{"b":1,"c":2,"b":3}]}', Code.DUPLICATE_KEY, "/x/1/b"),
        (b'{"a":1,"\\u0061":2}', Code.DUPLICATE_KEY, "/a"),
        (b'{"a":1,"a":2} x', Code.DUPLICATE_KEY, ""),
        (b"{" + b",".join(b'"%d":1' % n for n in range(60_000)) + b"}", Code.NODES, ""),
        (b"[" + b"[]," * 300_000 + b"[]]", Code.NODES, ""),
        (b'"' + b"x" * 2_000_000 + b'"', Code.TOO_LARGE, ""),
    ],
    ids=in_short,
)
def test_it_says_what_is_wrong_and_where(raw: bytes | str, code: Code, where: str) -> None:
    error = refused(raw)
    assert (error.code, error.where) == (code, where), error
    assert error.message in str(error)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"1e-400", 0.0),
        (b"1e308", 1e308),
        (b"0." + b"1" * 400, 1 / 9),
        (b'"NaN Infinity 1e400 [[[[ ,,,, {"', "NaN Infinity 1e400 [[[[ ,,,, {"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"\u202e\u200b\ufeff"', "\u202e\u200b\ufeff"),
        (b'{"":1}', {"": 1}),
        (b'{"a":{"a":1}}', {"a": {"a": 1}}),
    ],
)
def test_it_reads_what_is_sound(raw: bytes | str, value: JSON) -> None:
    assert strict.loads(raw) == value


def test_the_limits_are_met_exactly() -> None:
    limits = Limits(max_bytes=40, depth=3, nodes=6)
    assert strict.loads("[[[1,2,3]]]", limits=limits) == [[[1, 2, 3]]]
    assert strict.loads('["[[[[,,,,,,,,", {}, [ ]]', limits=limits) == ["[[[[,,,,,,,,", {}, []]
    assert refused("[[[1,2,3,4]]]", limits).code is Code.NODES
    assert refused("[[[[]]]]", limits).code is Code.DEPTH
    assert refused('"' + "x" * 39 + '"', limits).code is Code.TOO_LARGE


def test_the_bound_on_bytes_counts_bytes() -> None:
    assert refused('"' + "\U0001f600" * 10 + '"', Limits(max_bytes=40)).code is Code.TOO_LARGE


@pytest.mark.parametrize("depth", [0, -1, 201])
def test_limits_refuse_a_depth_that_the_reader_could_not_keep(depth: int) -> None:
    with pytest.raises(ValueError, match="choose 1 to 200"):
        Limits(depth=depth)


def test_the_greatest_depth_can_be_read() -> None:
    limits = Limits(depth=200)
    assert strict.check(strict.loads("[" * 200 + "]" * 200, limits=limits), limits=limits)


def cyclic() -> list[object]:
    loop: list[object] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("value", "code", "where"),
    [
        ({"a": [1, math.nan]}, Code.NUMBER, "/a/1"),
        (math.inf, Code.NUMBER, ""),
        ([2**63], Code.NUMBER, "/0"),
        ({"a": "\x00"}, Code.NUL, "/a"),
        ({"\x00": "a"}, Code.NUL, ""),
        (["\udfff"], Code.SURROGATE, "/0"),
        ({1: "a"}, Code.TYPE, ""),
        ({"a": {None: 1}}, Code.TYPE, "/a"),
        ((1, 2), Code.TYPE, ""),
        ({"a": Decimal(1)}, Code.TYPE, "/a"),
        ([date(2020, 1, 1)], Code.TYPE, "/0"),
        (b"x", Code.TYPE, ""),
        (cyclic(), Code.DEPTH, "/0" * 64),
        ([0] * 50_000, Code.NODES, ""),
        ("x" * 1_048_577, Code.TOO_LARGE, ""),
        ({"x\n\x1b[31m": math.nan}, Code.NUMBER, "/x\\n\\x1b[31m"),
    ],
    ids=in_short,
)
def test_it_holds_parsed_values_to_the_same_rules(value: object, code: Code, where: str) -> None:
    with pytest.raises(StrictError) as caught:
        strict.check(value)
    assert (caught.value.code, caught.value.where) == (code, where)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)
calm = settings(derandomize=True, deadline=None)


@calm
@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_it_reads_back_every_value_that_json_can_write(value: JSON, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert strict.loads(text) == value
    assert strict.loads(text.encode()) == value
    assert strict.check(value) is value


@calm
@given(st.text(st.sampled_from('[]{},:"\\u0d8eE+-.19 tfna\x00\n'), max_size=40) | st.binary(max_size=40))
def test_it_never_raises_anything_else_and_never_reads_what_json_would_not(raw: str | bytes) -> None:
    try:
        value = strict.loads(raw)
    except StrictError:
        return
    assert strict.check(value) == json.loads(raw)


def code_of(door: Callable[..., object], value: JSON, limits: Limits) -> str:
    try:
        door(value, limits=limits)
    except StrictError as error:
        return error.code
    return "sound"


@calm
@given(VALUES)
def test_the_bounds_count_as_the_walk_does(value: JSON) -> None:
    """Nodes and depth counted in the text are those of the value: both doors refuse alike."""
    for limits in (Limits(nodes=5), Limits(depth=2)):
        assert code_of(strict.loads, json.dumps(value), limits) == code_of(strict.check, value, limits)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[2]}', '{ "b" : [2.0], "a" : 1e0 }'),
        ("0", "-0.0"),
        ("100", "1e2"),
        ("1e300", "1" + "0" * 300 + ".0"),
        ('"\\u00e9"', '"é"'),
        ("0.1", "0.10"),
        ("-9223372036854775808", "-9223372036854775808.0"),
    ],
)
def test_equal_values_have_one_canonical_form(one: str, other: str) -> None:
    assert strict.canonical(strict.loads(one)) == strict.canonical(strict.loads(other))
    assert strict.digest(strict.loads(one)) == strict.digest(strict.loads(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "true"),
        ("0", "false"),
        ('"1"', "1"),
        ("9007199254740993", "9007199254740992"),
        ("[1,2]", "[2,1]"),
        ("{}", "[]"),
        ("{}", "null"),
        ('"é"', '"e\\u0301"'),
        ('{"a":null}', "{}"),
        ("0.1", "0.2"),
    ],
)
def test_values_that_differ_have_two_canonical_forms(one: str, other: str) -> None:
    assert strict.canonical(strict.loads(one)) != strict.canonical(strict.loads(other))


def test_an_integer_that_jsonb_hands_back_for_a_double_is_that_double() -> None:
    assert strict.canonical(10**300) == strict.canonical(1e300) == b"1e+300"


@calm
@given(VALUES)
def test_the_canonical_form_is_stable(value: JSON) -> None:
    form = strict.canonical(value)
    assert strict.canonical(json.loads(form)) == form
    assert len(strict.digest(value)) == 32


def test_it_costs_little_more_than_the_standard_reader() -> None:
    """A loose bound on the cost over json.loads, best of many, so that a slow machine does not fail it."""
    chance = random.Random(7)
    document = {
        "text": "An ordinary sentence, with some [marks]. " * 20,
        "tags": ["a", "b"],
        "n": chance.randint(0, 99),
    }
    raw = json.dumps(document).encode()

    def best_us(read: Callable[[bytes], object]) -> float:
        times = []
        for _ in range(300):
            started = time.perf_counter()
            read(raw)
            times.append(time.perf_counter() - started)
        return min(times) * 1e6

    if sys.gettrace() is None:  # under a debugger or coverage the figure says nothing
        assert best_us(strict.loads) - best_us(json.loads) < 60
