"""The lead's page by the API: figures without kinds, looks released and given, flags answered and taken off."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from slider.flow import handing
from slider.models import BESIDE, Freed, Handing, Known, KnownFrom, Review, ReviewKind, ReviewState, Role, Scope, Task
from tests import casts
from tests.api.conftest import Caller, error


@pytest.fixture
def lead(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(casts.person("lead", role=Role.LEAD, of=cast.project))


@pytest.fixture
def held(cast: casts.Company) -> Review:
    casts.one(cast.task, "m1", subject="Held message")
    return casts.take(cast.reviewer, cast.task)


@pytest.fixture
def flagged(held: Review, lead: Caller, cast: casts.Company) -> Review:
    handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="<b>ours?</b>")
    held.refresh_from_db()
    return held


def figures(lead: Caller, cast: casts.Company) -> Any:
    return lead("GET", f"/tasks/{cast.task.slug}/lead").json()


def test_the_figures_of_an_empty_task_say_what_is_missing(cast: casts.Company, lead: Caller) -> None:
    told = figures(lead, cast)
    assert (told["held"], told["paces"], told["forecast"], told["spells"]) == ([], [], None, [])
    assert "0 looks were timed" in told["missing"]
    assert told["waits"]["waiting"] == 0


def test_they_show_who_holds_what_and_what_people_did(cast: casts.Company, lead: Caller, held: Review) -> None:
    casts.one(cast.task, "m2")
    casts.decide(cast.colleague, cast.task)
    casts.one(cast.task, "m3")
    told = figures(lead, cast)
    (one,) = told["held"]
    assert (one["id"], one["token"], one["who"]) == (held.pk, held.token, "reviewer")
    assert one["title"] == "Held message"
    assert [(pace["who"], pace["today"]) for pace in told["paces"]] == [("colleague", 1)]
    waits = told["waits"]
    assert (waits["waiting"], waits["anybody"], waits["held"]) == (2, 1, 1)
    assert waits["oldest"] is not None


def test_a_forecast_stands_there_and_what_is_beyond_two_months_is_null(
    cast: casts.Company, lead: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    casts.one(cast.task)
    monkeypatch.setattr("slider.engine.forecast.LEAST_LOOKS", 0)
    monkeypatch.setattr("slider.queries.lead._times", lambda _: np.array([30.0] * 30))
    monkeypatch.setattr("slider.queries.lead.arrivals", lambda *_, **__: np.array([500.0] * 30))
    told = figures(lead, cast)
    assert told["forecast"]["level"] == 0.8
    assert told["forecast"]["daily_h"]["low"] > 0
    assert told["forecast"]["empty_h"]["high"] is None  # nobody works on it, so it is never empty


@pytest.mark.parametrize("kind", ["gate", "audit"])
def test_a_lead_reads_the_same_whatever_the_look_is(cast: casts.Company, lead: Caller, kind: str) -> None:
    make = casts.one if kind == "gate" else casts.audited
    item = make(cast.task, "m1", subject="Message")
    who, seen = cast.reviewer, []
    for step in (lambda: None, lambda: casts.take(who, cast.task), lambda: casts.decide(who, cast.task)):
        step()
        told = figures(lead, cast)
        owed = lead("GET", f"/items/{item.pk}/looks").json()
        assert "audit" not in str(told) + str(owed)
        counts = ("waiting", "anybody", "assigned", "for_lead", "held")
        seen.append(([told["waits"][name] for name in counts], len(owed["looks"])))
    assert seen == [([1, 1, 0, 0, 0], 1), ([1, 0, 0, 0, 1], 1), ([0, 0, 0, 0, 0], 0)]


def test_a_look_is_released_with_a_reason_under_the_claim_that_was_shown(
    cast: casts.Company, lead: Caller, held: Review
) -> None:
    path = f"/reviews/{held.pk}/release"
    for change, status, where in (({"reason": " \n"}, 422, "/reason"), ({"reason": "x" * 251}, 400, "/reason")):
        refused = lead("POST", path, {"token": held.token, "reason": "away"} | change)
        assert (refused.status_code, error(refused)["where"]) == (status, where)
    stale = lead("POST", path, {"token": held.token + 1, "reason": "away"})
    assert (stale.status_code, error(stale)["code"]) == (409, "not_held")
    assert lead("POST", path, {"token": held.token, "reason": "she is away"}).status_code == 204
    held.refresh_from_db()
    assert (held.state, held.holder) == (ReviewState.OPEN, None)
    freed = Freed.objects.get()
    assert (freed.by.get_username() if freed.by else "", freed.words) == ("lead", "she is away")


def test_a_look_is_given_to_a_person_and_back_to_everybody(cast: casts.Company, lead: Caller) -> None:
    item = casts.one(cast.task)
    (look,) = lead("GET", f"/items/{item.pk}/looks").json()["looks"]
    assert (look["holder"], look["assignee"], look["for_lead"], look["skills"]) == (None, None, False, [])
    path = f"/reviews/{look['id']}/assign"
    nobody = lead("POST", path, {"to": "viewer"})
    assert (nobody.status_code, error(nobody)["where"]) == (422, "/to")
    assert lead("POST", path, {"to": "colleague", "note": "Yours."}).status_code == 204
    assert lead("GET", f"/items/{item.pk}/looks").json()["looks"][0]["assignee"] == "colleague"
    one = Handing.objects.get()
    assert (one.by.get_username(), one.note, one.kind) == ("lead", "Yours.", "assigned")
    assert casts.take(cast.colleague, cast.task).pk == look["id"]
    assert lead("GET", f"/items/{item.pk}/looks").json()["looks"][0]["holder"] == "colleague"
    assert lead("POST", path, {"to": None}).status_code == 204
    casts.decide(cast.reviewer, cast.task)
    late = lead("POST", path, {"to": "colleague"})
    assert (late.status_code, error(late)["code"]) == (409, "not_yours")
    assert error(lead("POST", path, {}))["where"] == "/to"


def test_a_known_answer_that_nobody_has_had_does_not_exist_for_a_lead(cast: casts.Company, lead: Caller) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    known = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN, slot=1)
    assert known.kind in BESIDE
    assert lead("GET", f"/items/{item.pk}/looks").json()["looks"] == []
    for act, said in (
        ("assign", {"to": "colleague"}),
        ("release", {"token": 0, "reason": "x"}),
        ("flag/answer", None),
        ("flag/take-off", {"note": "x"}),
    ):
        answer = lead("POST", f"/reviews/{known.pk}/{act}", said)
        assert (answer.status_code, error(answer)["code"]) == (404, "not_found"), act


def test_a_flag_is_listed_and_its_look_taken(cast: casts.Company, lead: Caller, flagged: Review) -> None:
    (flag,) = lead("GET", f"/tasks/{cast.task.slug}/flags").json()["flags"]
    assert (flag["id"], flag["who"], flag["note"], flag["holder"]) == (flagged.pk, "reviewer", "<b>ours?</b>", None)
    assert flag["title"] == "Held message"
    look = lead("POST", f"/reviews/{flagged.pk}/flag/answer").json()
    assert (look["id"], look["words"][0]["note"]) == (flagged.pk, "<b>ours?</b>")
    again = lead("POST", f"/reviews/{flagged.pk}/flag/answer")
    assert (again.status_code, error(again)["code"]) == (409, "no_flag")
    said = {"token": look["token"], "verdict": "accept"}
    assert lead("POST", f"/reviews/{flagged.pk}/decide", said).json()["verdict"] == "accept"
    assert lead("GET", f"/tasks/{cast.task.slug}/flags").json() == {"flags": []}


def test_a_flag_is_taken_off_with_a_note(cast: casts.Company, lead: Caller, flagged: Review) -> None:
    path = f"/reviews/{flagged.pk}/flag/take-off"
    for note, status in (("", 400), (" \n ", 422), ("x" * 2001, 400)):
        refused = lead("POST", path, {"note": note})
        assert (refused.status_code, error(refused)["where"]) == (status, "/note")
    assert lead("POST", path, {"note": "Refund it."}).status_code == 204
    flagged.refresh_from_db()
    assert (flagged.state, flagged.for_lead) == (ReviewState.OPEN, False)
    late = lead("POST", path, {"note": "again"})
    assert (late.status_code, error(late)["code"]) == (409, "no_flag")
    assert casts.take(cast.colleague, cast.task).pk == flagged.pk


def test_who_must_practise_first_takes_no_flagged_look(cast: casts.Company, lead: Caller, flagged: Review) -> None:
    item = casts.one(cast.task, "k1")
    casts.decide(cast.colleague, cast.task)
    casts.time_passes(cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    Task.objects.filter(pk=cast.task.pk).update(practice_looks=1)
    barred = lead("POST", f"/reviews/{flagged.pk}/flag/answer")
    assert (barred.status_code, error(barred)["code"]) == (409, "barred")
    assert "practice" in error(barred)["detail"]


def test_taking_a_flagged_look_takes_the_scope_of_the_desk(
    cast: casts.Company, lead: Caller, flagged: Review, acts_for: Callable[..., Caller]
) -> None:
    leads_only = acts_for(cast.admin, Scope.LEAD)
    answer = leads_only("POST", f"/reviews/{flagged.pk}/flag/answer")
    assert (answer.status_code, error(answer)["code"]) == (403, "scope")
    assert leads_only("POST", f"/reviews/{flagged.pk}/flag/take-off", {"note": "go on"}).status_code == 204


def test_a_reviewer_flags_a_look_as_at_the_desk(
    cast: casts.Company, lead: Caller, held: Review, acts_for: Callable[..., Caller]
) -> None:
    said = {"token": held.token, "note": "Ours?", "to_lead": True}
    assert acts_for(cast.reviewer)("POST", f"/reviews/{held.pk}/give", said).status_code == 204
    assert lead("GET", f"/tasks/{cast.task.slug}/flags").json()["flags"][0]["note"] == "Ours?"
