"""Flags on the lead's page: who sees them, and both ways to settle one."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.flow import handing
from slider.models import Review, ReviewState, Role
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, cast: Company) -> str:
    response = client.get(f"/tasks/{cast.task.pk}/desk")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def look(cast: Company, lead: User) -> Review:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="<b>ours?</b>")
    held.refresh_from_db()
    return held


def test_without_a_flag_the_page_says_how_one_comes_there(cast: Company, lead: User) -> None:
    assert "Nothing is flagged." in page(signed_in(lead), cast)


def test_a_flag_stands_there_with_its_item_its_note_and_who_said_it(cast: Company, lead: User, look: Review) -> None:
    told = page(signed_in(lead), cast).split("Flagged to a lead")[1].split("In hands right now")[0]
    for words in (f'href="/items/{look.item_id}/"', "Message m1", "&lt;b&gt;ours?&lt;/b&gt;", "reviewer, just now"):
        assert words in told, words


def test_only_who_leads_settles_one(cast: Company, lead: User, look: Review) -> None:
    for way in ("answer", "flag-off"):
        address = f"/tasks/{cast.task.pk}/desk/{look.pk}/{way}"
        for name, status in {"viewer": 403, "reviewer": 403, "tuner": 403, "outsider": 404}.items():
            assert signed_in(getattr(cast, name)).post(address, {"note": "accept it"}).status_code == status
        assert signed_in(lead).get(address).status_code == 405
        assert signed_in(lead).post(address.replace(str(look.pk), str(2**80))).status_code == 404
        other = casts.task(cast.project, by=cast.admin, name=f"Other {way}", slug=f"other-{way}")
        assert signed_in(lead).post(f"/tasks/{other.pk}/desk/{look.pk}/{way}").status_code == 404
    look.refresh_from_db()
    assert (look.state, look.for_lead) == (ReviewState.OPEN, True)


def test_a_lead_takes_it_to_the_desk(cast: Company, lead: User, look: Review) -> None:
    client = signed_in(lead)
    answered = client.post(f"/tasks/{cast.task.pk}/desk/{look.pk}/answer", follow=True)
    assert answered.redirect_chain == [(f"/desk/{look.pk}/", 302)]
    assert "Message m1" in answered.content.decode()
    told = page(client, cast)
    assert "lead has it in hands now" in told
    assert "Take the flag off" not in told
    late = signed_in(cast.admin).post(f"/tasks/{cast.task.pk}/desk/{look.pk}/answer")
    assert (late.status_code, "Nothing was taken: lead has it in hands" in late.content.decode()) == (409, True)


def test_a_lead_says_what_to_do(cast: Company, lead: User, look: Review) -> None:
    client, address = signed_in(lead), f"/tasks/{cast.task.pk}/desk/{look.pk}/flag-off"
    refused = client.post(address, {"note": "x" * 2001})
    assert (refused.status_code, 'id="flag-error">Say in 1 to 2000' in refused.content.decode()) == (422, True)
    assert "x" * 2001 in refused.content.decode()
    assert client.post(address, {"note": "accept it"}).status_code == 302
    assert "The flag is off" in page(client, cast)
    late = client.post(address, {"note": "typed in vain"})
    assert late.status_code == 409
    assert "no flag stands on it" in late.content.decode()
    assert "What you typed: typed in vain" in late.content.decode()
