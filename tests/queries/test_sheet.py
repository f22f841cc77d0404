"""The sheet of a look says why in numbers, marks the very field and offers only answers that can stand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from slider.llm.records import Alternative
from slider.models import Attempt, Outcome, Worker
from slider.queries import sheet as sheets
from slider.queries.sheet import Sheet
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db

SAID = {"topic": "refund", "urgent": False, "amount": 12}


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def sheet(cast: Company, answered: object = None, **body: object) -> Sheet:
    casts.one(cast.task, "m1", answered, **body)  # type: ignore[arg-type]  # as one() takes it
    return sheets.of(casts.take(cast.reviewer, cast.task))


def test_disagreement_is_counted_and_marks_its_field(cast: Company) -> None:
    others = [SAID | {"topic": "other"}, SAID, SAID | {"topic": "delivery"}, SAID | {"topic": "other"}]
    found = sheet(cast, casts.says(SAID, others=others, p=0.5))
    assert found.reason == "Three of five samples differ in Topic."
    assert [line.part.name for line in found.lines if line.doubt] == ["topic"]
    assert [(a.key, a.value, a.support) for a in found.alternatives] == [
        (1, "other", "2 of 5 samples"),
        (2, "delivery", "1 of 5 samples"),
    ]


def test_a_failed_sample_is_said(cast: Company) -> None:
    assert sheet(cast, casts.says(SAID, others=[None, SAID])).reason == "One of three samples gave no usable answer."


def test_an_unsure_token_is_said_with_its_chance(cast: Company) -> None:
    assert sheet(cast, casts.says(SAID, p=0.54)).reason == "The model gave a chance of 0.54 to its Topic."


def test_several_fields_are_listed(cast: Company) -> None:
    others = [SAID | {"topic": "other", "amount": 94, "urgent": True}]
    assert (
        sheet(cast, casts.says(SAID, others=others)).reason == "One of two samples differs in Topic, urgent and amount."
    )


def test_nothing_odd_is_said_plainly(cast: Company) -> None:
    assert sheet(cast, casts.says(SAID, others=[SAID], p=0.99)).reason == "No field stands out."


def test_an_alternative_that_breaks_the_schema_is_not_offered(cast: Company) -> None:
    others = [SAID | {"topic": "weather"}, SAID | {"amount": -4}, SAID | {"amount": 5}]
    found = sheet(cast, casts.says(SAID, others=others))
    assert [a.answer for a in found.alternatives] == [SAID | {"amount": 5}]


def test_there_are_at_most_nine_alternatives(cast: Company) -> None:
    found = sheet(cast, casts.says(SAID, others=[SAID | {"amount": n} for n in range(20, 34)]))
    assert [a.key for a in found.alternatives] == list(range(1, 10))


def test_what_no_sample_chose_has_no_support(cast: Company) -> None:
    near = casts.says(SAID, p=0.6)
    field = replace(near.fields[0], alternatives=(Alternative("other", -1.2, None),))
    found = sheet(cast, replace(near, fields=(field,)))
    assert [(a.value, a.support) for a in found.alternatives] == [("other", "")]


def test_no_text_stands_in_the_heading_and_below_it(cast: Company) -> None:
    found = sheet(cast, subject="A glove", text="One is missing.")
    assert (found.title, [field.name for field in found.source]) == ("A glove", ["text"])


@pytest.mark.parametrize("subject", ["", "One glove is missing, please send it."])
def test_a_heading_that_repeats_the_text_gives_way_to_the_id(cast: Company, subject: str) -> None:
    found = sheet(cast, subject=subject, text="One glove is missing, please send it.")
    assert found.title == "m1"
    assert "text" in [field.name for field in found.source]


def test_a_heading_that_was_cut_stands_whole_below(cast: Company) -> None:
    found = sheet(cast, subject="word " * 30, text="Short.")
    assert found.title == "m1"
    assert ("subject", "word " * 30) in [(field.name, field.value) for field in found.source]


def test_a_refusal_is_said_with_what_the_model_wrote(cast: Company) -> None:
    found = sheet(cast, casts.fails(detail="the model refused", raw="I'd rather not."))
    assert found.reason == "The worker gave no usable answer: the model refused."
    assert (found.lines, found.raw) == ((), "I'd rather not.")


def test_a_hard_rule_is_named(cast: Company) -> None:
    cast.task.never_unattended = [{"field": "channel", "equals": "mail"}]
    cast.task.save()
    assert sheet(cast, channel="mail").reason.startswith("A hard rule keeps it with people: channel is mail.")


def test_a_chance_is_said_only_once_there_are_labels(cast: Company) -> None:
    assert sheet(cast, casts.says(SAID)).p_correct is None
    casts.decide(cast.reviewer, cast.task)
    casts.calibrate(cast.task, p_correct=0.73)
    casts.one(cast.task, "m2", casts.says(SAID))
    assert sheets.of(casts.take(cast.reviewer, cast.task)).p_correct == pytest.approx(0.73)


def test_a_sentinels_reason_is_said_and_no_chance_of_being_right_beside_it(cast: Company) -> None:
    casts.calibrate(cast.task, p_correct=0.97)
    found = sheet(cast, casts.says(SAID | {"reply": "da da da da da da da da"}))
    assert found.reason == "A sentinel distrusts it: the answer's reply says “da” 8 times (100 % of its letters)."
    assert (found.p_correct, found.distrusted) == (None, True)


def test_an_answer_of_another_worker_counts_as_one_voice_with_its_name(cast: Company) -> None:
    item = casts.one(cast.task, "m1", casts.says(SAID, others=[SAID | {"topic": "other"}, SAID | {"topic": "product"}]))
    worker = Worker.objects.create(task=cast.task, name="careful", model="big", instructions="Look.", rung=2)
    answer = SAID | {"topic": "other", "urgent": True}
    Attempt.objects.create(item=item, worker=worker, token=99, outcome=Outcome.ANSWERED, answer=answer)
    found = sheets.of(casts.take(cast.reviewer, cast.task))
    assert [(a.key, a.value, a.support) for a in found.alternatives] == [
        (1, "other", "1 of 3 samples, careful v1"),
        (2, "product", "1 of 3 samples"),
        (3, True, "careful v1"),
    ]


def test_a_new_wording_of_what_came_in_is_compared_with_it(cast: Company) -> None:
    text = "We have refunded the 12 euro for the glove. It will show on your account soon. Thank you."
    found = sheet(cast, casts.says(SAID | {"reply": text.replace("soon", "tomorrow")}), text=text)
    assert [line.changed.name for line in found.lines if line.changed] == ["text"]
