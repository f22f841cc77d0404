"""Examples are read line by line, each checked against the task's schemas, and written so that they read back."""

import pytest

from slider.models import examples
from slider.schema import Schema
from slider.views.setup_fields import labels_schema, text_schema

SHAPE = examples.Shape(Schema.compile(text_schema("text")), Schema.compile(labels_schema("topic", ["a", "b c"])))


def test_a_tab_parts_input_and_answer() -> None:
    assert examples.read("hello\ta\n\n  hi \t b c ", SHAPE) == [
        {"input": {"text": "hello"}, "output": {"topic": "a"}},
        {"input": {"text": "hi"}, "output": {"topic": "b c"}},
    ]


def test_what_is_written_reads_back() -> None:
    kept = [{"input": {"text": "é\t{\n"}, "output": {"topic": "a"}}]
    assert examples.read(examples.write(kept), SHAPE) == kept


def test_every_bad_line_is_named_and_ten_are_shown() -> None:
    with pytest.raises(examples.ExamplesError) as caught:
        examples.read("\n".join(["hello\ta", *["no tab"] * 12]), SHAPE)
    assert len(caught.value.problems) == 11
    assert caught.value.problems[0].startswith("Line 2: this is neither")
    assert caught.value.problems[10] == "… and 2 more lines like these."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "Line 1: "),
        ('{"input": {"text": "a"}, "output": {"topic": "a"}, "x": 1}', "and nothing else"),
        ('{"input": {"text": 1}, "output": {"topic": "a"}}', "Line 1: input/text:"),
        ("hello\tz", "Line 1: output/topic:"),
        ('{"input": NaN, "output": 1}', "Line 1: "),
    ],
)
def test_a_line_that_does_not_fit_says_where(line: str, words: str) -> None:
    with pytest.raises(examples.ExamplesError, match=words):
        examples.read(line, SHAPE)


def test_several_fields_need_json() -> None:
    two = Schema.compile({"type": "object", "properties": {"a": {}, "b": {}}})
    with pytest.raises(examples.ExamplesError, match="has several fields: write the example as JSON"):
        examples.read("x\ta", examples.Shape(two, SHAPE.output))


def test_too_many_are_refused() -> None:
    with pytest.raises(examples.ExamplesError, match="at most 1,000"):
        examples.read("hello\ta\n" * 1_001, SHAPE)
