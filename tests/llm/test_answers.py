"""Each thing a model can say has its own outcome, and nothing is mended on the way."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slider.llm import answers
from slider.llm.records import Answered, Flag, Outcome
from slider.strict import JSON
from tests.llm.conftest import TEXT, choice, completion, question, token

GOOD = '{"label":"spam"}'


def read(content: object, **said: object) -> Answered:
    """What one choice with this content is read as."""
    return answers.read(completion(choice(content, **said)), ask=question())  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (None, Outcome.EMPTY, "no text"),
        ("", Outcome.EMPTY, "no text"),
        (" \n\t ", Outcome.EMPTY, "no text"),
        ([{"type": "text", "text": GOOD}], Outcome.BAD_RESPONSE, "not text"),
        ('{"label":"spam"', Outcome.MALFORMED, "line 1, column 16"),
        ('{"label":"spam",}', Outcome.MALFORMED, "not JSON"),
        ("{'label':'spam'}", Outcome.MALFORMED, "not JSON"),
        ('{"label":"spam"} // sure', Outcome.MALFORMED, "not JSON"),
        (GOOD + GOOD, Outcome.MALFORMED, "extra data"),
        (GOOD + "\n" + GOOD, Outcome.MALFORMED, "extra data"),
        (f"Sure! {GOOD}", Outcome.MALFORMED, "not JSON"),
        ("I'm sorry, I can't help with that.", Outcome.MALFORMED, "not JSON"),
        ("da da da da", Outcome.MALFORMED, "not JSON"),
        ('{"label":"spam","label":"ham"}', Outcome.MALFORMED, "stands twice"),
        ('{"label":"spam","count":NaN}', Outcome.MALFORMED, "/count"),
        ('{"label":"spam","count":1e400}', Outcome.MALFORMED, "/count"),
        ('{"label":"spam","count":' + "9" * 5000 + "}", Outcome.MALFORMED, "/count"),
        ('{"label":"spam\x00"}', Outcome.MALFORMED, "NUL"),
        ('{"label":"spam\\u0000"}', Outcome.MALFORMED, "NUL"),
        ('{"label":"spam\\ud800"}', Outcome.MALFORMED, "surrogate"),
        ('{"label":"spam\x07"}', Outcome.MALFORMED, "control character"),
        ("[" * 5000 + "]" * 5000, Outcome.MALFORMED, "nested"),
        ('{"label":"Spam"}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"spam "}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"Müll"}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"\u202espam"}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"[spam](javascript:alert(1))"}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"=cmd()"}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":["spam"]}', Outcome.SCHEMA_BROKEN, "/label"),
        ('{"label":"spam","count":"3"}', Outcome.SCHEMA_BROKEN, "/count"),
        ('{"label":"spam","note":"approve this"}', Outcome.SCHEMA_BROKEN, "note"),
        ('{"label":"spam","confidence":0.99}', Outcome.SCHEMA_BROKEN, "confidence"),
        ('{"text":"hello"}', Outcome.SCHEMA_BROKEN, "label"),
        ("{}", Outcome.SCHEMA_BROKEN, "label"),
        ('"spam"', Outcome.SCHEMA_BROKEN, "object"),
        ("x" * 300_000, Outcome.TOO_LONG, "300,000"),
        ("x" * 10_000_000, Outcome.TOO_LONG, "10,000,000"),
        ("é" * 200_000, Outcome.TOO_LONG, "400,000"),
    ],
)
def test_it_names_what_is_wrong_with_an_answer(content: object, outcome: Outcome, words: str) -> None:
    answered = read(content)
    assert answered.outcome is outcome, answered.detail
    assert words in answered.detail
    assert answered.answer is None
    assert answered.fields == ()


def test_a_refusal_in_prose_is_not_asked_again() -> None:
    assert not read("I won't.").outcome.retryable


def test_it_checks_the_length_before_it_parses() -> None:
    answered = read(GOOD, finish_reason="length")
    assert answered.outcome is Outcome.TRUNCATED
    assert answered.finish_reason == "length"


def test_it_names_a_truncated_answer_without_content() -> None:
    assert read(None, finish_reason="length").outcome is Outcome.TRUNCATED


def test_it_names_a_filtered_answer() -> None:
    assert read(None, finish_reason="content_filter").outcome is Outcome.FILTERED


def test_it_names_a_refusal_and_keeps_its_words() -> None:
    answered = read(None, refusal="I can't do that.\nSorry.")
    assert answered.outcome is Outcome.REFUSED
    assert answered.detail == "The model refused: I can't do that. Sorry."
    assert answered.raw == "I can't do that.\nSorry."


def test_it_accepts_a_fence_and_says_so() -> None:
    answered = read('```json\n{"label": "ham"}\n```\n')
    assert (answered.outcome, answered.answer) == (Outcome.ANSWERED, {"label": "ham"})
    assert Flag.FENCED in answered.flags
    assert answered.raw.startswith("```")


def test_it_flags_no_fence_where_there_is_none() -> None:
    assert Flag.FENCED not in read(GOOD).flags


@pytest.mark.parametrize("text", [f"```\n{GOOD}\n```\n```\n{GOOD}\n```", f"see ```json\n{GOOD}\n```", f"```{GOOD}```"])
def test_it_accepts_one_whole_fence_and_no_other(text: str) -> None:
    assert read(text).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>busy</html>", "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"1" * 10_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"error":{"message":"overloaded","code":529}}', "overloaded"),
        (b'{"error":"overloaded"}', "overloaded"),
        (b'{"choices":[]}', "no choices"),
        (b"{}", "no choices"),
        (b'{"choices":{}}', "no choices"),
        (b'{"choices":[1]}', "no message"),
        (b'{"choices":[{"message":null}]}', "no message"),
    ],
)
def test_it_names_a_200_that_is_no_answer(body: bytes, words: str) -> None:
    answered = answers.read(body, ask=question())
    assert answered.outcome is Outcome.BAD_RESPONSE
    assert words in answered.detail


def test_it_refuses_more_choices_than_asked_for() -> None:
    assert answers.read(completion(choice(GOOD), choice(GOOD)), ask=question()).outcome is Outcome.BAD_RESPONSE


def test_it_flags_fewer_samples_than_asked_for() -> None:
    answered = answers.read(completion(choice(GOOD), choice(GOOD)), ask=question(n=3))
    assert answered.outcome is Outcome.ANSWERED
    assert Flag.SAMPLES_SHORT in answered.flags
    assert len(answered.samples) == 2


@pytest.mark.parametrize(
    "usage",
    [{}, [], "many", {"prompt_tokens": -1, "completion_tokens": 2}, {"prompt_tokens": 1.5, "completion_tokens": 2}],
)
def test_it_flags_a_missing_count_of_tokens(usage: object) -> None:
    answered = answers.read(completion(choice(GOOD), usage=usage), ask=question())
    assert answered.outcome is Outcome.ANSWERED
    assert answered.tokens_in is None
    assert Flag.USAGE_MISSING in answered.flags


def test_it_takes_the_most_frequent_answer_and_its_first_sample() -> None:
    said = ['{"label":"ham"}', '{"label":"spam","count":1}', '{"count":1.0,"label":"spam"}', "oops"]
    answered = answers.read(completion(*map(choice, said)), ask=question(n=4))
    assert answered.answer == {"label": "spam", "count": 1}
    assert [one.outcome for one in answered.samples] == [Outcome.ANSWERED] * 3 + [Outcome.MALFORMED]
    assert answered.samples[1].text == answered.samples[2].text, "key order and 1.0 change no answer"
    assert answered.raw == said[1]


def test_it_takes_the_earliest_of_equally_frequent_answers() -> None:
    said = ['{"label":"ham"}', '{"label":"spam"}']
    assert answers.read(completion(*map(choice, said)), ask=question(n=2)).answer == {"label": "ham"}


def test_it_says_why_the_first_sample_failed_when_all_did() -> None:
    answered = answers.read(completion(choice(""), choice("oops")), ask=question(n=2))
    assert answered.outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    ("content", "confidence"),
    [
        ('{"answer":"hi","confidence":0.75}', 0.75),
        ('{"answer":"hi","confidence":1}', 1.0),
        ('{"answer":"hi","confidence":1.5}', None),
        ('{"answer":"hi","confidence":"high"}', None),
        ('{"answer":"hi","confidence":true}', None),
        ('{"answer":"hi"}', None),
    ],
)
def test_it_unwraps_an_answer_with_its_confidence(content: str, confidence: float | None) -> None:
    ask = question(schema=TEXT, wrapped=True, ask_confidence=True)
    answered = answers.read(completion(choice(content)), ask=ask)
    assert (answered.outcome, answered.answer, answered.confidence) == (Outcome.ANSWERED, "hi", confidence)
    assert (Flag.CONFIDENCE_UNUSABLE in answered.flags) == (confidence is None)


@pytest.mark.parametrize("content", ['"hi"', '{"answer":"hi","more":1}', '{"confidence":0.5}', '{"answer":3}'])
def test_it_refuses_a_wrapper_of_another_shape(content: str) -> None:
    ask = question(schema=TEXT, wrapped=True, ask_confidence=True)
    assert answers.read(completion(choice(content)), ask=ask).outcome is Outcome.SCHEMA_BROKEN


def test_it_ignores_a_confidence_that_nobody_asked_for() -> None:
    ask = question(schema=TEXT, wrapped=True)
    answered = answers.read(completion(choice('{"answer":"hi","confidence":1}')), ask=ask)
    assert answered.outcome is Outcome.SCHEMA_BROKEN
    assert answered.confidence is None


def test_it_keeps_markup_as_the_text_it_is() -> None:
    text = '<img src=x onerror=alert(1)> ![](https://evil.example/?d=) =HYPERLINK("x") \u202e'
    content = json.dumps({"answer": text}, ensure_ascii=False)
    assert answers.read(completion(choice(content)), ask=question(schema=TEXT, wrapped=True)).answer == text


def test_it_keeps_a_raw_text_that_can_be_stored() -> None:
    answered = read("\x00" + "\ud800" + "x" * 100_000)
    assert answered.raw.startswith("\ufffd\ufffdx")
    assert len(answered.raw) == 64 * 1024


SPAM = [token('{"label'), token('":"'), token("sp", -0.2), token("am", -0.3), token('"}')]


def with_logprobs(listed: object, content: str = GOOD) -> Answered:
    body = completion(choice(content, logprobs={"content": listed}))
    return answers.read(body, ask=question(logprobs=True, top_logprobs=5))


def test_it_keeps_the_logprobs_of_value_tokens_alone() -> None:
    answered = with_logprobs(SPAM)
    assert answered.value_logprobs == (-0.2, -0.3)
    assert answered.fields[0].logprob == pytest.approx(-0.5)
    assert Flag.LOGPROBS_UNUSABLE not in answered.flags


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf, 0.1, -9999.0, "-0.1", True])
def test_it_trusts_no_logprobs_when_one_is_none(bad: object) -> None:
    listed = [*SPAM[:3], token("am", bad), SPAM[4]]  # type: ignore[arg-type]  # what no honest endpoint sends
    answered = with_logprobs(listed)
    assert answered.outcome is Outcome.ANSWERED
    assert answered.value_logprobs == ()
    assert answered.fields[0].logprob is None
    assert Flag.LOGPROBS_UNUSABLE in answered.flags


@pytest.mark.parametrize("listed", [None, [], {}, SPAM[:3], SPAM[1:], [{"logprob": -0.1}], ["spam"], 7])
def test_it_trusts_no_logprobs_that_do_not_spell_the_answer(listed: object) -> None:
    answered = with_logprobs(listed)
    assert answered.outcome is Outcome.ANSWERED
    assert answered.value_logprobs == ()
    assert Flag.LOGPROBS_UNUSABLE in answered.flags


def test_it_gives_no_evidence_for_what_is_no_answer() -> None:
    answered = with_logprobs([token("oops")], content="oops")
    assert (answered.outcome, answered.value_logprobs, answered.fields) == (Outcome.MALFORMED, (), ())


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["content", "message", "token", "bytes", "logprob", "x"]), inner)
    ),
    max_leaves=12,
)


@given(DOCUMENTS)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_it_never_raises_whatever_an_endpoint_sends(document: JSON) -> None:
    ask = question(logprobs=True)
    answers.read(json.dumps(document).encode(), ask=ask)
    answers.read(completion(document), ask=ask)
    answers.read(json.dumps({"choices": [{"message": document}], "usage": document}).encode(), ask=ask)
    answers.read(completion(choice(document)), ask=ask)
    answers.read(completion(choice(GOOD, logprobs={"content": [document]})), ask=ask)
    assert answers.read(completion(choice(GOOD, logprobs=document)), ask=ask).outcome is Outcome.ANSWERED
