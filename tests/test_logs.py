"""Logs: one JSON line an event, with ids, and without secrets or forged lines."""

import json
import logging

import pytest

from slider import logs

SECRETS = {
    "api_key": "sk-abcdefghijklmnop",
    "password": "correct horse",
    "authorization": "Bearer abc.def.ghi",
    "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


@pytest.mark.parametrize(("name", "value"), SECRETS.items())
def test_what_is_named_like_a_secret_is_blank(name: str, value: str) -> None:
    assert logs.redact(None, "info", {"event": "x", name: value})[name] == "[redacted]"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "Bearer abc.def.ghi",
        "sl_0a1b2c3d_Zm9vYmFyYmF6cXV4",
    ],
)
def test_what_looks_like_a_secret_is_blank_wherever_it_stands(secret: str) -> None:
    said = logs.redact(None, "info", {"event": f"the endpoint said: {secret} is wrong"})["event"]
    assert secret not in said
    assert said.startswith("the endpoint said: [redacted]")


def test_counts_of_tokens_are_no_secrets() -> None:
    assert logs.redact(None, "info", {"event": "x", "tokens_in": 7})["tokens_in"] == 7


def test_a_line_feed_in_a_value_does_not_make_a_second_line() -> None:
    logs.configure()
    handler = logging.getLogger().handlers[0]
    record = logging.LogRecord("x", logging.INFO, "f", 1, 'evil\n{"event": "forged"}\x1b[31m', None, None)
    line = handler.format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["event"].startswith("evil\n")
