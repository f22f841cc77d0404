"""Puts the brain's answer into the form of a chat completion, whole or with a fault in it."""

from __future__ import annotations

import itertools
import json
import time
from typing import Final

from slider.llm.standin import tokens
from slider.llm.standin.asked import MODEL, Asked
from slider.llm.standin.brain import Brain, Slip
from slider.llm.standin.errors import bad_parameter
from slider.llm.standin.faults import Fault, Faults
from slider.llm.standin.schemas import SchemaError
from slider.llm.standin.tokens import Token

FINGERPRINT: Final = "fp_standin_1_no_real_llm"
_REFUSAL: Final = "I'm sorry, I can't help with that. (The stand-in was told to refuse.)"
_HUGE: Final = 10_000_000
_TOKENS_PER_MESSAGE: Final = 4
_numbers = itertools.count(1)


def complete(asked: Asked, *, brain: Brain, fault: Fault | None, faults: Faults) -> dict[str, object]:
    """The body of the response. Raises ApiError when the schema can't be followed."""
    slip = Slip(quiet=faults.quiet) if faults.regresses(asked.ask.messages[-1]["content"]) else None
    try:
        answers = brain.answer(asked.ask, slip=slip)
    except SchemaError as error:
        raise bad_parameter("response_format.json_schema.schema", str(error)) from error
    if fault is Fault.ONE_SAMPLE:
        answers = answers[:1]
    choices = [_choice(at, answer, asked, fault) for at, answer in enumerate(answers)]
    prompt_tokens = sum(tokens.count(message["content"]) + _TOKENS_PER_MESSAGE for message in asked.ask.messages)
    said = sum(len(answer) for answer in answers)
    return {
        "id": f"chatcmpl-standin-{next(_numbers):08d}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": said,
            "total_tokens": prompt_tokens + said,
        },
    }


def _choice(index: int, answer: list[Token], asked: Asked, fault: Fault | None) -> dict[str, object]:
    if fault is Fault.REFUSE:
        return _shown(index, None, [], asked, refusal=_REFUSAL)
    said, finish = _with_fault(answer, fault), "stop"
    most = max(1, len(said) // 2) if fault is Fault.TRUNCATE else asked.max_tokens
    if most is not None and len(said) > most:
        said, finish = said[:most], "length"
    content = "".join(token.text for token in said)
    if fault is Fault.HUGE and not index:
        # In the text alone: the log probabilities of so many tokens would keep this process busy for seconds.
        content = content[:-1] + " " * _HUGE + content[-1:]
    return _shown(index, content, said, asked, finish=finish)


def _with_fault(answer: list[Token], fault: Fault | None) -> list[Token]:
    match fault:
        case Fault.EMPTY:
            return []
        case Fault.MALFORMED:
            return [*answer[:-1], *tokens.structural(', "and": so on')]
        case Fault.GIBBERISH:
            return tokens.structural(_nonsense("".join(token.text for token in answer)))
        case Fault.BREAK_SCHEMA:
            return tokens.structural('{"unforeseen":["nothing","like","this"]}')
        case _:
            return answer


def _nonsense(answer: str) -> str:
    """The same answer with nonsense for every text of more than one word, as a broken model talks."""
    try:
        found = json.loads(answer)
    except ValueError:
        return answer
    return json.dumps(_muttered(found), ensure_ascii=False)


def _muttered(value: object) -> object:
    if isinstance(value, dict):
        return {name: _muttered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_muttered(inner) for inner in value]
    return "da " * 40 + "da" if isinstance(value, str) and " " in value.strip() else value


def _shown(
    index: int,
    content: str | None,
    said: list[Token],
    asked: Asked,
    *,
    finish: str = "stop",
    refusal: str | None = None,
) -> dict[str, object]:
    logprobs: dict[str, object] | None = None
    if asked.logprobs:
        logprobs = {"content": [_token(token, asked.alternatives) for token in said], "refusal": None}
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def _token(token: Token, alternatives: int) -> dict[str, object]:
    shown = token.alternatives[:alternatives]
    return _logprob(token.text, token.logprob) | {"top_logprobs": [_logprob(text, value) for text, value in shown]}


def _logprob(text: str, value: float) -> dict[str, object]:
    return {"token": text, "logprob": value, "bytes": list(text.encode("utf-8", "surrogatepass"))}
