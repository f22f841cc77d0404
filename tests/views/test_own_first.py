"""The own answer first: the draft is nowhere in the page before it, and stands beside it afterwards."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import review as reviewing
from slider.models import OwnAnswer, Publication, Review, Verdict
from tests import casts, stages

pytestmark = pytest.mark.django_db
DRAFT = {"topic": "refund", "urgent": False, "reply": "We have refunded 4711 euro."}
RIVAL = {"topic": "refund", "urgent": False, "reply": "A voucher of 815 is on its way."}
MINE = {"topic": "delivery", "urgent": True, "reply": "It comes tomorrow."}
SCRIPT = {"HX-Request": "true"}


staged = stages.of_module(lambda: casts.company(hidden_rate=0.5))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def client(who: User) -> Client:
    made = Client()
    made.force_login(who)
    return made


def hidden(cast: casts.Company) -> Review:
    """A look of the reviewer whose draft is hidden."""
    for n in range(40):
        casts.one(cast.task, f"h{n}", casts.says(DRAFT, others=[RIVAL], p=0.5))
        held = casts.take(cast.reviewer, cast.task)
        if held.is_drawn_hidden:
            return held
        reviewing.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    raise AssertionError("no look was drawn")


def form(answer: dict[str, Any]) -> dict[str, str]:
    return {f"f.{name}": json.dumps(value) if name != "reply" else value for name, value in answer.items()}


def own(held: Review, **more: str) -> tuple[str, dict[str, Any]]:
    return reverse("desk-own", args=[held.pk]), {"token": held.token, **more}


@pytest.mark.parametrize("headers", [{}, SCRIPT])
@pytest.mark.parametrize("asked", ["", "?do=fix", "?do=reject", "?do=mark"])
def test_nothing_of_the_draft_is_in_the_page_before_the_answer(
    cast: casts.Company, headers: dict[str, str], asked: str
) -> None:
    held = hidden(cast)
    answer = client(cast.reviewer).get(f"/desk/{held.pk}/{asked}", headers=headers)
    page = answer.content.decode() + json.dumps(dict(answer.headers))
    assert "Your own answer first." in page
    for told in ("4711", "815", "of three samples", "samples", "likely right", "refund&quot; checked", 'name="pick"'):
        assert told not in page, told
    assert not re.search(r"<input[^>]*checked", page)
    assert re.search(r'<textarea id="field-\d"[^>]*>\s*</textarea>', page)


def test_taking_it_with_a_script_shows_no_draft_either(cast: casts.Company) -> None:
    held = hidden(cast)
    Review.objects.filter(pk=held.pk).update(state="open", holder=None, lease_until=None)
    page = client(cast.reviewer).post("/desk/take", headers=SCRIPT).content.decode()
    assert "Your own answer first." in page
    assert "4711" not in page


@pytest.mark.parametrize("headers", [{}, SCRIPT])
def test_after_it_the_draft_stands_beside_the_own_answer(cast: casts.Company, headers: dict[str, str]) -> None:
    held = hidden(cast)
    address, sent = own(held, **form(MINE))
    page = client(cast.reviewer).post(address, sent, headers=headers, follow=True).content.decode()
    assert "4711" in page
    assert "What you said before" in page
    assert "It comes tomorrow." in page
    assert page.count("the draft differs") == 3
    assert 'data-key="k"' in page
    assert OwnAnswer.objects.get().answer == MINE


def test_one_key_keeps_the_own_answer(cast: casts.Company) -> None:
    held = hidden(cast)
    who = client(cast.reviewer)
    who.post(*own(held, **form(MINE)))
    who.post(f"/desk/{held.pk}/decide", {"token": held.token, "verdict": "own"})
    held.refresh_from_db()
    assert (held.verdict, held.answer) == (Verdict.FIX, MINE)
    assert Publication.objects.get(item=held.item_id).answer == MINE


def test_the_same_as_the_draft_goes_on_to_the_next_look(cast: casts.Company) -> None:
    held = hidden(cast)
    answer = client(cast.reviewer).post(*own(held, **form(DRAFT)), headers=SCRIPT)
    held.refresh_from_db()
    assert held.verdict == Verdict.ACCEPT
    assert json.loads(answer["X-Desk-Said"]) == "Accepted: the draft says the same as you."


def test_that_no_answer_can_be_given_is_an_answer_too(cast: casts.Company) -> None:
    held = hidden(cast)
    page = client(cast.reviewer).post(*own(held, answer="none"), follow=True).content.decode()
    assert "That no answer can be given." in page
    assert 'data-key="k"' not in page
    refused = client(cast.reviewer).post(f"/desk/{held.pk}/decide", {"token": held.token, "verdict": "own"})
    assert refused.status_code == 422
    held.refresh_from_db()
    assert held.verdict == ""


@pytest.mark.parametrize("verdict", ["accept", "fix", "reject", "own", "lucky"])
def test_a_verdict_before_it_is_refused_and_shows_no_draft(cast: casts.Company, verdict: str) -> None:
    held = hidden(cast)
    sent = {"token": held.token, "verdict": verdict, "reason": "wrong", **form(MINE)}
    answer = client(cast.reviewer).post(f"/desk/{held.pk}/decide", sent)
    assert answer.status_code == 422
    assert "4711" not in answer.content.decode()
    assert not Publication.objects.exists()


def test_an_unfit_answer_keeps_what_was_typed_and_still_hides_the_draft(cast: casts.Company) -> None:
    held = hidden(cast)
    for change, error in (
        ({"f.amount": "-5"}, "minimum"),
        ({"f.topic": ""}, "required"),
        ({"f.amount": "x"}, "number"),
    ):
        answer = client(cast.reviewer).post(*own(held, **form(MINE) | change))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "It comes tomorrow." in page
        assert error in page
        assert "4711" not in page
    assert not OwnAnswer.objects.exists()


def test_it_is_nobody_elses_to_answer(cast: casts.Company) -> None:
    held = hidden(cast)
    address, sent = own(held, **form(MINE))
    assert client(cast.outsider).post(address, sent).status_code == 404
    lost = client(cast.colleague).post(address, sent)
    assert lost.status_code == 409
    assert "It comes tomorrow." in lost.content.decode()  # to copy
    assert "4711" not in lost.content.decode()


def test_another_shape_of_the_form_gives_nothing_of_a_hidden_draft_away(cast: casts.Company) -> None:
    held = hidden(cast)
    asked = {"token": held.token, "f.reply~keep": "1", "reshape": "whole:/reply"}
    page = client(cast.reviewer).post(f"/desk/{held.pk}/decide", asked).content.decode()
    assert "Your own answer first." in page
    assert "4711" not in page
