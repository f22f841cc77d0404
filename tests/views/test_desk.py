"""The desk: who may take what, what each verdict does, and that nothing typed is lost."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.flow import intake
from slider.models import (
    Handing,
    Item,
    Publication,
    Review,
    ReviewState,
    SecondOpinion,
    State,
    Task,
    Undone,
    Verdict,
)
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db

PROPOSAL = {"topic": "refund", "urgent": False}
RIVAL = {"topic": "delivery", "urgent": False}
LONG = {"text": {"type": "string"}}


@pytest.fixture
def cast() -> Company:
    return casts.company()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def claim(review: Review, **more: Any) -> dict[str, Any]:
    return {"token": review.token, **more}


def as_form(answer: dict[str, Any]) -> dict[str, str]:
    """The fix form as a browser sends it."""
    return {f"f.{name}": json.dumps(value) if name != "reply" else value for name, value in answer.items()}


def decide(client: Client, review: Review, **said: Any) -> Any:
    return client.post(f"/desk/{review.pk}/decide", claim(review, **said))


# ---- who may


def test_a_stranger_to_the_project_finds_no_such_item(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    client = signed_in(cast.outsider)
    assert client.get(f"/desk/{review.pk}/").status_code == 404
    assert decide(client, review, verdict="accept").status_code == 404
    assert client.post(f"/desk/{review.pk}/skip", claim(review)).status_code == 404
    assert client.post(f"/desk/{review.pk}/stay", claim(review)).status_code == 404
    assert Review.objects.get(pk=review.pk).state == ReviewState.HELD


@pytest.mark.parametrize("who", ["viewer", "tuner"])
def test_people_without_the_right_are_told_whom_to_ask(cast: Company, who: str) -> None:
    client = signed_in(getattr(cast, who))
    response = client.get("/desk/")
    assert response.status_code == 403
    assert b"role Reviewer" in response.content
    assert client.post("/desk/take").status_code == 403


NO_TOPIC = {"f.topic": "", "f.urgent": "no", "verdict": "fix"}
UNFIT = {
    "a form with an error": ("decide", NO_TOPIC),
    "a mark that is none": ("decide", {"verdict": "accept", "mark": "x"}),
    "an own answer with an error": ("own", {"f.topic": ""}),
    "a hand-over without a note": ("hand", {"note": ""}),
    "a flag without a note": ("flag", {"note": ""}),
    "another shape of the form": ("decide", {"reshape": "same:"}),
}


@pytest.mark.parametrize(("deed", "said"), UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_is_refused_shows_no_look_to_who_does_not_hold_it(
    deed: str, said: dict[str, str], headers: dict[str, str]
) -> None:
    cast = casts.company(looks=2)
    item = casts.one(cast.task, text="Only its holders read this.")
    said_by_a_peer = {"topic": "delivery", "urgent": True}
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=said_by_a_peer, note="I know this customer")
    held = casts.take(cast.colleague, cast.task)  # who must not know what the first one said
    for look in Review.objects.filter(item=item).exclude(pk=held.pk):
        address = f"/desk/{look.pk}/{deed}"
        response = signed_in(cast.colleague).post(address, {"token": look.token or 1, **said}, headers=headers)
        assert response.status_code == 409
        assert b"Only its holders read this." not in response.content
        assert b"I know this customer" not in response.content


def test_an_id_beyond_the_database_is_no_item(cast: Company) -> None:
    assert signed_in(cast.reviewer).get(f"/desk/{2**70}/").status_code == 404


def test_a_get_takes_nothing(cast: Company) -> None:
    casts.one(cast.task)
    client = signed_in(cast.reviewer)
    assert client.get("/desk/").status_code == 200
    assert client.get("/desk/take").status_code == 405
    assert Review.objects.get().state == ReviewState.OPEN


def test_the_filter_by_task_takes_only_from_it(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    casts.one(cast.task)
    wanted = casts.one(other)
    client = signed_in(cast.reviewer)
    client.post("/desk/take", {"task": other.pk})
    assert Review.objects.get(holder=cast.reviewer).item == wanted
    assert client.get("/desk/?task=99999").status_code == 404


# ---- deciding without a script


def test_take_leads_to_the_item_and_accept_to_the_next(cast: Company) -> None:
    first, second = casts.one(cast.task, "m1"), casts.one(cast.task, "m2")
    client = signed_in(cast.reviewer)
    taken = client.post("/desk/take")
    review = Review.objects.get(item=first)
    assert taken.headers["Location"] == f"/desk/{review.pk}/"
    response = decide(client, review, verdict="accept")
    review.refresh_from_db()
    assert (review.verdict, review.answer, review.holder) == (Verdict.ACCEPT, PROPOSAL, cast.reviewer)
    assert None not in (review.taken_at, review.decided_at)
    assert Item.objects.get(pk=first.pk).state == State.DONE
    assert response.headers["Location"] == f"/desk/{Review.objects.get(item=second).pk}/"


def test_a_fix_publishes_the_persons_answer(cast: Company) -> None:
    item = casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    fixed = {"topic": "account", "urgent": True, "reply": "Hello.\n"}
    decide(signed_in(cast.reviewer), review, verdict="fix", note="see the order", **as_form(fixed))
    review.refresh_from_db()
    assert (review.verdict, review.answer, review.note) == (Verdict.FIX, fixed, "see the order")
    assert Publication.objects.get(item=item).answer == fixed


def test_an_alternative_is_one_press(cast: Company) -> None:
    casts.one(cast.task, answered=casts.says(PROPOSAL, others=[RIVAL], p=0.5))
    review = casts.take(cast.reviewer, cast.task)
    page = signed_in(cast.reviewer).get(f"/desk/{review.pk}/").content.decode()
    assert re.search(r'name="pick"\s+value="1"', page)
    decide(signed_in(cast.reviewer), review, pick="1")
    review.refresh_from_db()
    assert (review.verdict, review.answer) == (Verdict.FIX, RIVAL)


def test_an_alternative_that_is_not_offered_decides_nothing(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    assert decide(signed_in(cast.reviewer), review, pick="7").status_code == 422
    assert Review.objects.get().state == ReviewState.HELD


def test_a_rejection_asks_for_one_of_the_reasons(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    client = signed_in(cast.reviewer)
    refused = decide(client, review, verdict="reject", reason="boredom")
    assert refused.status_code == 422
    assert "boredom" in refused.content.decode()
    assert decide(client, review, verdict="reject", reason="invented").status_code == 302
    review.refresh_from_db()
    assert (review.verdict, review.reason, review.answer) == (Verdict.REJECT, "invented", None)


def test_a_skipped_item_is_not_offered_again_and_the_empty_desk_says_so(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    response = signed_in(cast.reviewer).post(f"/desk/{review.pk}/skip", claim(review), follow=True)
    page = " ".join(response.content.decode().split())
    assert "Nothing waits for you just now" in page
    assert "<dt>skipped by you</dt> <dd> 1, left to others" in page
    assert casts.take(cast.colleague, cast.task).pk == review.pk


# ---- what can go wrong


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"f.amount": "twelve"}, "no number"),
        ({"f.amount": "-5"}, "minimum"),
        ({"f.topic": '"weather"'}, "weather"),
        ({"f.topic": ""}, "required"),
    ],
)
def test_an_unfit_fix_keeps_what_was_typed_with_the_error_at_the_field(
    cast: Company, change: dict[str, str], words: str
) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    typed = as_form(PROPOSAL) | {"f.reply": "My long answer <b>"} | change
    response = decide(signed_in(cast.reviewer), review, verdict="fix", **typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "My long answer &lt;b&gt;" in page
    assert re.search(rf'class="error" id="error-\d">[^<]*{words}', page)
    assert "is-fixing" in page
    assert Review.objects.get().state == ReviewState.HELD


def test_accept_without_a_proposal_is_refused_in_words(cast: Company) -> None:
    casts.one(cast.task, answered=casts.fails())
    review = casts.take(cast.reviewer, cast.task)
    client = signed_in(cast.reviewer)
    assert "Accept" not in client.get(f"/desk/{review.pk}/").content.decode()
    response = decide(client, review, verdict="accept")
    assert response.status_code == 422
    assert "no proposal to accept" in response.content.decode()


def test_a_late_fix_of_somebody_elses_item_is_kept_as_a_second_opinion_and_said_so(cast: Company) -> None:
    casts.one(cast.task)
    old = casts.take(cast.reviewer, cast.task)
    Review.objects.update(state="open", holder=None, last_holder=cast.reviewer, lease_until=None)
    casts.take(cast.colleague, cast.task)
    typed = as_form(PROPOSAL) | {"f.reply": "Half an hour's work"}
    response = decide(signed_in(cast.reviewer), old, verdict="fix", **typed)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Kept as a second opinion" in page
    assert "(colleague)" in page
    assert Review.objects.get().verdict == ""
    assert SecondOpinion.objects.filter(answer__reply="Half an hour's work").count() == 1


def test_a_late_verdict_counts_while_nobody_else_has_taken_the_item(cast: Company) -> None:
    casts.one(cast.task)
    old = casts.take(cast.reviewer, cast.task)
    Review.objects.update(state="open", holder=None, last_holder=cast.reviewer, lease_until=None)
    assert decide(signed_in(cast.reviewer), old, verdict="accept").status_code == 302
    assert Review.objects.get().verdict == Verdict.ACCEPT


def test_the_same_verdict_twice_is_one(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    client = signed_in(cast.reviewer)
    assert decide(client, review, verdict="accept").status_code == 302
    assert decide(client, review, verdict="accept").status_code == 302
    assert Publication.objects.count() == 1


@pytest.mark.parametrize("token", ["", "0", "-1", "99999999999999999999", "none", "٣"])
def test_a_wrong_token_decides_nothing(cast: Company, token: str) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    response = signed_in(cast.reviewer).post(f"/desk/{review.pk}/decide", {"token": token, "verdict": "accept"})
    assert response.status_code == 409
    assert Review.objects.get().state == ReviewState.HELD


def test_a_withdrawn_item_is_said_to_be_withdrawn(cast: Company) -> None:
    item = casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    intake.withdraw(item.pk, by=cast.admin.pk, reason="sent twice")
    response = decide(signed_in(cast.reviewer), review, verdict="accept")
    assert response.status_code == 409
    assert "withdrawn meanwhile" in response.content.decode()


def test_staying_renews_the_lease_of_its_holder_alone(cast: Company) -> None:
    casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    assert signed_in(cast.reviewer).post(f"/desk/{review.pk}/stay", claim(review)).status_code == 204
    assert Review.objects.filter(lease_until__gt=review.lease_until).exists()
    assert signed_in(cast.colleague).post(f"/desk/{review.pk}/stay", claim(review)).status_code == 409


# ---- undo


def undo(client: Client, review: Review, **more: Any) -> Any:
    return client.post(f"/desk/{review.pk}/undo", claim(review, **more))


def decided(cast: Company, client: Client, **said: Any) -> Review:
    review = casts.take(cast.reviewer, cast.task)
    assert decide(client, review, **said).status_code == 302
    return review


def page_of(client: Client, address: str = "/desk/") -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())


def test_the_desk_offers_to_take_back_the_newest_decision_and_then_the_one_before(cast: Company) -> None:
    for name in ("m1", "m2"):
        casts.one(cast.task, name)
    client = signed_in(cast.reviewer)
    first, second = decided(cast, client, verdict="accept"), decided(cast, client, verdict="reject", reason="wrong")
    shown = page_of(client)
    assert "Rejected: <strong>Message m2</strong>" in shown
    assert f'action="/desk/{second.pk}/undo"' in shown
    response = undo(client, second)
    assert response.headers["Location"] == f"/desk/{second.pk}/"
    shown = page_of(client, response.headers["Location"])
    assert "Taken back: Message m2." in shown
    assert "Accepted: <strong>Message m1</strong>" in shown
    undo(client, first)
    assert Review.objects.filter(state=ReviewState.HELD, holder=cast.reviewer).count() == 2
    assert not Publication.objects.exists()
    assert "data-undo" not in page_of(client)


def test_a_fix_that_was_taken_back_stands_in_the_form_again(cast: Company) -> None:
    casts.one(cast.task)
    client = signed_in(cast.reviewer)
    fixed = {"topic": "account", "urgent": True, "reply": "Half an hour's work"}
    review = decided(cast, client, verdict="fix", note="see the order", **as_form(fixed))
    response = undo(client, review)
    assert response.headers["Location"] == f"/desk/{review.pk}/?do=fix"
    shown = page_of(client, response.headers["Location"])
    assert "is-fixing" in shown
    assert "Half an hour&#x27;s work" in shown
    assert 'value="see the order"' in shown
    script = client.post(f"/desk/{review.pk}/undo", claim(review), headers={"HX-Request": "true"})
    assert (script.status_code, json.loads(script["X-Desk-Said"])) == (200, "Taken back: Message m1.")


@pytest.mark.parametrize("script", [True, False])
def test_an_undo_that_comes_too_late_says_so_and_the_desk_goes_on(cast: Company, script: bool) -> None:
    for name in ("m1", "m2"):
        casts.one(cast.task, name)
    client = signed_in(cast.reviewer)
    review = decided(cast, client, verdict="accept")
    casts.time_passes(cast.task)
    assert "data-undo" not in page_of(client)
    headers = {"HX-Request": "true"} if script else {}
    shown = client.post(f"/desk/{review.pk}/undo", claim(review), headers=headers, follow=True).content.decode()
    assert "Message m1 stays as you decided it" in shown
    assert "Message m2" in shown
    assert not Undone.objects.exists()


def test_nobody_undoes_at_another_persons_desk(cast: Company) -> None:
    casts.one(cast.task)
    review = decided(cast, signed_in(cast.reviewer), verdict="accept")
    assert undo(signed_in(cast.outsider), review).status_code == 404
    assert undo(signed_in(cast.viewer), review).status_code == 403
    assert undo(signed_in(cast.colleague), review).status_code == 302
    assert "data-undo" not in page_of(signed_in(cast.colleague))
    assert not Undone.objects.exists()


@pytest.mark.parametrize("way", ["let go and opened again", "taken anew"])
def test_a_fix_that_was_taken_back_comes_back_whenever_its_look_does(cast: Company, way: str) -> None:
    casts.one(cast.task)
    client, review = signed_in(cast.reviewer), casts.take(cast.reviewer, cast.task)
    decide(client, review, **as_form(PROPOSAL | {"reply": "Five careful lines."}), note="thought about it")
    undo(client, review)
    Review.objects.update(state=ReviewState.OPEN, last_holder=cast.reviewer, holder=None, lease_until=None)
    if way == "taken anew":
        client.post("/desk/take")
        assert Review.objects.get().token == review.token + 2
    page = client.get(f"/desk/{review.pk}/").content.decode()
    assert "Five careful lines." in page
    assert "thought about it" in page
    Review.objects.update(state=ReviewState.OPEN, holder=None, lease_until=None)
    signed_in(cast.colleague).post("/desk/take")
    assert "Five careful lines." not in signed_in(cast.colleague).get(f"/desk/{review.pk}/").content.decode()


def test_a_very_long_fix_that_was_taken_back_is_as_it_was_typed_and_not_the_drafts(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(
        output_schema={"type": "object", "properties": LONG, "required": ["text"], "additionalProperties": False}
    )
    draft, mine = {"text": "a" * 110_000}, {"text": "b" * 110_000}
    cast.task.refresh_from_db()
    casts.one(cast.task, "m1", casts.says(draft, field="text"))
    client, review = signed_in(cast.reviewer), casts.take(cast.reviewer, cast.task)
    decide(client, review, **{"f.text": mine["text"]}, verdict="fix")
    assert Review.objects.get().answer == mine
    undo(client, review)
    assert mine["text"] in client.get(f"/desk/{review.pk}/").content.decode()


# ---- handing on


@pytest.mark.parametrize("to", ["x", "12x", "-1", "\u0663", "0", str(2**70), "<b>"])
def test_a_look_handed_to_nobody_there_is_goes_to_nobody_and_keeps_the_note(cast: Company, to: str) -> None:
    casts.one(cast.task)
    client, review = signed_in(cast.reviewer), casts.take(cast.reviewer, cast.task)
    response = client.post(f"/desk/{review.pk}/hand", claim(review, to=to, note="Three lines of thought."))
    assert response.status_code == 422
    page = response.content.decode()
    assert "That person does not review in this project." in page
    assert "Three lines of thought." in page
    review.refresh_from_db()
    assert (review.state, review.holder_id) == (ReviewState.HELD, cast.reviewer.pk)
    assert not Handing.objects.exists()
