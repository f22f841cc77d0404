"""The demo's texts fit together: schemas, labels, messages, truths and the examples in the prompt."""

import json
from collections import Counter

import jsonschema_rs
import pytest

from slider.management.demo import brief
from slider.strict import JSON


def lines(path_text: str) -> list[dict[str, JSON]]:
    return [json.loads(line) for line in path_text.splitlines()]


@pytest.fixture(scope="module")
def messages() -> list[dict[str, JSON]]:
    return lines(brief.MESSAGES_PATH.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def truths() -> list[dict[str, JSON]]:
    return lines(brief.TRUTHS_PATH.read_text(encoding="utf-8"))


def test_every_message_has_one_truth(messages: list[dict[str, JSON]], truths: list[dict[str, JSON]]) -> None:
    ids = [message["id"] for message in messages]
    assert len(set(map(str, ids))) == len(ids) >= 620
    assert [truth["id"] for truth in truths] == ids


def test_messages_and_truths_fit_the_schemas(messages: list[dict[str, JSON]], truths: list[dict[str, JSON]]) -> None:
    inputs = jsonschema_rs.validator_for(brief.INPUT_SCHEMA, validate_formats=True)
    outputs = jsonschema_rs.validator_for(brief.OUTPUT_SCHEMA)
    for message, truth in zip(messages, truths, strict=True):
        inputs.validate({key: value for key, value in message.items() if key != "id"})
        outputs.validate({key: value for key, value in truth.items() if key != "id"})


def test_no_message_comes_twice(messages: list[dict[str, JSON]]) -> None:
    assert len({str(message["text"]).lower() for message in messages}) == len(messages)


def test_messages_stand_in_the_order_they_were_received(messages: list[dict[str, JSON]]) -> None:
    received = [str(message["received"]) for message in messages]
    assert received == sorted(received)


def test_topics_are_uneven_and_none_is_missing(truths: list[dict[str, JSON]]) -> None:
    counts = Counter(str(truth["topic"]) for truth in truths)
    assert set(counts) == set(brief.TOPICS)
    assert min(counts.values()) >= 25
    assert max(counts.values()) > 3 * min(counts.values())
    assert 0.08 < sum(truth["urgent"] is True for truth in truths) / len(truths) < 0.25


def test_the_examples_are_right_and_none_is_a_message(messages: list[dict[str, JSON]]) -> None:
    texts = {message["text"] for message in messages}
    assert 24 <= len(brief.EXAMPLES) <= 40
    for shot in brief.EXAMPLES:
        assert jsonschema_rs.is_valid(brief.INPUT_SCHEMA, shot.input)
        assert jsonschema_rs.is_valid(brief.OUTPUT_SCHEMA, shot.output)
        assert shot.text not in texts
    assert {shot.topic for shot in brief.EXAMPLES} == set(brief.TOPICS)


def test_every_topic_has_its_line_in_the_instructions() -> None:
    for topic in brief.TOPICS:
        assert f"\n- {topic}: " in brief.WORKER_INSTRUCTIONS
