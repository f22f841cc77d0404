"""A request that is wrong is refused with the name of the parameter at fault."""

import json
from typing import Any

import pytest

from slider.llm.standin import asked
from slider.llm.standin.errors import ApiError

VALID: dict[str, Any] = {"model": "standin-1", "messages": [{"role": "user", "content": "hi"}]}


def read(**changes: Any) -> asked.Asked:
    return asked.read(json.dumps({**VALID, **changes}).encode())


def test_a_plain_request_is_read_with_the_usual_values() -> None:
    wanted = read()
    assert (wanted.ask.temperature, wanted.ask.samples, wanted.ask.seed) == (1.0, 1, None)
    assert (wanted.logprobs, wanted.alternatives, wanted.max_tokens) == (False, 0, None)


def test_parts_of_text_are_joined_and_what_follows_the_last_question_is_left_out() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages = [{"role": "user", "content": parts}, {"role": "assistant", "content": "{"}]
    assert read(messages=messages).ask.messages == ({"role": "user", "content": "a\nb"},)


def test_max_completion_tokens_wins() -> None:
    assert read(max_tokens=5, max_completion_tokens=7).max_tokens == 7


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": None}, "model"),
        ({"stream": True}, "stream"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"seed": 1.5}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logprobs": 3}, "logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.name"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": []}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_bad_parameter_is_named(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(**changes)
    assert refused.value.status == 400
    assert refused.value.param == param


def test_another_model_is_not_found() -> None:
    with pytest.raises(ApiError, match="stand-in") as refused:
        read(model="gpt-4o")
    assert (refused.value.status, refused.value.code) == (404, "model_not_found")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        asked.read(body)
    assert refused.value.status == 400
