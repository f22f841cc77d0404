"""Marks: what a person may say of fields and passages, what is refused, and what the database holds by itself."""

from typing import Any

import pytest
from django.db import DataError, IntegrityError, InternalError, transaction

from slider.flow import marking, review
from slider.flow.marking import Remark
from slider.flow.review import Said, Unfit
from slider.models import Mark, MarkKind, MarkSide, Publication, Review, ReviewState, Verdict
from tests import casts

pytestmark = pytest.mark.django_db

TEXT = "Your money 💶 is back. We added a voucher."
ANSWER = {"topic": "refund", "urgent": False, "amount": 12, "reply": TEXT}
BETTER = ANSWER | {"topic": "delivery", "amount": 94}
RIGHT, WRONG, SPAN = MarkKind.RIGHT, MarkKind.WRONG, MarkKind.SPAN
INVENTED = Remark(SPAN, "/reply", MarkSide.ANSWER, 22, 40, "invented")


@pytest.fixture
def cast() -> casts.Company:
    return casts.company()


def decide(cast: casts.Company, *marks: Remark, verdict: Verdict = Verdict.REJECT, **said: Any) -> Review:
    """Decide the one item there is; a rejection has a reason."""
    if not Review.objects.exists():
        casts.one(cast.task, answered=casts.says(ANSWER), text="First line.\r\nSecond — “line”.", lines=["a", "b"])
    held = casts.take(cast.reviewer, cast.task)
    given = Said(verdict, marks=marks, **({"reason": "wrong"} | said if verdict == Verdict.REJECT else said))
    return review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=given)


def kept() -> list[tuple[str, str, str]]:
    return list(Mark.objects.order_by("number").values_list("path", "kind", "reason"))


def test_fields_and_passages_are_kept_with_their_verdict(cast: casts.Company) -> None:
    source = Remark(SPAN, "/text", MarkSide.SOURCE, 13, 29, "unclear")
    decide(cast, INVENTED, source, Remark(RIGHT, "/topic"), Remark(WRONG, "/amount", reason="policy"))
    assert kept() == [
        ("/topic", "right", ""),
        ("/amount", "wrong", "policy"),
        ("/text", "span", "unclear"),
        ("/reply", "span", "invented"),
    ]
    of_source, of_answer = Mark.objects.filter(kind="span").order_by("number")
    assert of_source.quote(of_source.review.item.payload.body) == "Second — “line”."
    assert of_answer.quote(ANSWER) == "We added a voucher"


def test_a_fix_marks_what_it_changes_and_nothing_else(cast: casts.Company) -> None:
    decide(cast, Remark(WRONG, "/topic", reason="policy"), verdict=Verdict.FIX, answer=BETTER)
    assert kept() == [("/topic", "fixed", "policy"), ("/amount", "fixed", "")]


def test_a_field_that_a_fix_takes_out_is_fixed(cast: casts.Company) -> None:
    decide(cast, verdict=Verdict.FIX, answer={key: ANSWER[key] for key in ("topic", "urgent", "reply")})
    assert kept() == [("/amount", "fixed", "")]


def test_an_accept_says_nothing_that_is_not_said(cast: casts.Company) -> None:
    decide(cast, verdict=Verdict.ACCEPT)
    assert kept() == []


def test_right_for_the_wrong_reason_is_accepted_and_sent_as_such(cast: casts.Company) -> None:
    decided = decide(cast, INVENTED, verdict=Verdict.ACCEPT, lucky=True)
    assert (decided.verdict, decided.lucky) == (Verdict.ACCEPT, True)
    result = Publication.objects.get()
    assert (result.ending, result.answer) == ("accepted", ANSWER)


@pytest.mark.parametrize("said", [{"verdict": Verdict.REJECT}, {"verdict": Verdict.FIX, "answer": BETTER}])
def test_only_what_is_accepted_is_right_for_the_wrong_reason(cast: casts.Company, said: dict[str, Any]) -> None:
    assert not decide(cast, lucky=True, **said).lucky
    with pytest.raises(IntegrityError, match="review_lucky_is_right"), transaction.atomic():
        Review.objects.update(lucky=True)


def test_the_same_mark_twice_is_one(cast: casts.Company) -> None:
    decide(cast, INVENTED, INVENTED, Remark(WRONG, "/topic"), Remark(WRONG, "/topic"))
    assert len(kept()) == 2


def test_a_field_that_is_missing_may_be_what_is_wrong(cast: casts.Company) -> None:
    casts.one(cast.task, answered=casts.says({"topic": "refund", "urgent": False}))
    decide(cast, Remark(WRONG, "/reply"))
    assert kept() == [("/reply", "wrong", "")]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Remark(SPAN, "/reply", MarkSide.ANSWER, 0, 42, "invented"), "0 to 42.*41 characters"),
        (Remark(SPAN, "/reply", MarkSide.ANSWER, 5, 5, "invented"), "5 to 5"),
        (Remark(SPAN, "/reply", MarkSide.ANSWER, -1, 5, "invented"), "-1 to 5"),
        (Remark(SPAN, "/reply", MarkSide.ANSWER, None, None, "invented"), "None to None"),
        (Remark(SPAN, "/reply", MarkSide.ANSWER, 0, 5), "needs a reason"),
        (Remark(SPAN, "/reply", MarkSide.ANSWER, 0, 5, "of another task"), "no reason of this task"),
        (Remark(SPAN, "/amount", MarkSide.ANSWER, 0, 1, "wrong"), "no text at '/amount'"),
        (Remark(SPAN, "/lines/2", MarkSide.SOURCE, 0, 1, "wrong"), "no text at '/lines/2'"),
        (Remark(SPAN, "reply", MarkSide.ANSWER, 0, 1, "wrong"), "no text"),
        (Remark(WRONG, "/nothing"), "no field '/nothing'"),
        (Remark(WRONG, "/" + "x" * 500), "501 characters"),
        (Remark(RIGHT, "/topic", reason="wrong"), "takes no reason"),
        (Remark(RIGHT, "/topic", MarkSide.SOURCE), "only a field of the answer"),
        (Remark(WRONG, "/topic", MarkSide.ANSWER, 0, 1), "only a field of the answer"),
        (Remark(MarkKind.FIXED, "/topic"), "by giving it another value"),
    ],
)
def test_a_mark_that_points_nowhere_is_refused_in_words_and_the_item_stays(
    cast: casts.Company, one: Remark, words: str
) -> None:
    with pytest.raises(Unfit, match=words) as refused:
        decide(cast, one)
    assert refused.value.where == "marks"
    assert (Review.objects.get().state, kept()) == (ReviewState.HELD, [])


def test_a_field_is_right_or_wrong_and_not_both(cast: casts.Company) -> None:
    with pytest.raises(Unfit, match="marked twice"):
        decide(cast, Remark(RIGHT, "/topic"), Remark(WRONG, "/topic"))


def test_more_marks_than_anybody_makes_are_refused(cast: casts.Company) -> None:
    many = [Remark(SPAN, "/reply", MarkSide.ANSWER, 0, n + 1, "wrong") for n in range(20)]
    many += [
        Remark(SPAN, "/reply", MarkSide.ANSWER, 1, n + 2, reason)
        for n in range(20)
        for reason in ("wrong", "policy", "other", "unclear", "invented")
    ]
    with pytest.raises(Unfit, match="120 marks; at most 100"):
        decide(cast, *many)
    decide(cast, *many[:100])
    assert Mark.objects.count() == 100


def test_nobody_sends_out_what_they_call_wrong(cast: casts.Company) -> None:
    with pytest.raises(Unfit, match="fix it, reject the whole"):
        decide(cast, Remark(WRONG, "/topic"), verdict=Verdict.ACCEPT)
    with pytest.raises(Unfit, match="its old value"):
        decide(cast, Remark(WRONG, "/urgent"), verdict=Verdict.FIX, answer=BETTER)
    with pytest.raises(Unfit, match="fix it, reject the whole"):
        decide(cast, Remark(WRONG, "/topic"), verdict=Verdict.FIX, answer=ANSWER)
    assert not Publication.objects.exists()


def test_where_there_is_no_proposal_only_what_came_in_is_marked(cast: casts.Company) -> None:
    casts.one(cast.task, answered=casts.fails())
    with pytest.raises(Unfit, match="no proposal"):
        decide(cast, Remark(WRONG, "/topic"))
    decide(cast, Remark(SPAN, "/text", MarkSide.SOURCE, 0, 4, "unclear"), verdict=Verdict.FIX, answer=ANSWER)
    assert kept() == [("/text", "span", "unclear")]


def test_a_task_has_its_own_reasons() -> None:
    cast = casts.company(reasons=[{"code": "late", "words": "Too late"}])
    with pytest.raises(Unfit, match="choose one of late"):
        decide(cast, reason="wrong")
    assert decide(cast, reason="late").reason == "late"


def test_marks_are_written_anew_with_a_verdict_that_was_taken_back(cast: casts.Company) -> None:
    decided = decide(cast, INVENTED)
    marking.write(decided.pk, [])
    assert kept() == []


# ---- what the database holds, whoever writes


def row(of: Review, **changes: Any) -> Mark:
    return Mark(**({"review": of, "number": 9, "side": "answer", "path": "/topic", "kind": "wrong"} | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 0},
        {"number": 1001},
        {"number": 1},  # taken
        {"path": "/urgent"},  # this field has its mark
        {"kind": "odd"},
        {"side": "odd"},
        {"side": "source"},
        {"start": 0, "end": 1},
        {"kind": "span", "reason": "wrong"},
        {"kind": "span", "reason": "wrong", "start": 3, "end": 3},
        {"kind": "span", "reason": "wrong", "start": 3},
        {"kind": "span", "start": 3, "end": 4},
        {"kind": "right", "reason": "wrong"},
        {"path": "/" + "x" * 500},
    ],
)
def test_the_database_refuses_what_no_mark_is(cast: casts.Company, changes: dict[str, Any]) -> None:
    decided = decide(cast, Remark(WRONG, "/urgent"))
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        row(decided, **changes).save(force_insert=True)
    row(decided).save(force_insert=True)


def test_a_mark_is_never_edited(cast: casts.Company) -> None:
    decide(cast, INVENTED)
    with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
        Mark.objects.update(reason="other")
