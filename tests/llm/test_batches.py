"""What comes down from a batch is read as strictly as an answer to a call, whatever the endpoint wrote."""

import json
from typing import Any

import pytest

from slider.llm import batches
from slider.llm.records import Outcome
from tests.llm.conftest import choice, completion, question


def row(**parts: Any) -> dict[str, Any]:
    return {"id": "b", "custom_id": "1.1", "response": None, "error": None, **parts}


def response(status: object, body: object) -> dict[str, Any]:
    return row(response={"status_code": status, "body": body})


def test_an_answer_is_read_like_any_other() -> None:
    body = json.loads(completion(choice('{"label": "spam"}')))
    found = batches.answered(response(200, body), ask=question())
    assert (found.outcome, found.answer, found.tokens_in) == (Outcome.ANSWERED, {"label": "spam"}, 12)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (response(200, json.loads(completion(choice('{"label": "no such"}')))), Outcome.SCHEMA_BROKEN),
        (response(200, json.loads(completion(choice('{"label": "spam"}', finish_reason="length")))), Outcome.TRUNCATED),
        (response(200, None), Outcome.BAD_RESPONSE),
        (response(200, "<html>"), Outcome.BAD_RESPONSE),
        (response(429, {"error": {"message": "slow down"}}), Outcome.RATE_LIMITED),
        (response(500, None), Outcome.SERVER_ERROR),
        (response(400, {"error": "bad"}), Outcome.BAD_REQUEST),
        (response(302, {}), Outcome.BAD_RESPONSE),
        (response("200", {}), Outcome.BAD_RESPONSE),
        (row(error={"code": "batch_expired", "message": "The batch expired."}), Outcome.TIMEOUT),
        (row(), Outcome.TIMEOUT),
        (row(response=["what"]), Outcome.TIMEOUT),
    ],
)
def test_every_other_row_has_an_outcome(given: dict[str, Any], outcome: Outcome) -> None:
    found = batches.answered(given, ask=question())
    assert found.outcome is outcome
    assert found.detail
    assert found.answer is None


def test_lines_that_are_no_rows_are_passed_over() -> None:
    lines = [
        b"",
        b"{",
        b"[1]",
        b'{"custom_id": 7}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"custom_id": "5.2", "response": null}',
    ]
    assert [custom_id for custom_id, _ in batches.read(lines)] == ["5.2"]


def test_a_question_is_one_line_whatever_is_in_it() -> None:
    written = batches.line("7.3", {"messages": [{"role": "user", "content": "a\nb\u2028c é"}]})
    assert written.count(b"\n") == 1
    assert json.loads(written)["custom_id"] == "7.3"
