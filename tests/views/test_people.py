"""The page of people and their skills, a look that is given to one of them, and who may do either."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.models import Handing, Known, KnownFrom, Membership, Review, ReviewKind, Role, Task, Verdict
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


def save(client: Client, cast: Company, user_id: int, text: str) -> Any:
    return client.post(reverse("people-save", args=[cast.project.slug, user_id]), {"skills": text})


def test_a_lead_says_what_people_know(cast: Company, lead: User) -> None:
    answer = save(signed_in(lead), cast, cast.reviewer.pk, " Legal, german ,GERMAN,, french  law")
    assert answer.status_code == 302
    assert Membership.objects.get(user=cast.reviewer).skills == ["french law", "german", "legal"]
    page = signed_in(lead).get(reverse("people", args=[cast.project.slug])).content.decode()
    assert "french law, german, legal" in page


def test_too_many_skills_are_refused_and_shown_again(cast: Company, lead: User) -> None:
    answer = save(signed_in(lead), cast, cast.reviewer.pk, ", ".join(f"skill {n}" for n in range(21)))
    assert answer.status_code == 422
    assert "at most 20 fit" in answer.content.decode()
    assert "skill 20" in answer.content.decode()
    assert Membership.objects.get(user=cast.reviewer).skills == []


@pytest.mark.parametrize("who", ["viewer", "reviewer", "tuner"])
def test_others_neither_see_nor_change_it(cast: Company, who: str) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    client = signed_in(getattr(cast, who))
    assert client.get(reverse("people", args=[cast.project.slug])).status_code == 403
    assert save(client, cast, cast.reviewer.pk, "german").status_code == 403
    to = {"to": cast.colleague.pk}
    assert client.post(reverse("look-assign", args=[look.item_id, look.pk]), to).status_code == 403


def test_what_is_not_there_is_a_404(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    assert save(signed_in(cast.outsider), cast, cast.reviewer.pk, "german").status_code == 404
    assert save(signed_in(lead), cast, cast.outsider.pk, "german").status_code == 404
    assert save(signed_in(lead), cast, 2**63, "german").status_code == 404
    for item, review in ((look.item_id, look.pk + 1), (look.item_id, 2**64), (2**64, look.pk)):
        assert signed_in(lead).post(reverse("look-assign", args=[item, review])).status_code == 404
    address = reverse("look-assign", args=[look.item_id, look.pk])
    assert signed_in(cast.outsider).post(address).status_code == 404


def test_a_skill_that_nobody_has_is_seen(cast: Company, lead: User) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    casts.one(cast.task)
    page = signed_in(lead).get(reverse("people", args=[cast.project.slug])).content.decode()
    assert "nobody knows it" in page
    assert "1 waiting" in page


def test_a_lead_assigns_on_the_items_page(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    client, address = signed_in(lead), reverse("look-assign", args=[look.item_id, look.pk])
    client.post(address, {"to": cast.colleague.pk, "note": "Yours."})
    page = client.get(reverse("item", args=[look.item_id])).content.decode()
    assert "assigned to colleague" in page
    Membership.objects.filter(user=cast.admin).update(role=Role.TUNER)  # since the page was read
    refused = client.post(address, {"to": cast.admin.pk, "note": "Three lines that took long to write."})
    assert refused.status_code == 409
    assert "Nothing was assigned: that person does not review in this project." in refused.content.decode()
    assert 'value="Three lines that took long to write."' in refused.content.decode()
    client.post(address, {"to": ""})
    look.refresh_from_db()
    assert look.assignee_id is None
    assert Handing.objects.count() == 2


def test_a_lead_who_reviews_learns_of_no_known_answer_that_waits(cast: Company, lead: User) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    page = signed_in(lead).get(reverse("item", args=[item.pk])).content.decode()
    assert "Whose look it is" not in page


def test_an_audits_page_looks_to_a_lead_like_a_gates(cast: Company, lead: User) -> None:
    gate = casts.one(cast.task)
    audit = casts.audited(cast.task)
    for item in (gate, audit):
        page = signed_in(lead).get(reverse("item", args=[item.pk])).content.decode()
        assert "waits for people" in page
        assert "anybody’s" in page


@pytest.mark.parametrize("kind", ["gate", "audit", "peer", "known"])
def test_nothing_on_the_desk_tells_which_look_it_is(cast: Company, kind: str) -> None:
    """The same page, but for the names and numbers of the item, whatever look it is."""
    Task.objects.filter(pk=cast.task.pk).update(looks=2 if kind == "peer" else 1)
    cast.task.refresh_from_db()
    item = casts.audited(cast.task, "m1") if kind == "audit" else casts.one(cast.task, "m1")
    if kind == "known":
        casts.decide(cast.colleague, cast.task)
        Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    held = casts.take(cast.reviewer, cast.task)
    assert held.kind == kind
    answer = signed_in(cast.reviewer).get(reverse("desk-review", args=[held.pk]))
    page = answer.content.decode().lower() + str(answer.headers).lower()
    for word in ("audit", "peer", "second look", "known answer", "slot", "one of several", "look 1"):
        assert word not in page


def test_settings_ask_for_no_more_looks_than_people(cast: Company) -> None:
    client = signed_in(cast.admin)
    address = reverse("task-settings", args=[cast.task.pk])
    form = {
        "name": "Sort messages", "title_field": "subject", "error_percent": 3, "sure_percent": 95,
        "audit_percent": 6.25, "undo_s": 10, "max_tries": 5, "judge_within_h": 72, "never_unattended": "",
        "reasons": "wrong: it is wrong", "looks": 3, "skills": "German, legal", "skill_field": "channel",
    }  # fmt: skip
    assert client.post(address, form).status_code == 302
    cast.task.refresh_from_db()
    assert (cast.task.looks, cast.task.skills, cast.task.skill_field) == (3, ["german", "legal"], "channel")
    assert "3 review in this project: 4" in client.post(address, form | {"looks": 4}).content.decode()
    assert "no field" in client.post(address, form | {"skill_field": "language"}).content.decode()
    assert client.post(address, form | {"looks": 6}).status_code == 422


def test_the_word_of_a_peer_is_taken_only_where_it_is_shown(cast: Company, lead: User) -> None:
    """A look that is no lead's can't be decided by pointing at somebody's verdict."""
    Task.objects.filter(pk=cast.task.pk).update(looks=2, undo_s=0)
    cast.task.refresh_from_db()
    casts.one(cast.task)
    first = casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": True})
    held = casts.take(cast.colleague, cast.task)
    client = signed_in(cast.colleague)
    client.post(reverse("desk-decide", args=[held.pk]), {"token": held.token, "as": first.pk, "verdict": "accept"})
    held.refresh_from_db()
    assert held.verdict == Verdict.ACCEPT


@pytest.mark.parametrize("to", ["x", "12x", "-1", "0", str(2**70)])
def test_a_look_assigned_to_nobody_there_is_stays_whose_it_is(cast: Company, lead: User, to: str) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    client, address = signed_in(lead), reverse("look-assign", args=[look.item_id, look.pk])
    client.post(address, {"to": cast.colleague.pk})
    refused = client.post(address, {"to": to, "note": "Three lines."})
    assert refused.status_code == 409
    assert "that person does not review in this project" in refused.content.decode()
    assert 'value="Three lines."' in refused.content.decode()
    look.refresh_from_db()
    assert look.assignee_id == cast.colleague.pk


def test_a_known_answer_that_nobody_has_had_is_no_look_to_assign(cast: Company, lead: User) -> None:
    """It stands on no page: an address that is guessed must not tell that it is there."""
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    look = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    address = reverse("look-assign", args=[item.pk, look.pk])
    assert signed_in(lead).post(address, {"to": cast.colleague.pk}).status_code == 404
    assert not Handing.objects.exists()
