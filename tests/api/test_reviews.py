"""The desk by the API: the same looks, claims and verdicts as on the page."""

from collections.abc import Callable
from typing import Any

import pytest

from slider.models import Item, Mark, Review, ReviewState, SecondOpinion, State, Task
from tests import casts
from tests.api.conftest import Caller, error

RIGHT = {"topic": "refund", "urgent": False}


@pytest.fixture
def anna(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.reviewer)


@pytest.fixture
def ben(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.colleague)


def taken(caller: Caller, **asked: Any) -> dict[str, Any]:
    answer = caller("POST", "/reviews/next", asked)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_a_look_is_taken_read_decided_and_taken_back(cast: casts.Company, anna: Caller) -> None:
    item = casts.one(cast.task, "m1")
    look = taken(anna, task=cast.task.slug)
    assert (look["item"], look["external_id"], look["token"]) == (item.pk, "m1", 1)
    assert look["proposal"] == RIGHT
    assert [one["path"] for one in look["fields"]] == ["/topic", "/urgent", "/amount", "/reply"]
    assert "wrong" in [one["code"] for one in look["reasons"]]
    again = taken(anna)  # asked again it is the same one, for another lease
    assert again == look | {"lease_until": again["lease_until"]}
    assert anna("GET", f"/reviews/{look['id']}").json()["proposal"] == RIGHT
    assert anna("POST", f"/reviews/{look['id']}/stay", {"token": 1}).json()["lease_s"] > 0
    said = {"token": 1, "verdict": "accept", "note": "fine"}
    decided = anna("POST", f"/reviews/{look['id']}/decide", said)
    assert (decided.status_code, decided.json()["verdict"], decided.json()["answer"]) == (200, "accept", RIGHT)
    assert anna("POST", f"/reviews/{look['id']}/decide", said).json() == decided.json()
    assert Item.objects.get().state == State.DONE
    back = anna("POST", f"/reviews/{look['id']}/undo", {"token": 1})
    assert (back.status_code, back.json()["token"]) == (200, 2)
    assert Item.objects.get().state == State.REVIEW
    stays = anna("POST", f"/reviews/{look['id']}/decide", {"token": 2, "verdict": "reject", "reason": "wrong"})
    assert stays.json()["reason"] == "wrong"


def test_there_may_be_nothing_to_take(cast: casts.Company, anna: Caller) -> None:
    answer = anna("POST", "/reviews/next", {})
    assert (answer.status_code, answer.content) == (204, b"")
    assert anna("POST", "/reviews/next", {"task": "nowhere"}).status_code == 404


def test_a_fix_with_marks_is_kept_whole(cast: casts.Company, anna: Caller) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    marks = [
        {"kind": "right", "path": "/urgent"},
        {"kind": "span", "side": "source", "path": "/text", "start": 0, "end": 6, "reason": "unclear"},
    ]
    said = {"token": 1, "verdict": "fix", "answer": {"topic": "other", "urgent": False}, "marks": marks}
    assert anna("POST", f"/reviews/{look['id']}/decide", said).status_code == 200
    assert Review.objects.get().answer == {"topic": "other", "urgent": False}
    assert sorted(Mark.objects.values_list("kind", "path")) == [
        ("fixed", "/topic"), ("right", "/urgent"), ("span", "/text")
    ]  # fmt: skip


BAD: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "without a claim": ({"token": 0, "verdict": "accept"}, 409, "not_yours", "anew"),
    "an old token": ({"token": 7, "verdict": "accept"}, 409, "not_yours", ""),
    "a label that is none": (
        {"token": 1, "verdict": "fix", "answer": {"topic": "gone", "urgent": False}}, 422, "unfit", ""
    ),
    "a field that is none": ({"token": 1, "verdict": "fix", "answer": RIGHT | {"x": 1}}, 422, "unfit", ""),
    "no answer": ({"token": 1, "verdict": "fix"}, 422, "unfit", ""),
    "no reason": ({"token": 1, "verdict": "reject"}, 422, "unfit", "reason"),
    "a reason of another task": ({"token": 1, "verdict": "reject", "reason": "tone"}, 422, "unfit", "reason"),
    "a long note": ({"token": 1, "verdict": "accept", "note": "x" * 5001}, 400, "value", "/note"),
    "a span out of range": (
        {
            "token": 1,
            "verdict": "accept",
            "marks": [{"kind": "span", "side": "source", "path": "/text", "start": 0, "end": 9999, "reason": "wrong"}],
        },
        422,
        "unfit",
        "",
    ),
    "another verdict": ({"token": 1, "verdict": "perhaps"}, 400, "value", "/verdict"),
    "a token that is text": ({"token": "1", "verdict": "accept"}, 400, "type", "/token"),
    "a field that nobody knows": ({"token": 1, "verdict": "accept", "lane": "people"}, 400, "unknown_field", "/lane"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_verdict_that_can_not_stand_changes_nothing(cast: casts.Company, anna: Caller, case: str) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    said, status, code, words = BAD[case]
    answer = anna("POST", f"/reviews/{look['id']}/decide", said)
    told = error(answer)
    assert (answer.status_code, told["code"]) == (status, code)
    assert words in told["detail"] + told["where"]
    review = Review.objects.get()
    assert (review.state, review.verdict, Item.objects.get().state) == (ReviewState.HELD, "", State.REVIEW)


def test_nobody_decides_the_look_of_another(cast: casts.Company, anna: Caller, ben: Caller) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    for path, said in (("decide", {"verdict": "accept"}), ("skip", {}), ("stay", {}), ("undo", {})):
        answer = ben("POST", f"/reviews/{look['id']}/{path}", {"token": 1, **said})
        assert answer.status_code == 409, path
    assert ben("GET", f"/reviews/{look['id']}").status_code == 409
    assert Review.objects.get().state == ReviewState.HELD


def test_a_verdict_that_comes_too_late_is_kept_aside_also_under_an_idempotency_key(
    cast: casts.Company, anna: Caller, ben: Caller
) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    Review.objects.update(state=ReviewState.OPEN, holder=None, lease_until=None, last_holder=cast.reviewer)
    theirs = taken(ben)
    assert (theirs["id"], theirs["token"]) == (look["id"], 2)
    said = {"token": 1, "verdict": "reject", "reason": "wrong"}
    answer = anna("POST", f"/reviews/{look['id']}/decide", said, Idempotency_Key="late")
    assert (answer.status_code, error(answer)["code"]) == (409, "kept_aside")
    assert SecondOpinion.objects.get().by == cast.reviewer


def test_a_skipped_look_goes_to_somebody_else(cast: casts.Company, anna: Caller, ben: Caller) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    assert anna("POST", f"/reviews/{look['id']}/skip", {"token": 1}).status_code == 204
    assert anna("POST", "/reviews/next", {}).status_code == 204
    assert taken(ben)["id"] == look["id"]


def test_a_look_is_handed_on_by_name_with_its_note(cast: casts.Company, anna: Caller, ben: Caller) -> None:
    casts.one(cast.task, "m1")
    look = taken(anna)
    given = {"token": 1, "note": "You know her.", "to": "colleague"}
    nobody = anna("POST", f"/reviews/{look['id']}/give", given | {"to": "nobody"})
    assert (nobody.status_code, error(nobody)["where"]) == (422, "/to")
    assert anna("POST", f"/reviews/{look['id']}/give", given).status_code == 204
    assert [one["note"] for one in taken(ben)["words"]] == ["You know her."]


def test_a_hidden_draft_is_shown_after_ones_own_answer(cast: casts.Company, anna: Caller) -> None:
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.5)
    cast.task.refresh_from_db()
    look: dict[str, Any] = {"hidden": False}
    for number in range(20):
        casts.one(cast.task, f"m{number}")
        look = taken(anna)
        if look["hidden"]:
            break
        anna("POST", f"/reviews/{look['id']}/decide", {"token": look["token"], "verdict": "accept"})
    assert look["hidden"]
    assert (look["proposal"], look["fields"], look["raw"], look["doubt"], look["p_correct"]) == (None, [], "", "", None)
    early = anna("POST", f"/reviews/{look['id']}/decide", {"token": look["token"], "verdict": "accept"})
    assert (early.status_code, error(early)["where"]) == (422, "/own")
    own = {"token": look["token"], "answer": {"topic": "other", "urgent": True}}
    shown = anna("POST", f"/reviews/{look['id']}/own", own)
    assert (shown.status_code, shown.json()["hidden"], shown.json()["proposal"]) == (200, False, RIGHT)
    assert shown.json()["own"] == own["answer"]


def test_a_withdrawn_item_is_nobodys_to_decide(
    cast: casts.Company, anna: Caller, acts_for: Callable[..., Caller]
) -> None:
    item = casts.one(cast.task, "m1")
    look = taken(anna)
    tuner = acts_for(cast.tuner)
    gone = tuner("POST", f"/items/{item.pk}/withdraw", {"reason": "sent twice"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    late = anna("POST", f"/reviews/{look['id']}/decide", {"token": 1, "verdict": "accept"})
    assert (late.status_code, "withdrawn" in error(late)["detail"]) == (409, True)
    twice = tuner("POST", f"/items/{item.pk}/withdraw", {"reason": "sent twice"})
    assert (twice.status_code, error(twice)["code"]) == (409, "final")


def test_a_result_is_corrected_and_the_correction_taken_back(cast: casts.Company, anna: Caller) -> None:
    item = casts.one(cast.task, "m1")
    early = anna("POST", f"/items/{item.pk}/corrections", {"verdict": "reject", "reason": "wrong"})
    assert (early.status_code, error(early)["code"]) == (409, "not_out")
    casts.decide(cast.reviewer, cast.task)
    said = {"verdict": "fix", "answer": {"topic": "other", "urgent": False}, "reason": "wrong"}
    made = anna("POST", f"/items/{item.pk}/corrections", said)
    assert (made.status_code, made.json()["number"]) == (201, 2)
    same = anna("POST", f"/items/{item.pk}/corrections", said)
    assert (same.status_code, error(same)["code"]) == (422, "unfit")
    path = f"/items/{item.pk}/corrections/{made.json()['id']}"
    assert anna("DELETE", path).status_code == 204
    assert anna("DELETE", f"/items/{item.pk}/corrections/999").status_code == 404
