"""The list of items and an item's page: who sees what, and taking an item back."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.flow import corrections
from slider.flow import review as reviewing
from slider.flow.corrections import NotOut
from slider.models import Correction, Item, Publication, Review, ReviewKind, State, Verdict
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.content.decode().split())


def test_the_list_and_the_item_are_for_people_who_may_see_items(cast: Company) -> None:
    item = casts.one(cast.task)
    for address in (f"/tasks/{cast.task.pk}/items/", f"/items/{item.pk}/"):
        for name, status in {"reviewer": 200, "tuner": 200, "admin": 200, "viewer": 403, "outsider": 404}.items():
            page(signed_in(getattr(cast, name)), address, status)


def test_the_list_filters_and_finds_by_the_beginning_of_an_id(cast: Company) -> None:
    casts.one(cast.task, "order-1", subject="First")
    casts.bring_in(cast.task, {"order-2": {"text": "x", "subject": "Second"}, "other": {"text": "x"}})
    client, base = signed_in(cast.admin), f"/tasks/{cast.task.pk}/items/"
    assert "First" in page(client, base + "?show=review")
    assert "Second" not in page(client, base + "?show=review")
    found = page(client, base + "?id=order-")
    assert [word in found for word in ("First", "Second", ">other<")] == [True, True, False]
    assert "No id begins with" in page(client, base + "?id=ORDER")
    assert "No items here" in page(client, base + "?show=withdrawn")


@pytest.mark.parametrize("query", ["?show=nothing", "?before=-1", "?before=x", "?before=" + "9" * 40])
def test_a_filter_or_a_page_that_is_none_is_not_found(cast: Company, query: str) -> None:
    page(signed_in(cast.admin), f"/tasks/{cast.task.pk}/items/{query}", 404)


def test_an_id_beyond_the_database_is_no_item(cast: Company) -> None:
    page(signed_in(cast.admin), f"/items/{2**80}/", 404)


def test_the_item_page_tells_the_whole_story_with_its_numbers(cast: Company) -> None:
    item = casts.one(cast.task, answered=casts.says({"topic": "refund", "urgent": False}, p=0.8))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": False}, note="Hm")
    told = page(signed_in(cast.admin), f"/items/{item.pk}/")
    for words in (
        "came in by the cast",
        "reader v1 tried: answered",
        "420 and 24",
        "0.00021",
        "the weakest token",
        "Sent to people",
        "share in force",
        "Fixed by reviewer",
        "Result: fixed by a person",
        "<del>refund</del> <ins>other</ins>",
        "Hm",
    ):
        assert words in told, words


def test_a_reviewer_can_not_tell_an_open_audit_from_a_gate(cast: Company) -> None:
    gate = casts.one(cast.task, "gate", subject="Same", text="Same")
    audit = casts.audited(cast.task, "audit", subject="Same", text="Same")
    client = signed_in(cast.reviewer)

    def neutral(item: Item) -> str:
        text = page(client, f"/items/{item.pk}/").replace(item.external_id, "X")
        text = re.sub(r'(token"|csrf-token") (value|content)="\w+"', "", text)
        text = re.sub(r"\d\d:\d\d:\d\d", "", text)
        text = re.sub(r"(move|attempt|score)-\d+", r"\1-N", text)
        return re.sub(rf"(items/|item ){item.pk}\b", r"\1N", text)

    assert neutral(audit) == neutral(gate)
    assert "drawn, with a chance" not in neutral(audit)
    rows = page(client, f"/tasks/{cast.task.pk}/items/")
    assert rows.count("waits for people</span>") == 2
    assert "unattended</td>" not in rows
    assert "Same" in page(client, f"/tasks/{cast.task.pk}/items/?show=review")
    assert "No items here" in page(client, f"/tasks/{cast.task.pk}/items/?show=unattended")
    assert "drawn, with a chance of 100 %" in page(signed_in(cast.tuner), f"/items/{audit.pk}/")


def test_a_decided_look_back_is_told_to_everybody(cast: Company) -> None:
    shipped = casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task)
    Review.objects.create(item=shipped, task=cast.task, kind=ReviewKind.LOOKBACK)
    assert "as an audit" not in page(signed_in(cast.reviewer), f"/items/{shipped.pk}/")
    casts.decide(cast.reviewer, cast.task)
    assert "as a look back" in page(signed_in(cast.reviewer), f"/items/{shipped.pk}/")


def test_a_decided_audit_is_told_to_everybody(cast: Company) -> None:
    audit = casts.audited(cast.task)
    casts.decide(cast.colleague, cast.task)
    told = page(signed_in(cast.reviewer), f"/items/{audit.pk}/")
    assert "drawn, with a chance of 100 %" in told
    assert "as an audit" in told


def test_withdrawing_takes_the_right_and_a_reason(cast: Company) -> None:
    item = casts.one(cast.task)
    address = f"/items/{item.pk}/withdraw"
    assert signed_in(cast.reviewer).post(address, {"reason": "x"}).status_code == 403
    assert signed_in(cast.outsider).post(address, {"reason": "x"}).status_code == 404
    client = signed_in(cast.tuner)
    assert "Say why" in client.post(address, {"reason": "  "}).content.decode()
    assert Item.objects.get(pk=item.pk).state == State.REVIEW
    assert client.get(address).status_code == 405
    told = client.post(address, {"reason": "sent twice"}, follow=True).content.decode()
    assert "withdrawn: sent twice" in told
    assert Item.objects.get(pk=item.pk).state == State.WITHDRAWN
    assert Review.objects.get(item=item).state == "void"


def test_a_final_item_stays(cast: Company) -> None:
    item = casts.one(cast.task)
    review = casts.take(cast.reviewer, cast.task)
    said = reviewing.Said(Verdict.ACCEPT)
    reviewing.decide(review.pk, user_id=cast.reviewer.pk, token=review.token, said=said)
    client = signed_in(cast.tuner)
    assert "Withdraw this item" not in page(client, f"/items/{item.pk}/")
    response = client.post(f"/items/{item.pk}/withdraw", {"reason": "late"})
    assert response.status_code == 409
    assert "final by now" in response.content.decode()


# ---- corrections

BETTER = {"f.topic": '"delivery"', "f.urgent": "true", "reason": "wrong", "verdict": "fix"}


def out(cast: Company) -> Item:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    casts.time_passes(cast.task)
    return item


def test_a_reviewer_corrects_a_result_on_the_page_of_its_item(cast: Company) -> None:
    item = out(cast)
    client = signed_in(cast.reviewer)
    assert "Correct the result" in page(client, f"/items/{item.pk}/")
    typed = BETTER | {"note": "the order says so", "number": "1"}
    shown = client.post(f"/items/{item.pk}/correct", typed, follow=True).content.decode()
    for words in ("goes out as correction 1", "Corrected by reviewer: fixed", "the order says so", "has not left yet"):
        assert words in shown, words
    made = Correction.objects.get()
    assert Publication.objects.get(number=2).answer == {"topic": "delivery", "urgent": True}
    late = client.post(f"/items/{item.pk}/correct", BETTER | {"f.topic": '"other"', "number": "1"}, follow=True)
    assert "Somebody else corrected it while you looked" in late.content.decode()
    address = f"/items/{item.pk}/corrections/{made.pk}/undo"
    assert client.post(address).status_code == 409
    address = f"/items/{item.pk}/corrections/{Correction.objects.latest('pk').pk}/undo"
    assert "taken back" in client.post(address, follow=True).content.decode()
    assert Publication.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": ""}, "Say why: choose one of the reasons."),
        ({"f.amount": "much"}, "is no number here"),
        ({"f.amount": "-5"}, "minimum"),
        ({"f.topic": ""}, "this field is required"),
        ({"f.topic": '"refund"', "f.urgent": "false"}, "nothing to correct"),
        ({"note": "a\x00b"}, "NUL"),
    ],
)
def test_an_unfit_correction_keeps_what_was_typed(cast: Company, change: dict[str, str], words: str) -> None:
    item = out(cast)
    response = signed_in(cast.reviewer).post(f"/items/{item.pk}/correct", BETTER | {"note": "Typed <b>"} | change)
    shown = response.content.decode()
    assert response.status_code == 422
    assert words in shown
    assert "NUL" in words or "Typed &lt;b&gt;" in shown
    assert 'correct" open' in shown


def test_correcting_takes_the_right_and_a_result(cast: Company) -> None:
    item = out(cast)
    address = f"/items/{item.pk}/correct"
    for name, status in {"tuner": 403, "viewer": 403, "outsider": 404}.items():
        assert signed_in(getattr(cast, name)).post(address, BETTER).status_code == status
    assert "Correct the result" not in page(signed_in(cast.tuner), f"/items/{item.pk}/")
    waiting = casts.one(cast.task, "m2")
    refused = signed_in(cast.admin).post(f"/items/{waiting.pk}/correct", BETTER)
    assert (refused.status_code, "no result to correct" in refused.content.decode()) == (409, True)
    assert signed_in(cast.reviewer).post(f"/items/{waiting.pk}/corrections/{2**70}/undo").status_code == 404
    assert not Correction.objects.exists()


def test_correcting_tells_no_open_audit_from_a_gate(cast: Company) -> None:
    gate, audit = casts.one(cast.task, "gate"), casts.audited(cast.task, "audit")
    client = signed_in(cast.reviewer)
    answers = [client.post(f"/items/{item.pk}/correct", BETTER) for item in (gate, audit)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "Correct the result" not in page(client, f"/items/{audit.pk}/")
    assert signed_in(cast.admin).post(f"/items/{audit.pk}/correct", BETTER).status_code == 302


def test_what_was_typed_to_correct_stands_on_the_page_where_there_is_no_result_any_more(cast: Company) -> None:
    waiting = casts.one(cast.task)
    typed = BETTER | {"note": "Three <b>lines</b>"}
    response = signed_in(cast.admin).post(f"/items/{waiting.pk}/correct", typed)
    assert response.status_code == 409
    kept = response.content.decode().split('<textarea id="kept"')[1].split("</textarea>")[0]
    for words in (
        "topic: &quot;delivery&quot;",
        "urgent: true",
        "what was wrong: ",
        "note: Three &lt;b&gt;lines&lt;/b&gt;",
    ):
        assert words in kept, words


def test_what_was_typed_is_kept_where_the_result_goes_in_the_very_moment(
    cast: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = out(cast)

    def gone(*_: object, **__: object) -> None:
        raise NotOut("the item is waiting for people: there is no result that could be corrected")

    monkeypatch.setattr(corrections, "correct", gone)
    response = signed_in(cast.reviewer).post(f"/items/{item.pk}/correct", BETTER | {"note": "Three lines"})
    assert response.status_code == 409
    kept = response.content.decode().split('<textarea id="kept"')[1].split("</textarea>")[0]
    assert "note: Three lines" in kept
    assert "topic: &quot;delivery&quot;" in kept


def test_a_correction_that_was_taken_back_stands_in_the_form_again_and_for_nobody_else(cast: Company) -> None:
    item = out(cast)
    client = signed_in(cast.reviewer)
    client.post(f"/items/{item.pk}/correct", BETTER | {"f.reply": "Five careful lines.", "note": "the order says so"})
    made = Correction.objects.get()
    back = client.post(f"/items/{item.pk}/corrections/{made.pk}/undo", follow=True)
    assert back.redirect_chain == [(f"/items/{item.pk}/?again={made.pk}", 302)]
    form = back.content.decode().split('class="card correct"')[1].split("</details>")[0]
    assert form.lstrip().startswith("open")
    for words in ("Five careful lines.", "the order says so", '<option value="wrong" selected>'):
        assert words in form, words
    other = page(signed_in(cast.colleague), f"/items/{item.pk}/?again={made.pk}").split('class="card correct"')[1]
    other = other.split("</details>")[0]
    assert "Five careful lines." not in other
    for odd in ("x", str(2**70), "0", "-1"):
        assert client.get(f"/items/{item.pk}/?again={odd}").status_code == 200
