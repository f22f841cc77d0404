"""The first page: each task with its shares, its backlog and its troubles, and a way on where there is nothing."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from slider.models import Mode, Role, Spend, Task, Verdict, Worker
from tests import casts

pytestmark = pytest.mark.django_db


def home(user: User) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get("/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_shows_the_tasks_of_own_projects_alone() -> None:
    cast = casts.company(name="Sort messages")
    assert "Sort messages" in home(cast.viewer)
    assert "Sort messages" not in home(cast.outsider)


def test_without_a_task_it_says_what_to_do_to_whom_may() -> None:
    place = casts.project("Empty")
    admin = casts.person("ann", role=Role.ADMIN, of=place)
    viewer = casts.person("vic", role=Role.VIEWER, of=place)
    assert "Set up the first task" in home(admin)
    assert "Set up the first task" not in home(viewer)
    assert "No task yet" in home(viewer)


def test_without_a_project_it_says_so() -> None:
    assert "You are in no project yet" in home(casts.person("lone"))


def test_a_trial_is_loud() -> None:
    cast = casts.company(mode=Mode.TRIAL, share=0.4)
    shown = home(cast.viewer)
    assert '<span class="tag tag-warn">trial</span>' in shown
    assert "No promise is made about its error." in shown


def test_it_counts_what_waits_and_what_is_done() -> None:
    cast = casts.company(mode=Mode.TRIAL, share=0.0)
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    casts.decide(cast.reviewer, cast.task)
    casts.bring_in(cast.task, {"m4": {"text": "later"}})
    shown = home(cast.viewer)
    for words, count in (("For people", 2), ("Ready", 1), ("Working", 0), ("Done today", 1)):
        assert f"<dt>{words}</dt> <dd> {count} </dd>" in shown


def test_the_error_is_not_known_until_enough_audits_are_in() -> None:
    cast = casts.company()
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert 'not known yet <span class="was">1 audit so far' in home(cast.viewer)


def test_the_error_comes_from_the_audits() -> None:
    cast = casts.company()
    casts.audited(cast.task, "a0")
    for n in range(1, 25):
        casts.one(cast.task, f"a{n}")
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    for _ in range(24):
        casts.decide(cast.reviewer, cast.task)
    shown = home(cast.viewer)
    assert "<strong>4.0 %</strong>, at most" in shown
    assert "1 of 25 audits" in shown


def test_the_workers_trouble_and_a_spent_budget_are_said() -> None:
    cast = casts.company()
    Worker.objects.update(trouble="the endpoint refused the key (401)", daily_budget=Decimal(2))
    Spend.objects.create(worker=cast.worker, day=timezone.now().date(), calls=9, cost=Decimal("2.10"))
    shown = home(cast.viewer)
    assert "the endpoint refused the key (401)" in shown
    assert "2.10 of 2.00" in shown
    assert "budget is spent" in shown


def test_calls_without_a_price_are_not_said_to_cost_nothing() -> None:
    cast = casts.company()
    Worker.objects.update(price_in=None, price_out=None)
    Spend.objects.create(worker=cast.worker, day=timezone.now().date(), calls=3)
    shown = home(cast.viewer)
    assert '<dt>Model cost today</dt> <dd> not known <span class="was">no price for small-model</span>' in shown
    other = Worker.objects.create(
        task=cast.task, name="pricey", model="large-model", instructions="Sort.", retired_at=timezone.now()
    )
    Spend.objects.create(worker=other, day=timezone.now().date(), calls=2, cost=Decimal("1.25"))
    assert 'at least 1.25 <span class="was">no price for small-model</span>' in home(cast.viewer)
    Spend.objects.filter(worker=other).delete()
    Worker.objects.update(price_in=0, price_out=0)
    assert "<dt>Model cost today</dt> <dd> 0.00" in home(cast.viewer)


def test_a_paused_task_says_so() -> None:
    cast = casts.company()
    Task.objects.update(paused=True)
    assert '<span class="tag tag-warn">paused</span>' in home(cast.viewer)


def test_the_desks_count_stands_in_the_frame_for_reviewers_only() -> None:
    cast = casts.company(share=0.0)
    casts.one(cast.task)
    assert '<span class="count">1' in home(cast.reviewer)
    assert 'class="count"' not in home(cast.tuner)


def test_more_items_need_no_more_queries() -> None:
    cast = casts.company(share=0.0)
    client = Client()
    client.force_login(cast.reviewer)
    counts = []
    for names in (["m0"], [f"n{number}" for number in range(50)]):
        casts.bring_in(cast.task, {name: {"text": "hello"} for name in names})
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16
