"""The stand-in as a process of its own, and its answers to the demo's messages."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from slider.llm import prompt
from slider.llm.standin.brain import Ask, Brain
from slider.management.demo import brief
from slider.strict import JSON


@dataclass(frozen=True, slots=True)
class Answered:
    """One demo message answered: whether both fields are right, and the chance the answer was given."""

    right: bool
    chance: float


def demo_ask(item_input: JSON, *, with_examples: bool = True, temperature: float = 0.0) -> Ask:
    """The call that the product makes for an item of the demo's task."""
    shots = brief.EXAMPLES if with_examples else ()
    messages = prompt.messages(
        instructions=brief.WORKER_INSTRUCTIONS,
        examples=[prompt.Example(shot.input, shot.output) for shot in shots],
        item_input=item_input,
        output_schema=brief.OUTPUT_SCHEMA,
        ask_confidence=False,
    )
    spoken = tuple({"role": message.role, "content": message.content} for message in messages)
    return Ask(messages=spoken, schema=brief.OUTPUT_SCHEMA, temperature=temperature)


def answer_the_demo(*, with_examples: bool) -> list[Answered]:
    brain = Brain()
    answered = []
    with brief.MESSAGES_PATH.open() as messages, brief.TRUTHS_PATH.open() as truths:
        for message_line, truth_line in zip(messages, truths, strict=True):
            message, truth = json.loads(message_line), json.loads(truth_line)
            assert message.pop("id") == truth.pop("id")
            tokens = brain.answer(demo_ask(message, with_examples=with_examples))[0]
            said = json.loads("".join(token.text for token in tokens))
            answered.append(Answered(said == truth, math.exp(sum(token.logprob for token in tokens))))
    return answered


@pytest.fixture(scope="session")
def demo_answers() -> list[Answered]:
    return answer_the_demo(with_examples=True)


@pytest.fixture(scope="session")
def answers_without_examples() -> list[Answered]:
    return answer_the_demo(with_examples=False)


@pytest.fixture(scope="session")
def standin_url() -> Iterator[str]:
    """The address of a stand-in that runs as long as the tests do."""
    command = [sys.executable, "-m", "slider.llm.standin", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said, address = process.stdout.readline().strip().split(" on ")
        assert said == "Stand-in model (no real LLM)"
        yield address
        process.terminate()
        assert process.wait(10) == 0
