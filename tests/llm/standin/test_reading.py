"""A prompt's hints and examples are found in the forms that people write them in."""

import pytest

from slider.llm.standin import reading

SYSTEM = {"role": "system", "content": "Sort the message.\n\n- refund: wants money back, return label\n- other: rest"}


@pytest.mark.parametrize(
    "line",
    [
        "- refund: wants money back, return label",
        "* **refund**: wants money back, return label",
        "1. `refund` - wants money back, return label",
        '"refund" = wants money back; return label',
        "   Refund — wants money back or return label",
    ],
)
def test_lines_that_describe_a_label_are_hints(line: str) -> None:
    hints = reading.read([{"role": "system", "content": f"Choose one:\n{line}\n"}]).hints
    assert hints["refund"].phrases == ("wants money back", "return label")


def test_pairs_of_user_and_assistant_are_examples() -> None:
    messages = [SYSTEM, {"role": "user", "content": "hi"}, {"role": "assistant", "content": '{"a":1}'}]
    assert reading.read(messages).examples == (reading.Example("hi", {"a": 1}),)


def test_input_and_output_blocks_are_examples_and_no_hints() -> None:
    text = "Rules: be kind\n\nInput: one\ntwo\nOutput: yes\n\n**Input**: three\n**Output**: no\n\nThe end."
    read = reading.read([{"role": "system", "content": text}])
    assert [(one.text.strip(), one.output) for one in read.examples] == [("one\ntwo", "yes"), ("three", "no")]
    assert set(read.hints) == {"rules"}


def test_keys_whose_values_repeat_are_not_read_as_words() -> None:
    messages = [SYSTEM]
    for at in range(6):
        question = f'{{"text": "message number {at}", "channel": "{"mail" if at % 2 else "chat"}"}}'
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": "other"}]
    read = reading.read(messages)
    assert read.dull_keys == {"channel"}
    assert read.examples[0].text == "message number 0"


def test_a_question_deeper_than_any_reader_is_still_a_text() -> None:
    deep = "[" * 100_000
    assert reading.question_text(deep) == deep
    assert reading.question_text("[" * 500 + '"x"' + "]" * 500) == ""
