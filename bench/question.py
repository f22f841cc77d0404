"""The one question that every way asks: the same bytes to the same endpoint."""

import random
from collections.abc import Iterator
from typing import Any

from slider.llm import prompt

MODEL = "bench-1"
INSTRUCTIONS = (
    "You read messages to a small shop. Say which topic a message is about and write a short reply to it. "
    "Choose the topic that the customer would choose; if two fit, take the one that costs money. "
) * 2
TOPICS = ["delivery", "refund", "product", "account", "other"]
INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"subject": {"type": "string"}, "text": {"type": "string"}, "orders": {"type": "integer"}},
    "required": ["subject", "text"],
    "additionalProperties": False,
}
OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": TOPICS}, "reply": {"type": "string"}},
    "required": ["topic", "reply"],
    "additionalProperties": False,
}
MAX_TOKENS = 1000
TOP_LOGPROBS = 5
_WORDS = (
    "my",
    "parcel",
    "still",
    "has",
    "not",
    "come",
    "please",
    "send",
    "it",
    "again",
    "the",
    "lamp",
    "was",
    "broken",
)


def bodies(count: int, *, words: int = 50) -> Iterator[dict[str, Any]]:
    """As many different messages of so many words, the same ones on every run."""
    chance = random.Random(11)
    for number in range(count):
        text = " ".join(chance.choices(_WORDS, k=words))
        yield {"subject": f"Message {number}", "text": text, "orders": number % 7}


def request(body: dict[str, Any], *, logprobs: bool) -> dict[str, Any]:
    """The arguments of one call, as the pump's own request has them."""
    messages = prompt.messages(
        instructions=INSTRUCTIONS, examples=[], item_input=body, output_schema=OUTPUT_SCHEMA, ask_confidence=False
    )
    made = {
        "model": MODEL,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "response_format": prompt.response_format(OUTPUT_SCHEMA, ask_confidence=False),
        "temperature": 0.0,
        "max_tokens": MAX_TOKENS,
    }
    return made | ({"logprobs": True, "top_logprobs": TOP_LOGPROBS} if logprobs else {})
