"""The stand-in's mind: reads a prompt once, keeps what it learnt, and answers question after question.

It knows nothing but the prompt in front of it: the instructions, the descriptions of the labels, the examples.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from slider.llm.standin import reading, schemas, thoughts, tokens
from slider.llm.standin.planning import Planner
from slider.llm.standin.plans import Plan, Question
from slider.llm.standin.thoughts import Choice, Speech, Thought
from slider.llm.standin.tokens import Token

_SMALL_TALK: Final = "I am a stand-in for a language model and can only sort and extract."
_SMALL_TALK_LOGPROB: Final = -0.5

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """What one call wants. ``schema`` is None for text; ``json_object`` wants an object of any shape."""

    messages: tuple[Message, ...]
    schema: Mapping[str, object] | None
    json_object: bool = False
    temperature: float = 1.0
    samples: int = 1
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Slip:
    """An order to be wrong this time; ``quiet`` keeps the wrong answer as sure of itself as the right one was."""

    quiet: bool = True


@dataclass(frozen=True, slots=True)
class _Plans:
    reading: reading.Reading
    plan: Plan | None
    is_text: bool


class Brain:
    """Answers asks; not for several threads at once."""

    def __init__(self, *, remembered_prompts: int = 32) -> None:
        self._plans: OrderedDict[bytes, _Plans] = OrderedDict()
        self._remembered_prompts = remembered_prompts

    def answer(self, ask: Ask, *, slip: Slip | None = None) -> list[list[Token]]:
        """The tokens of each sample. Raises SchemaError when the schema can't be followed."""
        learnt = self._learnt(ask)
        content = ask.messages[-1]["content"]
        if learnt.plan is None:
            said = [Token(piece, _SMALL_TALK_LOGPROB) for piece in tokens.split(_SMALL_TALK)]
            return [said] * ask.samples
        value = reading.parsed(content)
        fields = value if isinstance(value, dict) else {}
        text = reading.question_text(content, learnt.reading.dull_keys)
        thought = learnt.plan.consider(Question(text=text, fields=fields))
        if slip is not None:
            turn = int.from_bytes(hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()[:4], "big")
            thought = thoughts.spoilt(thought, turn=turn, quiet=slip.quiet)
        return [_said(thought, ask, sample, is_text=learnt.is_text) for sample in range(ask.samples)]

    def _learnt(self, ask: Ask) -> _Plans:
        prompt = [dict(message) for message in ask.messages[:-1]]
        key = hashlib.sha256(json.dumps([prompt, ask.schema, ask.json_object]).encode()).digest()
        learnt = self._plans.get(key)
        if learnt is None:
            learnt = self._plans[key] = _learn(prompt, ask)
            if len(self._plans) > self._remembered_prompts:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return learnt


def _learn(prompt: Sequence[Message], ask: Ask) -> _Plans:
    read = reading.read(prompt)
    schema = ask.schema
    if schema is None:
        schema = schemas.schema_from([example.output for example in read.examples])
    if schema is None and ask.json_object:
        schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    planner = Planner(reading=read, root=schema or {})
    if schema is None:
        return _Plans(read, planner.plan_text(), is_text=True)
    return _Plans(read, planner.plan(schema), is_text=False)


def _said(thought: Thought, ask: Ask, sample: int, *, is_text: bool) -> list[Token]:
    # Chance of everyday kind: it draws samples, and a seed must bring them back.
    rng = random.Random() if ask.seed is None else random.Random(f"{ask.seed}/{sample}")  # noqa: S311
    speech = Speech(rng=rng, temperature=ask.temperature)
    if is_text and isinstance(thought, Choice):
        speech.say_choice(thought, [str(option) for option in thought.options])
    else:
        speech.say(thought)
    return speech.tokens
