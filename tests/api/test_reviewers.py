"""The people who review, by the API: known answers, disagreements, practice, and to each person only their own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from slider.models import Adjudication, Admission, Item, Known, Let, Publication, Review, ReviewKind, Verdict
from tests import casts, stages
from tests.api.conftest import Caller, error

BETTER = {"topic": "delivery", "urgent": True}
WHY = "The order number is another one."


staged = stages.of_module(lambda: casts.company(undo_s=0, second_rate=1.0))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


@pytest.fixture
def item(cast: casts.Company) -> Item:
    """An item that one person has accepted."""
    made = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    return made


@pytest.fixture
def split(cast: casts.Company, item: Item) -> Review:
    """A second look at it that says otherwise."""
    return casts.decide(cast.colleague, cast.task, verdict=Verdict.FIX, answer=BETTER)


def team(cast: casts.Company, admin: Caller) -> Any:
    answer = admin("GET", f"/tasks/{cast.task.slug}/reviewers")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_item_is_marked_as_a_known_answer_and_taken_out(cast: casts.Company, admin: Caller, item: Item) -> None:
    path = f"/items/{item.pk}/known"
    said = {"draft_right": True, "words": WHY}
    for words, status in (("", 400), (" \n", 422), ("x" * 2001, 400)):
        refused = admin("POST", path, said | {"words": words})
        assert (refused.status_code, error(refused)["where"]) == (status, "/words")
    assert error(admin("POST", path, {"words": WHY}))["where"] == "/draft_right"
    told = admin("POST", path, said).json()
    assert told == {
        "item": item.pk,
        "draft_right": True,
        "answer": {"topic": "refund", "urgent": False},
        "source": "marked",
        "words": WHY,
        "by": "admin",
    }
    assert team(cast, admin)["known_right"] == 1
    assert admin("DELETE", path).status_code == 204
    assert Known.objects.get().retired_at is not None
    again = admin("DELETE", path)
    assert (again.status_code, error(again)["code"]) == (404, "not_found")
    assert team(cast, admin)["known_right"] == 0


def test_an_item_that_is_not_finished_is_no_known_answer(cast: casts.Company, admin: Caller) -> None:
    made = casts.one(cast.task, "open")
    refused = admin("POST", f"/items/{made.pk}/known", {"draft_right": True, "words": WHY})
    assert (refused.status_code, error(refused)["code"], error(refused)["where"]) == (422, "unfit", "")
    assert "finished" in error(refused)["detail"]


def test_a_disagreement_is_listed_and_settled_once(cast: casts.Company, admin: Caller, split: Review) -> None:
    (one,) = team(cast, admin)["splits"]
    assert (one["id"], one["item"], one["title"]) == (split.pk, split.item_id, "Message m1")
    assert (one["first"]["who"], one["second"]["who"]) == ("reviewer", "colleague")
    assert one["second"]["answer"] == BETTER
    path = f"/reviews/{split.pk}/settle"
    said = {"stands": "second", "words": "It is a delivery."}
    unsaid = admin("POST", path, said | {"words": " \n"})
    assert (unsaid.status_code, error(unsaid)["where"]) == (422, "/words")
    assert error(admin("POST", path, said | {"stands": "third"}))["where"] == "/stands"
    assert admin("POST", path, said, Idempotency_Key="once").status_code == 204
    assert admin("POST", path, said, Idempotency_Key="once").status_code == 204
    again = admin("POST", path, said)
    assert (again.status_code, error(again)["code"]) == (409, "settled")
    word = Adjudication.objects.get()
    assert (word.stands, word.words, word.by) == ("second", "It is a delivery.", cast.admin)
    assert Publication.objects.get(item=split.item_id, number=2).answer == BETTER
    assert team(cast, admin)["splits"] == []
    assert team(cast, admin)["known_wrong"] == 1


def test_what_is_no_second_look_can_not_be_settled(cast: casts.Company, admin: Caller, item: Item) -> None:
    first = Review.objects.get(item=item, kind=ReviewKind.GATE)
    refused = admin("POST", f"/reviews/{first.pk}/settle", {"stands": "first", "words": WHY})
    assert (refused.status_code, error(refused)["code"]) == (409, "settled")
    assert not Adjudication.objects.exists()


def test_somebody_is_let_in_without_practice(cast: casts.Company, admin: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/reviewers"
    for who in (cast.viewer, cast.outsider):
        answer = admin("POST", f"{path}/{who.pk}/let-in")
        assert (answer.status_code, error(answer)["code"]) == (404, "not_found")
    assert admin("POST", f"{path}/{cast.colleague.pk}/let-in").status_code == 204
    assert admin("POST", f"{path}/{cast.colleague.pk}/let-in").status_code == 204
    one = Admission.objects.get()
    assert (one.person, one.why, one.by) == (cast.colleague, Let.LEAD, cast.admin)
    trainees = {person["name"]: person["let_in"] for person in team(cast, admin)["trainees"]}
    assert trainees["colleague"]
    assert not trainees["reviewer"]


def judged_wrongly(cast: casts.Company, admin: Caller, count: int) -> None:
    """Known wrong answers that the colleague lets pass."""
    cast.task.second_rate = 0.0
    cast.task.save()
    for n in range(count):
        made = casts.one(cast.task, f"k{n}")
        casts.decide(cast.reviewer, cast.task)
        admin("POST", f"/items/{made.pk}/known", {"draft_right": False, "words": WHY})
        Review.objects.create(item=made, task=cast.task, kind=ReviewKind.KNOWN)
        casts.decide(cast.colleague, cast.task)


def test_who_answers_for_the_task_is_told_of_everybody_and_small_numbers_are_none(
    cast: casts.Company, admin: Caller
) -> None:
    judged_wrongly(cast, admin, 5)
    told = team(cast, admin)
    people = {one["name"]: one for one in told["people"]}
    assert (people["colleague"]["known"], people["colleague"]["missed"]["hits"]) == (5, 5)
    assert people["colleague"]["alarms"] is None
    assert (people["reviewer"]["looks"], people["reviewer"]["accuracy"]) == (5, None)
    assert told["whole"]["known"] == 5
    assert told["alpha"]["value"] is None
    assert (told["hidden_chance"], [one["shown"] for one in told["sway"]]) == (0.0, [None, None, None])
    assert "reviewers" in told["taken"].lower()
    assert told["to_measure"] == 0  # three missed ones are enough to say


def test_a_person_is_told_their_own_from_the_day_after_and_of_nobody_else(
    cast: casts.Company, admin: Caller, acts_for: Callable[..., Caller]
) -> None:
    judged_wrongly(cast, admin, 1)
    mine = acts_for(cast.colleague)
    told = mine("GET", "/my-work").json()
    assert (told["tasks"][0]["looks"], told["tasks"][0]["known"], told["lessons"]) == (1, 0, [])
    Review.objects.filter(state="decided").update(
        decided_at=F("decided_at") - timedelta(days=1), taken_at=F("taken_at") - timedelta(days=1)
    )
    told = mine("GET", "/my-work").json()
    assert told["tasks"][0]["known"] == 1
    (lesson,) = told["lessons"]
    assert (lesson["task"], lesson["words"], lesson["right"]) == (cast.task.slug, WHY, "the draft was wrong")
    assert acts_for(cast.reviewer)("GET", "/my-work").json()["lessons"] == []
    assert mine("GET", f"/tasks/{cast.task.slug}/reviewers").status_code == 403


def test_a_persons_work_in_another_project_is_not_told(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    other = casts.company(prefix="b ", undo_s=0)
    other.project.memberships.create(user=cast.reviewer, role="reviewer")
    casts.one(other.task)
    casts.decide(cast.reviewer, other.task)
    assert acts_for(cast.reviewer)("GET", "/my-work").json()["tasks"] == []
    assert len(acts_for(cast.reviewer, of=other.project)("GET", "/my-work").json()["tasks"]) == 1
