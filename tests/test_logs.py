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


class Held:
    """An object that prints what it holds."""

    def __repr__(self) -> str:
        return "Held(url='https://a.example', api_key='HIDE-7', n=3)"


NESTED = {
    "a dictionary in a dictionary": {"request": {"headers": {"Authorization": "HIDE-1", "Accept": "SHOW"}}},
    "a list of dictionaries": {"calls": [{"api_key": "HIDE-2", "model": "SHOW"}, {"client_secret": "HIDE-3"}]},
    "headers in pairs": {"headers": [("Cookie", "HIDE-4"), ("Accept", "SHOW")]},
    "headers in bytes": {"headers": [(b"set-cookie", b"HIDE-4"), (b"accept", b"SHOW")]},
    "a name in bytes": {"sent": {b"X-Api-Key": b"HIDE-5", b"n": b"SHOW"}},
    "a dictionary under a name of a secret": {"session_data": {"a": {"b": "HIDE-6"}}},
    "an object that prints itself": {"ask": Held(), "model": "SHOW"},
    "a value that looks like one, deep down": {"a": [[["Bearer HIDE.8.x", "SHOW"]]]},
    "deeper than anybody looks": {"a": [[[[[[[{"password": "HIDE-9"}]]]]]]], "b": "SHOW"},
    "deeper in dictionaries": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"token": "HIDE-9"}}}}}}}, "b": "SHOW"},
    "a tuple in a dictionary": {"a": {"b": ({"passwords": ["HIDE-10"]}, "SHOW")}},
}


@pytest.mark.parametrize("event", NESTED.values(), ids=NESTED)
def test_what_is_named_like_a_secret_is_blank_however_deep_it_lies(event: dict[str, object]) -> None:
    told = json.dumps(logs.redact(None, "info", {"event": "x"} | event))
    assert "HIDE" not in told
    assert "SHOW" in told or "session_data" in told


def test_numbers_stay_numbers_and_texts_stay_texts() -> None:
    event = {"event": "x", "n": 7, "share": 0.5, "on": True, "none": None, "deep": {"tokens_in": 7, "words": "a b"}}
    assert logs.redact(None, "info", dict(event)) == event


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
