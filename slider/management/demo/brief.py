"""The demo's task in words: what the worker of the support desk is told, shown and asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from slider.management.demo.instructions import INSTRUCTIONS
from slider.management.demo.shots import SHOTS, Shot
from slider.strict import JSON

TASK_NAME: Final = "Sort support messages"
TASK_SLUG: Final = "sort-support-messages"
PROJECT_NAME: Final = "Fernweh Outdoor support desk"
TITLE_FIELD: Final = "subject"

MESSAGES_PATH: Final = Path(__file__).with_name("messages.jsonl")
TRUTHS_PATH: Final = Path(__file__).with_name("truths.jsonl")

TOPICS: Final = (
    "delivery",
    "return_refund",
    "damaged",
    "exchange_size",
    "order_change",
    "payment_invoice",
    "product_question",
    "account_login",
    "complaint",
    "other",
)

INPUT_SCHEMA: Final[dict[str, JSON]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "subject": {"type": "string", "maxLength": 200},
        "text": {"type": "string", "minLength": 1, "maxLength": 4000},
        "channel": {"type": "string", "enum": ["mail", "chat", "form"]},
        "received": {"type": "string", "format": "date-time"},
    },
    "required": ["subject", "text", "channel"],
    "additionalProperties": False,
}

OUTPUT_SCHEMA: Final[dict[str, JSON]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "topic": {"type": "string", "enum": list(TOPICS)},
        "urgent": {"type": "boolean"},
    },
    "required": ["topic", "urgent"],
    "additionalProperties": False,
}

# The instructions and the examples are long, so each has a file of its own.
EXAMPLES: Final[tuple[Shot, ...]] = SHOTS
WORKER_INSTRUCTIONS: Final = INSTRUCTIONS
