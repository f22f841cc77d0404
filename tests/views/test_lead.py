"""The lead's page: who sees it, what stands on it, and releasing a look from it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from slider.flow import overflow
from slider.models import Freed, Overflow, Review, ReviewState, Role, Tally, Task
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


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.content.decode().split())


def backlog(told: str) -> str:
    return told.split("What waits")[1].split("When it is done")[0]


def address(cast: Company) -> str:
    return f"/tasks/{cast.task.pk}/desk"


def test_only_who_leads_sees_it(cast: Company, lead: User) -> None:
    assert page(signed_in(lead), address(cast))
    for name, status in {"reviewer": 403, "tuner": 403, "viewer": 403, "admin": 200, "outsider": 404}.items():
        page(signed_in(getattr(cast, name)), address(cast), status)


def test_its_tab_is_called_otherwise_than_the_desk_in_the_head_of_the_page(cast: Company, lead: User) -> None:
    told = page(signed_in(lead), address(cast))
    assert "<title> Queue of" in told
    tab, head = f'<a href="{address(cast)}" aria-current="page">Queue</a>', '<a href="/desk/" >Desk'
    assert tab in told
    assert head in told
    assert told.count(">Desk") == 1


def test_an_empty_task_says_so_and_forecasts_nothing(cast: Company, lead: User) -> None:
    told = page(signed_in(lead), address(cast))
    for words in ("Nothing waits for people", "Nobody holds an item", "not known yet", "0 looks were timed so far"):
        assert words in told, words


def test_it_shows_who_holds_what_and_counts_what_waits_by_who_may_take_it(cast: Company, lead: User) -> None:
    casts.one(cast.task, "g1", subject="Held message")
    audit = casts.audited(cast.task, "a1", subject="Secret audit")
    casts.take(cast.reviewer, cast.task)
    told = page(signed_in(lead), address(cast))
    assert "Held message" in told
    assert "reviewer, taken just now" in told
    assert '<b class="figure">2</b> looks' in told
    assert "Audit" not in told  # one sum would shrink as the lead takes it
    assert "Secret audit" not in told
    casts.take(cast.colleague, cast.task)
    held = page(signed_in(lead), address(cast)).split("In hands right now")[1]
    assert "Secret audit" in held
    assert "drawn" not in page(signed_in(lead), f"/items/{audit.pk}/")


@pytest.mark.parametrize("kind", ["gate", "audit"])
def test_a_lead_who_takes_and_decides_alone_reads_the_same_whatever_the_look_is(
    cast: Company, lead: User, kind: str
) -> None:
    """A count by kind would go down with the look, and tell."""
    make = casts.one if kind == "gate" else casts.audited
    make(cast.task, "m1", subject="Message")
    client, seen = signed_in(lead), []
    for step in (lambda: None, lambda: casts.take(lead, cast.task), lambda: casts.decide(lead, cast.task)):
        step()
        told = page(client, address(cast))
        assert not {"gate", "audit"} & set(re.findall("[a-z]+", backlog(told).lower()))
        seen.append(re.findall("<dd> ([0-9]+) </dd>", backlog(told)))
    assert seen == [["1", "0", "0", "0"], ["0", "0", "0", "1"], []]


def test_it_says_what_waits_behind_several_looks(cast: Company, lead: User) -> None:
    Task.objects.filter(pk=cast.task.pk).update(looks=2)
    cast.task.refresh_from_db()
    casts.one(cast.task)
    told = backlog(page(signed_in(lead), address(cast)))
    assert "1 item waits behind several looks: 1 of them counted as one look more, where people may not agree" in told


def test_pace_counts_each_persons_looks_of_today(cast: Company, lead: User) -> None:
    for n in range(3):
        casts.one(cast.task, f"m{n}")
        casts.decide(cast.reviewer, cast.task)
    yesterday = timezone.now() - timedelta(days=2)
    first = Review.objects.order_by("pk")[0]
    Review.objects.filter(pk=first.pk).update(taken_at=yesterday, decided_at=yesterday, undo_until=None)
    told = page(signed_in(lead), address(cast))
    assert 'reviewer</th> <td class="num">2</td> <td class="num">2</td>' in told


def test_a_forecast_stands_there_once_enough_was_measured(cast: Company, lead: User) -> None:
    names = [f"m{n}" for n in range(30)]
    casts.route_all(
        cast.task,
        {name: casts.says({"topic": "refund", "urgent": False}) for name in names},
        bodies={name: {"text": "hello"} for name in names},
    )
    for _ in range(22):
        casts.decide(cast.reviewer, cast.task)
    now = timezone.now()
    Review.objects.filter(state=ReviewState.DECIDED).update(taken_at=now - timedelta(seconds=90), decided_at=now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    Tally.objects.bulk_create(
        [Tally(task=cast.task, hour=hour - timedelta(hours=n), why="hard", bin=3, items=4) for n in range(1, 9)]
    )
    Task.objects.filter(pk=cast.task.pk).update(staffed_hours=12.0)
    told = page(signed_in(lead), address(cast))
    assert "not known yet" not in told
    assert "The queue is empty" in told
    assert "Work in what waits</dt> <dd> 12 min </dd>" in told
    assert "Staffed </dt>" in told


def test_overflow_is_said_with_its_numbers_and_what_gives_way(cast: Company, lead: User) -> None:
    Task.objects.filter(pk=cast.task.pk).update(overflow=Overflow.STRETCH, staffed_hours=2.0)
    overflow.tend(cast.task.pk, waiting=500, hours=8.0, oldest_h=3.0)
    told = page(signed_in(lead), address(cast))
    assert "due times are extended by 24 hours" in told
    assert "What runs unattended stays as it is" in told
    assert "96 hours" in told
    casts.one(cast.task)
    item = cast.task.items.get()
    assert "24 hours later than usual" in page(signed_in(cast.reviewer), f"/items/{item.pk}/")


def test_releasing_takes_the_right_the_claim_and_a_reason(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = casts.take(cast.reviewer, cast.task)
    to, good = f"{address(cast)}/{look.pk}/release", {"token": look.token, "words": "gone home"}
    for name, status in {"reviewer": 403, "tuner": 403, "outsider": 404}.items():
        assert signed_in(getattr(cast, name)).post(to, good).status_code == status
    client = signed_in(lead)
    refused = client.post(to, {"token": look.token, "words": " "})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (422, True)
    assert client.post(to, {"token": "x", "words": "gone"}).status_code == 409
    assert client.post(f"{address(cast)}/{2**80}/release", good).status_code == 404
    assert not Freed.objects.exists()
    assert client.post(to, good).status_code == 302
    again = client.post(to, good)
    assert (again.status_code, "not in those hands any more" in again.content.decode()) == (409, True)
    assert "gone home" not in page(client, f"/items/{look.item_id}/")  # somebody has to look at it still
    casts.decide(cast.colleague, cast.task)
    told = page(client, f"/items/{look.item_id}/")
    assert "Taken out of the hands of reviewer by lead" in told
    assert "gone home" in told


def test_the_settings_choose_what_gives_way(cast: Company) -> None:
    told = page(signed_in(cast.admin), f"/tasks/{cast.task.pk}/settings")
    assert 'name="overflow"' in told
    for value in Overflow.values:
        assert f'value="{value}"' in told
