"""The stand-in keeps its promises on the demo's messages: it learns from the prompt, and knows when it doesn't know."""

import json
import time

import numpy as np
import pytest

from slider.llm.standin.brain import Ask, Brain, Slip
from slider.llm.standin.tokens import Token
from slider.strict import JSON
from tests.llm.standin.conftest import Answered, demo_ask

MESSAGE: dict[str, JSON] = {
    "subject": "Broken zip",
    "text": "The zip of the tent broke on the very first evening.",
    "channel": "mail",
}


def said(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens)


def by_confidence(answers: list[Answered]) -> list[Answered]:
    return sorted(answers, key=lambda answer: -answer.chance)


def accuracy(answers: list[Answered]) -> float:
    return sum(answer.right for answer in answers) / len(answers)


def test_it_is_right_on_most_of_the_demo_but_not_on_all(demo_answers: list[Answered]) -> None:
    assert 0.75 <= accuracy(demo_answers) <= 0.85


def test_examples_make_it_better(demo_answers: list[Answered], answers_without_examples: list[Answered]) -> None:
    assert accuracy(demo_answers) > accuracy(answers_without_examples) + 0.05


def test_the_more_confident_half_is_more_often_right(demo_answers: list[Answered]) -> None:
    ranked = by_confidence(demo_answers)
    half = len(ranked) // 2
    assert accuracy(ranked[:half]) > accuracy(ranked[half:]) + 0.15


def test_the_most_confident_three_fifths_are_nearly_always_right(demo_answers: list[Answered]) -> None:
    ranked = by_confidence(demo_answers)
    assert accuracy(ranked[: len(ranked) * 3 // 5]) >= 0.88


def calibration_error(answers: list[Answered]) -> float:
    """The expected calibration error over ten bins of equal width."""
    chances = np.array([answer.chance for answer in answers])
    right = np.array([answer.right for answer in answers], dtype=float)
    bins = np.minimum((chances * 10).astype(int), 9)
    gaps = [abs(float((chances - right)[bins == one].sum())) for one in range(10)]
    return sum(gaps) / len(chances)


def test_its_chances_are_calibrated_with_examples_and_without(
    demo_answers: list[Answered], answers_without_examples: list[Answered]
) -> None:
    assert calibration_error(demo_answers) <= 0.10
    assert calibration_error(answers_without_examples) <= 0.10


def test_temperature_zero_and_the_same_seed_always_say_the_same() -> None:
    ask = demo_ask(MESSAGE)
    assert Brain().answer(ask) == Brain().answer(ask)
    seeded = Ask(ask.messages, ask.schema, temperature=2.0, samples=8, seed=11)
    assert Brain().answer(seeded) == Brain().answer(seeded)


def test_samples_differ_at_a_high_temperature() -> None:
    ask = demo_ask({"subject": "", "text": "hello", "channel": "chat"})
    seeded = Ask(ask.messages, ask.schema, temperature=1.5, samples=16, seed=2)
    assert len({said(sample) for sample in Brain().answer(seeded)}) > 1


@pytest.mark.parametrize("indent", [None, 2])
def test_the_layout_of_the_question_does_not_matter(indent: int | None) -> None:
    compact = demo_ask(MESSAGE)
    question = {"role": "user", "content": json.dumps(MESSAGE, indent=indent)}
    asked = Ask((*compact.messages[:-1], question), compact.schema, temperature=0)
    assert Brain().answer(asked) == Brain().answer(compact)


def test_a_quiet_slip_is_wrong_and_as_sure_as_before() -> None:
    brain, ask = Brain(), demo_ask(MESSAGE)
    honest, slipped = brain.answer(ask)[0], brain.answer(ask, slip=Slip(quiet=True))[0]
    loud = brain.answer(ask, slip=Slip(quiet=False))[0]
    assert json.loads(said(honest))["topic"] == "damaged"
    assert json.loads(said(slipped))["topic"] != "damaged"
    sure = sum(token.logprob for token in honest)
    assert sum(token.logprob for token in slipped) == pytest.approx(sure, abs=1e-3)
    assert sum(token.logprob for token in loud) < sure - 0.3


def test_a_stated_confidence_comes_in_lumps_and_too_high() -> None:
    ask = demo_ask(MESSAGE)
    assert ask.schema is not None
    wrapper = {"type": "object", "properties": {"answer": ask.schema, "confidence": {"type": "number"}}}
    tokens = Brain().answer(Ask(ask.messages, wrapper, temperature=0))[0]
    answer = json.loads(said(tokens))
    assert answer["answer"] == {"topic": "damaged", "urgent": False}
    assert round(answer["confidence"] * 20, 6).is_integer()
    assert answer["confidence"] >= float(np.exp(sum(token.logprob for token in tokens))) - 0.025


def test_labels_described_in_the_text_are_enough() -> None:
    system = "Answer with one word:\n- fruit: apples, pears, cherries\n- tool: hammer, saw, pliers"
    messages = ({"role": "system", "content": system}, {"role": "user", "content": "a basket of pears"})
    assert said(Brain().answer(Ask(messages, None, temperature=0))[0]) == "fruit"


def test_without_labels_or_examples_it_says_what_it_is() -> None:
    messages = ({"role": "user", "content": "Write me a poem."},)
    assert "stand-in" in said(Brain().answer(Ask(messages, None))[0])


def test_the_shape_of_the_answer_is_learnt_from_examples() -> None:
    blocks = 'Input: it is raining\nOutput: {"wet": true}\n\nInput: the sun is out\nOutput: {"wet": false}'
    messages = ({"role": "system", "content": blocks}, {"role": "user", "content": "raining again"})
    answer = said(Brain().answer(Ask(messages, None, json_object=True, temperature=0))[0])
    assert json.loads(answer) == {"wet": True}


def test_a_question_costs_a_few_milliseconds() -> None:
    """Far above the usual cost (about one millisecond), so that only a change of its order fails."""
    labels = [f"label {at}" for at in range(64)]
    lines = "\n".join(f"- {label}: word{at}, thing{at} of kind{at}" for at, label in enumerate(labels))
    schema = {"type": "object", "properties": {"label": {"enum": labels}}}
    brain = Brain()

    def ask(at: int) -> Ask:
        question = {"role": "user", "content": f"word{at} " + "and much besides " * 20}
        return Ask(({"role": "system", "content": lines}, question), schema, temperature=0)

    brain.answer(ask(0))
    start = time.process_time()
    for at in range(50):
        brain.answer(ask(at))
    assert (time.process_time() - start) / 50 < 0.02
