"""What a receiver repeats of an item, or of a secret, is not kept."""

import json

import pytest

from slider.flow import redacted

BODY = json.dumps(
    {"data": {"external_id": "m1", "answer": {"reply": 'Dear "Mrs" Röbinson', "amount": 1234.5, "tags": ["urgent!"]},
              "reason": "policy"}}
).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ok", "ok"),
        ('we got Dear "Mrs" Röbinson', "we got […]"),
        (json.dumps({"echo": 'Dear "Mrs" Röbinson'}), '{"echo": "[…]"}'),
        (json.dumps({"echo": 'Dear "Mrs" Röbinson'}, ensure_ascii=False), '{"echo": "[…]"}'),
        ("amount 1234.5 is too high, urgent! policy", "amount […] is too high, […] […]"),
        ("m1 is unknown", "m1 is unknown"),
        ("signature v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= is wrong", "signature […] is wrong"),
        ("your secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "your secret […]"),
        ("Authorization: Bearer abcdefghijkl", "[…]"),
        ('{"api_key": "k-123456", "a": 1}', '{"[…]", "a": 1}'),
        ("a\x00b\x1b[31mred\x1b[0m\r\nc", "a b [31mred [0m\nc"),
        ("\u202egnp.exe", " gnp.exe"),
    ],
)
def test_it_keeps_the_rest(said: str, kept: str) -> None:
    assert redacted.answer(said, of=BODY) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('we got Dear "Mr', "we got […]"),
        ('we got Dear "Mrs" R\ufffd', "we got […]"),
        ('{"echo": "Dear \\"Mrs\\" R\\u00f6b', '{"echo": "[…]'),
        ("12", "12"),
        ("amount 1234.", "amount […]"),
        ("both policy and urge", "both […] and […]"),
        ("pol is not the end", "pol is not the end"),
    ],
)
def test_what_was_cut_off_in_the_middle_of_it_is_not_kept_either(said: str, kept: str) -> None:
    assert redacted.answer(said, of=BODY) == kept


def test_a_text_with_odd_letters_is_known_again() -> None:
    body = json.dumps({"data": {"answer": "first line\r\nsecond\x1b line"}}).encode()
    assert redacted.answer("got first line\r\nsecond\x1b line!", of=body) == "got […]!"


def test_it_keeps_a_kibibyte_and_no_half_a_letter() -> None:
    kept = redacted.answer("é" * 5_000, of=BODY)
    assert len(kept.encode()) == redacted.MOST
    assert len(redacted.answer("a" + "é" * 5_000, of=BODY).encode()) == redacted.MOST - 1


def test_it_is_quick_however_long_and_odd_the_answer_is() -> None:
    long = json.dumps({"data": {"answer": [f"{n}{'a' * 2_000}" for n in range(300)]}}).encode()
    redacted.answer("a" * 2_000, of=long)
    redacted.answer("token" * 400 + "=" * 2_000 + " " * 2_000, of=BODY)
