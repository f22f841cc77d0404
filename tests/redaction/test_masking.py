"""What is masked never leaves, comes back to the letter, and nothing comes back that was not given."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slider import redaction
from slider.redaction import Pattern, Rules, detecting, mask
from slider.redaction.masking import TOKEN
from slider.strict import JSON

ALL = Rules(detect=redaction.DETECTORS, patterns=(Pattern("CUSTOMER", r"C-\d{6}"), Pattern("CASE", r"\bcase \w+")))
IBAN = "DE89 3704 0044 0532 0130 00"
CARD = "4111 1111 1111 1111"
VALUES = st.sampled_from(
    [
        *("anna@example.com", "bo.li+x@münchen.example.de", "ａｎｎａ＠example．com"),
        *("+49 170 1234567", "(0221) 123 45 67"),
        *(IBAN, "GB82WEST12345698765432"),
        *(CARD, "5500-0000-0000-0004", "４１１１１１１１１１１１１１１１"),
        *("C-123456", "case 12"),
    ]
)
NOISE = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\x00"),
        st.sampled_from("@.-+ 0123456789[]_EMAILabc\u200b\u202e\u0660\uff20\u00ad\u0301"),
    ),
    max_size=40,
)
TEXT = st.lists(
    st.one_of(NOISE, VALUES, st.sampled_from(["[EMAIL_1]", "[CARD_2]", "[[", "]", "[EMAIL_"])), max_size=6
).map("".join)
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
ANY = st.recursive(
    st.one_of(TEXT, st.none(), st.booleans(), NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
FIELDS = Rules(masked=("/a", "/*/b", "/c/0"), detect=redaction.DETECTORS)


def texts(value: JSON) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (key, *texts(one))]
    return [str(value)] if type(value) is int else []


@given(ANY, st.sampled_from([ALL, FIELDS]))
def test_what_is_restored_is_what_was_masked(value: JSON, rules: Rules) -> None:
    masked = mask(value, rules)
    assert masked.restore(masked.value) == value
    assert json.dumps(masked.restore(masked.value)) == json.dumps(value)


def covered(text: str, masked: redaction.Masked) -> list[tuple[int, int]]:
    """Where in the original a token stands for it."""
    found, at, last = [], 0, 0
    written = str(masked.value)
    for token in TOKEN.finditer(written):
        if token[0] in masked.restore.values:
            at += token.start() - last
            value = str(masked.restore.values[token[0]])
            found.append((at, at + len(value)))
            at, last = at + len(value), token.end()
    return found


@given(TEXT)
def test_whatever_one_rule_finds_stands_behind_a_token(text: str) -> None:
    hidden = covered(text, mask(text, ALL))
    alone = [Rules(detect=(name,)) for name in ALL.detect] + [Rules(patterns=(one,)) for one in ALL.patterns]
    for rules in alone:
        for span in detecting.find(text, rules):
            assert any(start <= span.start and span.end <= end for start, end in hidden), text[span.start : span.end]


@given(st.lists(VALUES, min_size=1, max_size=5), NOISE)
def test_no_value_leaves_wherever_it_stands(values: list[str], noise: str) -> None:
    body: JSON = {"list": [f"{noise} {value} " for value in values], "deep": {"er": [{"x": values[0]}]}}
    masked = mask(body, ALL)
    written = json.dumps(masked.value, ensure_ascii=False)
    for value in values:
        assert value not in written
    assert sum(masked.counts.values()) >= len(values)
    assert all(value in json.dumps(body, ensure_ascii=False) for value in values), "without rules they leave"


@given(ANY)
def test_a_token_that_was_not_given_stays_what_the_model_wrote(value: JSON) -> None:
    masked = mask(value, ALL)
    for token in {"[EMAIL_99]", "[IBAN_7]", "[NOBODY_1]", "[email_1]", "EMAIL_1"} - set(masked.restore.values):
        assert masked.restore([token, {token: f"so {token}."}]) == [token, {token: f"so {token}."}]


def test_one_value_has_one_token_and_numbers_go_on() -> None:
    body: dict[str, Any] = {
        "a": "anna@example.com and bo@example.com",
        "b": ["bo@example.com"],
        "c": {"anna@example.com": 1},
    }
    masked = mask(body, ALL)
    assert masked.value == {"a": "[EMAIL_1] and [EMAIL_2]", "b": ["[EMAIL_2]"], "c": {"[EMAIL_1]": 1}}
    assert masked.counts == {"email": 4}
    assert masked.restore({"who": ["write to [EMAIL_2]"], "[EMAIL_1]": None}) == {
        "who": ["write to bo@example.com"],
        "anna@example.com": None,
    }


def test_tokens_that_stand_in_the_item_are_never_given() -> None:
    masked = mask({"text": "[EMAIL_1] wrote from anna@example.com"}, ALL, taken=["[EMAIL_2]"])
    assert masked.value == {"text": "[EMAIL_1] wrote from [EMAIL_3]"}
    assert masked.restore("[EMAIL_1] [EMAIL_2] [EMAIL_3]") == "[EMAIL_1] [EMAIL_2] anna@example.com"


def test_what_is_restored_is_not_read_for_tokens_again() -> None:
    rules = Rules(masked=("/a", "/b"))
    masked = mask({"a": "[FIELD_2]", "b": "[FIELD_1]"}, rules)
    assert masked.value == {"a": "[FIELD_3]", "b": "[FIELD_4]"}
    assert masked.restore("[FIELD_3][FIELD_4][FIELD_1]") == "[FIELD_2][FIELD_1][FIELD_1]"


def test_fields_are_left_out_and_masked_by_their_place() -> None:
    rules = Rules(left_out=("/secret", "/lines/*/note", "/list/1"), masked=("/customer/*", "/lines/*/price"))
    body: dict[str, Any] = {
        "secret": {"a": 1},
        "customer": {"name": "Anna Schmidt", "born": 1970, "vip": True, "none": None, "empty": ""},
        "lines": [{"note": "x", "price": 3.5, "what": "for Anna Schmidt"}, {"price": 4, "what": "Anna Schmidtke"}],
        "list": ["a", "b", "c"],
    }
    masked = mask(body, rules)
    assert masked.value == {
        "customer": {"name": "[FIELD_1]", "born": "[FIELD_2]", "vip": "[FIELD_3]", "none": None, "empty": ""},
        "lines": [{"price": "[FIELD_4]", "what": "for [FIELD_1]"}, {"price": "[FIELD_5]", "what": "Anna Schmidtke"}],
        "list": ["a", "c"],
    }
    assert masked.counts == {"field": 6, "left_out": 3}
    assert masked.restore({"born": "[FIELD_2]", "said": "born in [FIELD_2]"}) == {"born": 1970, "said": "born in 1970"}


@pytest.mark.parametrize(
    ("masked", "hidden"),
    [
        (["/lines/*/name", "/lines/0/note"], ["Anna Schmidt", "for Bo", "Carla Ito"]),
        (["/*/name", "/customer/mail"], ["Dora Roy", "dora@example.com"]),
        (["/*/0/name", "/lines/*/note", "/lines/0/at"], ["Anna Schmidt", "for Bo", "later", "Rome"]),
        (["/lines/*", "/lines/0/name"], ["Anna Schmidt", "for Bo", "Carla Ito", "later", "Rome"]),
        (["/lines/0/name", "/lines/*"], ["Anna Schmidt", "for Bo", "Carla Ito", "later", "Rome"]),
    ],
)
def test_every_rule_holds_where_several_name_the_same_place(masked: list[str], hidden: list[str]) -> None:
    body: JSON = {
        "lines": [{"name": "Anna Schmidt", "note": "for Bo", "at": "Rome"}, {"name": "Carla Ito", "note": "later"}],
        "customer": {"name": "Dora Roy", "mail": "dora@example.com"},
    }
    for rules in (Rules(masked=tuple(masked)), Rules(left_out=tuple(masked))):
        written = json.dumps(mask(body, rules).value)
        for text in ("Anna Schmidt", "for Bo", "Rome", "Carla Ito", "later", "Dora Roy", "dora@example.com"):
            assert (text in written) == (text not in hidden), (text, rules)


def test_a_place_in_a_list_is_the_one_that_came_in() -> None:
    body: JSON = {"lines": [{"name": "Anna Schmidt"}, {"name": "Carla Ito"}, {"name": "Dora Roy"}]}
    masked = mask(body, Rules(left_out=("/lines/0",), masked=("/lines/1/name",)))
    assert masked.value == {"lines": [{"name": "[FIELD_1]"}, {"name": "Dora Roy"}]}
    assert masked.restore("[FIELD_1]") == "Carla Ito"


def test_of_a_field_that_is_masked_whole_no_name_leaves_either() -> None:
    masked = mask({"debts": {"Anna Schmidt": {"to Bo": 5}}, "text": "to Anna"}, Rules(masked=("/debts",)))
    assert masked.value == {"debts": {"[FIELD_1]": {"[FIELD_2]": "[FIELD_3]"}}, "text": "to Anna"}
    assert masked.restore({"[FIELD_2]": "[FIELD_1]"}) == {"to Bo": "Anna Schmidt"}


@pytest.mark.parametrize("more", [0, 20, 400])
def test_texts_of_masked_fields_are_known_where_else_they_stand(more: int) -> None:
    names: list[JSON] = [
        "Anna",
        "Anna Schmidt",
        "(Bo)",
        "Zoë ★",
        "x" * 40 + "1",
        "x" * 40 + "2",
        *(f"other{n}" for n in range(more)),
    ]
    said = "Anna Schmidt, Anna! (Bo) and Zoë ★; Annabel, " + "x" * 40 + "2 xAnna " + "x" * 41
    masked = mask({"names": names, "said": said, "none": "Bo"}, Rules(masked=("/names/*",)))
    assert isinstance(masked.value, dict)
    assert masked.value["said"] == (
        "[FIELD_2], [FIELD_1]! [FIELD_3] and [FIELD_4]; Annabel, [FIELD_6] xAnna " + "x" * 41
    )
    assert masked.restore(masked.value["said"]) == said


def test_very_many_texts_are_looked_through_at_once() -> None:
    body: JSON = {
        "names": [f"name {n} of the customer" for n in range(600)],
        "said": [f"see name {n}" for n in range(15_000)],
    }
    began = time.process_time()
    mask(body, Rules(masked=("/names/*",)))
    assert time.process_time() - began < 1.0


def test_a_part_of_a_masked_field_can_be_left_out() -> None:
    masked = mask({"customer": {"name": "Anna Schmidt", "born": 1970}}, Rules(("/customer/born",), ("/customer/*",)))
    assert masked.value == {"customer": {"name": "[FIELD_1]"}}
    assert masked.counts == {"field": 1, "left_out": 1}


def test_overlapping_finds_are_one_and_nothing_of_them_is_left() -> None:
    rules = Rules(detect=("email",), patterns=(Pattern("LEFT", r"ticket anna"), Pattern("RIGHT", r"com/\d+")))
    masked = mask("a ticket anna@example.com/42 b", rules)
    assert masked.value == "a [LEFT_1] b"
    assert masked.restore(masked.value) == "a ticket anna@example.com/42 b"


@pytest.mark.parametrize(
    "text",
    [
        "ａｎｎａ＠example．com",  # full width
        "anna\u200b@exam\u00adple.com",  # what can't be seen
        "anna@exa\u0301mple.com",  # a mark over a letter
        "\u202eanna@example.com",
        "Ａnna@EXAMPLE。com",
        "٠١٢٣٤٥ tel: ٠١٧٠ ١٢٣٤٥٦٧",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u20091111\u20091111\u20091111",  # thin spaces
        "4111\u20131111\u20131111\u20131111",  # en dashes
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
        "DE\u200d89370400440532013000",
        "anna\x01@example.com",
        "4111\x011111\x7f1111\x1f1111",
        "4111\t1111\r\n1111\n1111",
        "DE89\t3704\r\n0044\n0532 0130 00",
        "1-415-555-2671",
        "1.415.555.2671",
        "06.12.34.56.78",
    ],
)
def test_a_disguise_is_seen_through(text: str) -> None:
    masked = mask(text, ALL)
    assert masked.counts, text
    assert masked.restore(masked.value) == text
    assert not any(character.isdecimal() for character in TOKEN.sub("", str(masked.value))) or "٠١٢٣٤٥ " in text


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 01", "4111 1111 1111 1112", "DE8937040044053201300"])
def test_what_does_not_check_is_none(text: str) -> None:
    assert mask(text, Rules(detect=("iban", "card"))).value == text


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # so is this one's
        "order 10004111111111111111 came",  # a longer number
        "on 01.02.2024, or 03/04/2025, or 2024-05-06",
        "3.14159265358979",
        "at 12:30 for 1,250.00 EUR",
        "from 1.2.2024 to 03.04.2025, version 10.2.33.4",
        "me@home and 5 @ 10.00",
        "C-12345",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert mask(text, ALL).value == text


@pytest.mark.parametrize("text", ["Konto DE89370400440532013000und mehr", f"IBAN{IBAN}", f"{IBAN} EUR 12", f"X{IBAN}"])
def test_an_iban_is_found_within_what_it_is_glued_to(text: str) -> None:
    masked = mask(text, ALL)
    assert "0532" not in str(masked.value)
    assert masked.restore(masked.value) == text


def test_a_number_is_masked_as_a_whole_and_stays_a_number() -> None:
    masked = mask({"card": 4111111111111111, "count": 7}, ALL)
    assert masked.value == {"card": "[CARD_1]", "count": 7}
    assert masked.restore({"card": "[CARD_1]"}) == {"card": 4111111111111111}


def times(piece: str, rules: Rules) -> tuple[float, float]:
    """CPU seconds for a quarter of a megabyte of it, and for a whole one."""
    took = []
    for size in (250_000, 1_000_000):
        text = (piece * (size // len(piece) + 1))[:size]
        began = time.process_time()
        masked = mask(text, rules)
        took.append(time.process_time() - began)
        assert masked.restore(masked.value) == text, "it comes back"
    return took[0], took[1]


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        (r"x(.*y)?", "x"),  # looks to the end of the text from each of its finds
        (r"x(.*y)?", "x" + 60 * "-"),
        (r"(a*)*b", "a"),  # what ruins a backtracking engine
        (r"(?:a|a)+$", "a"),
        (r"\bcase \w+", "case 12, which is new, and so forth. "),
        (r"ä+", "ä-"),
    ],
)
def test_own_patterns_take_linear_time(pattern: str, piece: str) -> None:
    quarter, whole = times(piece, Rules(patterns=(Pattern("OWN", pattern),)))
    assert whole < max(8 * quarter, 3.0)


@pytest.mark.parametrize(
    "piece",
    [
        "a@",
        "a@b.c",
        "1 ",
        "4 ",
        "4111 1111 1111 1111 ",
        "+49 ",
        "DE89",
        "aé@ü.de ",
        "0",
        "(0",
        "Dear Mrs, 12 of 30 came. ",
    ],
)
def test_the_detectors_take_linear_time(piece: str) -> None:
    quarter, whole = times(piece, Rules(detect=redaction.DETECTORS))
    assert whole < max(8 * quarter, 3.0)


def test_a_text_that_is_all_finds_is_masked_whole() -> None:
    text = "x " * (detecting.MOST + 1)
    masked = mask(text, Rules(patterns=(Pattern("OWN", "x"),)))
    assert masked.value == "[TEXT_1]"
    assert masked.restore(masked.value) == text
