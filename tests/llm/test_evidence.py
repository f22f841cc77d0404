"""Evidence for each field comes from the tokens of its value and from samples that disagree."""

import pytest

from slider.llm import answers, evidence, spans
from slider.llm.records import Alternative, Answered
from tests.llm.conftest import SCHEMA, choice, completion, question, token


def read(*contents: str, logprobs: object = None) -> Answered:
    listed = {"content": logprobs} if logprobs is not None else None
    choices = [choice(contents[0], logprobs=listed), *(choice(content) for content in contents[1:])]
    return answers.read(completion(*choices), ask=question(n=len(contents), logprobs=True))


def leaf_texts(content: str, *, wrapped: bool = False) -> list[tuple[str, str]]:
    found = spans.leaves(content, start=0, wrapped=wrapped)
    return [(leaf.name, content[leaf.start : leaf.end]) for leaf in found]


@pytest.mark.parametrize(
    ("content", "wrapped", "found"),
    [
        ('{"a":"x","b":[1, {"c":true}],"d":""}', False, [("a", "x"), ("b", "1"), ("b", "true"), ("d", '""')]),
        ('{"answer": {"a": "x"}, "confidence": 0.9}', True, [("a", "x")]),
        ('{"confidence":0.9,"answer":"x"}', True, [("", "x")]),
        (' [1,"{\\"a\\":2}"]\n', False, [("", "1"), ("", '{\\"a\\":2}')]),
        ('{"k\\"e\\u0041y" : -1e5}', False, [('k"eAy', "-1e5")]),
        ("null", False, [("", "null")]),
        ("{}", False, []),
        ('{"a":[],"b":{}}', False, []),
    ],
)
def test_it_finds_the_scalars_of_each_field(content: str, wrapped: bool, found: list[tuple[str, str]]) -> None:
    assert leaf_texts(content, wrapped=wrapped) == found


def test_it_places_tokens_by_bytes() -> None:
    content = '{"label":"é"}'
    halves = [
        {"token": '{"label":"', "logprob": -0.1, "bytes": list(b'{"label":"')},
        {"token": "\\xc3", "logprob": -0.2, "bytes": [0xC3]},
        {"token": "\\xa9", "logprob": -0.3, "bytes": [0xA9]},
        {"token": '"}', "logprob": -0.4, "bytes": list(b'"}')},
    ]
    placed = spans.tokens({"content": halves}, content)
    values, _ = evidence.gather(content, placed, spans.leaves(content, start=0, wrapped=False))
    assert values == (-0.2, -0.3)


def test_it_allows_for_an_end_token_and_for_trimmed_blanks() -> None:
    listed = [token("\n"), token('{"label":"'), token("spam", -0.5), token('"}'), token("<|end|>")]
    assert read('{"label":"spam"}', logprobs=listed).value_logprobs == (-0.5,)


def test_it_counts_a_token_that_spans_two_values_once() -> None:
    content = '{"label":"spam","count":3}'
    listed = [token('{"label":"'), token('spam","count":3', -0.7), token("}")]
    answered = read(content, logprobs=listed)
    assert answered.value_logprobs == (-0.7,)
    assert [one.logprob for one in answered.fields] == [-0.7, -0.7]


def test_it_completes_an_alternative_token_to_the_only_label_that_fits() -> None:
    listed = [token('{"label":"'), token("sp", -0.4, h=-1.5, e=-2.0, zz=-3.0), token("am", -0.0), token('"}')]
    (field,) = read('{"label":"spam"}', logprobs=listed).fields
    assert field.name == "label"
    assert field.alternatives == (
        Alternative("ham", logprob=-1.5),
        Alternative("eggs", logprob=-2.0),
        Alternative("zz", logprob=-3.0),
    )


def test_it_reads_an_alternative_that_opens_the_value_itself() -> None:
    listed = [token('{"label":'), token('"spam', -0.4, **{'"ham"}': -1.2}), token('"}')]
    (field,) = read('{"label":"spam"}', logprobs=listed).fields
    assert field.alternatives == (Alternative("ham", logprob=-1.2),)


def test_it_shows_what_other_samples_said_instead() -> None:
    answered = read('{"label":"spam"}', '{"label":"spam","count":2}', '{"label":"ham"}', "oops", '{"label":"spam"}')
    label, count = answered.fields
    assert label.alternatives == (Alternative("ham", share=0.2),)
    assert count.name == "count"
    assert count.alternatives == (Alternative("2", share=0.2),)


def test_it_joins_what_tokens_and_samples_say_of_one_value() -> None:
    listed = [token('{"label":"'), token("spam", -0.2, ham=-1.8), token('"}')]
    (field,) = read('{"label":"spam"}', '{"label":"ham"}', logprobs=listed).fields
    assert field.alternatives == (Alternative("ham", logprob=-1.8, share=0.5),)


def test_it_names_an_answer_that_is_no_object_by_the_empty_name() -> None:
    ask = question(schema=SCHEMA.compile({"enum": ["spam", "ham"]}), wrapped=True, logprobs=True)
    listed = [token('{"answer":"'), token("spam", -0.2, h=-1.8), token('"}')]
    body = completion(choice('{"answer":"spam"}', logprobs={"content": listed}))
    (field,) = answers.read(body, ask=ask).fields
    assert (field.name, field.logprob) == ("", -0.2)
    assert field.alternatives == (Alternative("ham", logprob=-1.8),)


def test_it_finds_values_inside_a_fence() -> None:
    content = '```json\n{"label":"spam"}\n```'
    listed = [token("```json\n"), token('{"label":"'), token("spam", -0.6), token('"}\n```')]
    assert read(content, logprobs=listed).value_logprobs == (-0.6,)
