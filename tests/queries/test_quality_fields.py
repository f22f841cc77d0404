"""Field by field: what counts as right, what as wrong, and what nobody has said."""

import pytest
from django.contrib.auth.models import User

from slider.flow.marking import Remark
from slider.models import MarkKind, MarkSide, Role, Verdict
from slider.queries import quality_fields
from slider.queries.quality_fields import Field
from tests import casts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False, "reply": "We are sorry."}


@pytest.fixture
def cast() -> casts.Company:
    return casts.company()


def looked(cast: casts.Company, count: int, *marks: Remark, verdict: Verdict = Verdict.ACCEPT, **said: object) -> None:
    names = [f"{verdict}-{len(marks)}-{n}" for n in range(count)]
    answers = {name: casts.says(ANSWER) for name in names}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    for _ in names:
        casts.decide(cast.reviewer, cast.task, verdict=verdict, marks=marks, **said)


def read(cast: casts.Company) -> dict[str, Field]:
    (table,) = quality_fields.read(cast.task, delta=0.05).tables
    return {field.name: field for field in table.fields}


def test_an_accept_makes_all_right_a_fix_what_it_changes_wrong_and_silence_nothing(cast: casts.Company) -> None:
    looked(cast, 30)
    looked(cast, 4, verdict=Verdict.FIX, answer=ANSWER | {"topic": "other"})
    looked(cast, 2, Remark(MarkKind.RIGHT, "/urgent"), verdict=Verdict.REJECT, reason="wrong")
    looked(
        cast,
        3,
        Remark(MarkKind.WRONG, "/urgent"),
        Remark(MarkKind.RIGHT, "/topic"),
        verdict=Verdict.REJECT,
        reason="wrong",
    )
    found = read(cast)
    topic, urgent = found["Topic"], found["urgent"]
    assert (topic.right, topic.wrong, topic.fixed, topic.unsaid) == (33, 4, 4, 2)
    assert (urgent.right, urgent.wrong, urgent.fixed, urgent.unsaid) == (32, 3, 0, 4)
    assert topic.error == pytest.approx(4 / 37)


def test_the_interval_counts_what_nobody_said_both_ways(cast: casts.Company) -> None:
    looked(cast, 30)
    before = read(cast)["urgent"]
    looked(cast, 20, verdict=Verdict.REJECT, reason="wrong")
    after = read(cast)["urgent"]
    assert (before.error, after.error) == (0.0, 0.0)
    assert before.upper is not None
    assert after.upper is not None
    assert before.upper < 20 / 50 < after.upper
    assert after.lower == 0.0


def test_too_few_looks_give_no_rate(cast: casts.Company) -> None:
    looked(cast, 19)
    field = read(cast)["Topic"]
    assert (field.right, field.error, field.lower, field.upper) == (19, None, None, None)


def test_a_part_of_a_field_that_is_wrong_makes_the_field_wrong(cast: casts.Company) -> None:
    looked(cast, 1, Remark(MarkKind.WRONG, "/reply"), verdict=Verdict.REJECT, reason="wrong")
    assert read(cast)["reply"].wrong == 1


def test_audits_and_gates_stand_in_tables_of_their_own(cast: casts.Company) -> None:
    looked(cast, 2)
    casts.audited(cast.task, answered=casts.says(ANSWER))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=ANSWER | {"topic": "other"})
    audits, gates = quality_fields.read(cast.task, delta=0.05).tables
    assert (audits.looks, gates.looks) == (1, 2)
    assert [field.fixed for field in audits.fields if field.name == "Topic"] == [1]


def test_lucky_ones_and_passages_are_counted(cast: casts.Company) -> None:
    passage = Remark(MarkKind.SPAN, "/reply", MarkSide.ANSWER, 0, 6, "invented")
    looked(cast, 2, passage, lucky=True)
    looked(cast, 1, Remark(MarkKind.SPAN, "/text", MarkSide.SOURCE, 0, 5, "unclear"), passage)
    found = quality_fields.read(cast.task, delta=0.05)
    assert found.tables[0].lucky == 2
    assert [(one.where, one.count, one.reasons) for one in found.passages] == [
        ("reply", 3, "Invented fact 3"),
        ("text, as it came in", 1, "Item unclear 1"),
    ]


def test_a_task_that_nobody_has_looked_at_has_no_table(cast: casts.Company) -> None:
    assert quality_fields.read(cast.task, delta=0.05).tables == []


def together(cast: casts.Company, name: str, *said: tuple[Verdict, tuple[Remark, ...]]) -> None:
    """One item that the reviewer, the colleague and somebody third look at, each without the others."""
    casts.route_all(cast.task, {name: casts.says(ANSWER)}, bodies={name: {"text": "hello"}})
    for number, (verdict, marks) in enumerate(said):
        who = User.objects.filter(username=f"looker{number}").first()
        who = who or casts.person(f"looker{number}", role=Role.REVIEWER, of=cast.project)
        reason = "wrong" if verdict == Verdict.REJECT else ""
        casts.decide(who, cast.task, verdict=verdict, marks=marks, reason=reason)


def test_each_of_several_looks_and_its_marks_are_counted_and_the_rate_takes_the_item_once() -> None:
    cast = casts.company(looks=3)
    accept, reject = (Verdict.ACCEPT, ()), (Verdict.REJECT, (Remark(MarkKind.WRONG, "/urgent"),))
    other = (Verdict.REJECT, (Remark(MarkKind.RIGHT, "/topic"),))
    for n in range(18):
        together(cast, f"right{n}", accept, accept, reject)
    for n in range(2):
        together(cast, f"wrong{n}", reject, other, accept)
    (table,) = quality_fields.read(cast.task, delta=0.05).tables
    found = {field.name: field for field in table.fields}
    topic, urgent = found["Topic"], found["urgent"]
    assert table.looks == 60
    assert (urgent.looks, urgent.right, urgent.wrong, urgent.unsaid) == (60, 38, 20, 2)
    assert (topic.right, topic.wrong, topic.unsaid) == (40, 0, 20)
    assert urgent.error == pytest.approx(2 / 20)
    assert topic.error == 0.0
    alone = casts.company(prefix="Other ")
    looked(alone, 18)
    looked(alone, 2, Remark(MarkKind.WRONG, "/urgent"), verdict=Verdict.REJECT, reason="wrong")
    same = read(alone)["urgent"]
    assert (urgent.lower, urgent.upper) == (same.lower, same.upper)  # as sure as of so many items, not of all looks


def test_what_a_lead_settles_is_one_look_more_and_the_verdict() -> None:
    cast = casts.company(looks=2)
    lead = casts.person("lead", role=Role.LEAD, of=cast.project)
    passage = Remark(MarkKind.SPAN, "/reply", MarkSide.ANSWER, 0, 6, "invented")
    together(cast, "m1", (Verdict.ACCEPT, (passage,)), (Verdict.REJECT, (Remark(MarkKind.WRONG, "/topic"),)))
    assert quality_fields.read(cast.task, delta=0.05).tables == []  # not decided yet: that would tell who looks next
    casts.time_passes(cast.task)
    casts.decide(
        lead, cast.task, verdict=Verdict.REJECT, reason="wrong", marks=(Remark(MarkKind.WRONG, "/topic"), passage)
    )
    found = quality_fields.read(cast.task, delta=0.05)
    topic = next(field for field in found.tables[0].fields if field.name == "Topic")
    assert (found.tables[0].looks, topic.right, topic.wrong) == (3, 1, 2)
    assert [(one.where, one.count) for one in found.passages] == [("reply", 2)]


def test_of_several_who_say_right_for_the_wrong_reason_each_is_counted() -> None:
    cast = casts.company(looks=2)
    casts.one(cast.task, "m1", casts.says(ANSWER))
    casts.decide(cast.reviewer, cast.task, lucky=True)
    casts.decide(cast.colleague, cast.task)
    (table,) = quality_fields.read(cast.task, delta=0.05).tables
    assert (table.looks, table.lucky) == (2, 1)
