"""Reads the body of a chat completion request, and says what is wrong with it in the API's own form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from slider.llm.standin.brain import Ask
from slider.llm.standin.errors import ApiError, bad_parameter

MODEL: Final = "standin-1"
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_MOST_SAMPLES: Final = 128
_MOST_ALTERNATIVES: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request: what the brain is asked, and how its answer is to be shown."""

    ask: Ask
    logprobs: bool
    alternatives: int
    max_tokens: int | None


def read(body: bytes) -> Asked:
    """The request in a body. Raises ApiError."""
    fields = json_object(body)
    model = fields.get("model")
    if not isinstance(model, str):
        raise bad_parameter("model", "you must provide a model parameter")
    if model != MODEL:
        message = f"The model `{model}` does not exist. This is a stand-in and has only `{MODEL}`."
        raise ApiError(404, message, param="model", code="model_not_found")
    if fields.get("stream"):
        raise bad_parameter("stream", "The stand-in does not stream; leave 'stream' out or set it to false.")
    messages = _messages(fields.get("messages"))
    schema, wants_object = _format(fields.get("response_format"))
    logprobs = fields.get("logprobs") or False
    alternatives = _whole(fields, "top_logprobs", 0, _MOST_ALTERNATIVES) or 0
    if not isinstance(logprobs, bool):
        raise bad_parameter("logprobs", f"Invalid 'logprobs': expected a boolean, got {logprobs!r}.")
    if fields.get("top_logprobs") is not None and not logprobs:
        raise bad_parameter("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.")
    ask = Ask(
        messages=messages,
        schema=schema,
        json_object=wants_object,
        temperature=_temperature(fields.get("temperature")),
        samples=_whole(fields, "n", 1, _MOST_SAMPLES) or 1,
        seed=_whole(fields, "seed", -(2**63), 2**63 - 1),
    )
    key = "max_completion_tokens" if fields.get("max_completion_tokens") is not None else "max_tokens"
    return Asked(ask, logprobs, alternatives, _whole(fields, key, 1, 2**31))


def json_object(body: bytes) -> dict[str, object]:
    """The object in a JSON body. Raises ApiError when it is something else."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"We could not parse the JSON body of your request: {error}") from error
    if not isinstance(fields, dict):
        raise ApiError(400, f"The body must be a JSON object, not {type(fields).__name__}.")
    return fields


def _messages(value: object) -> tuple[Mapping[str, str], ...]:
    if value is None:
        raise ApiError(
            400, "Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter"
        )
    if not isinstance(value, list) or not value:
        raise bad_parameter("messages", "Invalid 'messages': expected an array with at least one message.")
    read = [_message(one, f"messages[{at}]") for at, one in enumerate(value)]
    last = max((at for at, one in enumerate(read) if one["role"] == "user"), default=None)
    if last is None:
        raise bad_parameter("messages", "Invalid 'messages': the stand-in needs at least one message of the user.")
    return tuple(read[: last + 1])


def _message(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise bad_parameter(where, f"Invalid '{where}': expected an object.")
    role, content = value.get("role"), value.get("content")
    if role not in _ROLES:
        raise bad_parameter(f"{where}.role", f"Invalid role {role!r}; supported are {', '.join(_ROLES)}.")
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else None for part in content]
        if not all(isinstance(part, str) for part in parts):
            raise bad_parameter(f"{where}.content", "The stand-in reads parts of the type 'text' only.")
        content = "\n".join(str(part) for part in parts)
    if content is None and role == "assistant":
        content = ""
    if not isinstance(content, str):
        raise bad_parameter(f"{where}.content", f"Invalid '{where}.content': expected a string.")
    return {"role": str(role), "content": content}


def _format(value: object) -> tuple[Mapping[str, object] | None, bool]:
    if value is None:
        return None, False
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in ("text", "json_object", "json_schema"):
        message = f"Invalid 'response_format.type': {kind!r}; supported are text, json_object and json_schema."
        raise bad_parameter("response_format", message)
    if kind != "json_schema":
        return None, kind == "json_object"
    inner = value.get("json_schema")
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        message = "Missing required parameter: 'response_format.json_schema.name'."
        raise ApiError(400, message, param="response_format.json_schema.name", code="missing_required_parameter")
    schema = inner.get("schema", {})
    if not isinstance(schema, dict):
        raise bad_parameter("response_format.json_schema.schema", "The schema must be a JSON object.")
    return schema, False


def _temperature(value: object) -> float:
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
        raise bad_parameter("temperature", f"Invalid 'temperature': {value!r}; it must be a number from 0 to 2.")
    return float(value)


def _whole(fields: Mapping[str, object], key: str, low: int, high: int) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise bad_parameter(key, f"Invalid '{key}': {value!r}; it must be a whole number from {low} to {high}.")
    return value
