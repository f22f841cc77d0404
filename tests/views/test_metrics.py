"""/metrics: for whoever has the token alone, the same from any process, and nothing of items or people in it."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from slider import exposition
from slider.flow import operate, presence
from slider.models import Review, Stance, Worker
from slider.queries import metrics
from tests import casts

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def token(settings: Settings) -> str:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_METRICS_TOKEN": TOKEN})
    return TOKEN


def get(authorization: str | None) -> tuple[int, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = Client().get(reverse("metrics"), headers=headers)
    return answer.status_code, answer.content.decode()


def test_without_a_token_in_the_environment_there_is_no_such_page() -> None:
    assert get("Bearer ")[0] == get("Bearer anything")[0] == get(None)[0] == 404


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer é"],
)
def test_only_the_token_opens_it(token: str, authorization: str | None) -> None:
    status, words = get(authorization)
    assert status == 401
    assert "slider_" not in words


def test_a_session_is_no_token_and_nothing_but_get_is_answered(token: str) -> None:
    cast = casts.company()
    client = Client()
    client.force_login(cast.admin)
    assert client.get(reverse("metrics")).status_code == 401
    assert client.post(reverse("metrics"), headers={"Authorization": f"Bearer {token}"}).status_code == 405


def test_it_tells_what_stands_in_the_tables(token: str) -> None:
    cast = casts.company(share=1.0)
    Worker.objects.update(daily_budget=Decimal(5))
    casts.one(cast.task, "m1")
    casts.one(cast.task, "m2", casts.fails())
    casts.bring_in(cast.task, {"m3": {"text": "hello"}})
    presence.show(presence.Life("alpha", 7, "work@alpha", "work", cast.task.pk, "reader", 3, 2))
    presence.sign("sweep")
    operate.stand(operate.Target(host="alpha"), Stance.DRAINING, by=cast.admin.pk, reason="a new disk")
    looks = Review.objects.filter(state="open").count()  # a gate, and an audit if it was drawn
    status, text = get(f"bearer {token}")
    assert status == 200
    task = f'project="{cast.project.slug}",task="{cast.task.slug}"'
    for line in (
        f'slider_backlog_items{{{task},stage="waiting"}} 1',
        f'slider_backlog_items{{{task},stage="review"}} {looks}',
        f"slider_no_answer_items{{{task}}} 1",
        f"slider_done_today_items{{{task}}} 1",
        f"slider_routed_items_total{{{task}}} 2",
        f'slider_calls_total{{{task},worker="reader"}} 2',
        f'slider_tokens_total{{{task},worker="reader",direction="in"}} 840',
        f'slider_budget_today_money{{{task},worker="reader"}} 5',
        f'slider_recent_calls{{{task},worker="reader",outcome="refused"}} 1',
        f'slider_calls_in_flight{{{task},worker="reader"}} 2',
        'slider_processes{host="alpha",kind="pump",state="draining"} 1',
        'slider_held_items{host="alpha"} 3',
        'slider_operations_total{kind="drain"} 1',
        "slider_redis_up 1",
        "slider_sweep_age_seconds 0.",
    ):
        assert line in text, line
    assert "slider_share{" + task + ',which="allowed"}' not in text  # not known yet is no figure


def test_every_line_can_be_read_and_no_name_stands_twice() -> None:
    casts.one(casts.company().task)
    text = exposition.text(metrics.families())
    names = re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 35
    sample = re.compile(
        r'^(slider_\w+)(?:\{\w+="(?:[^"\\]|\\.)*"(?:,\w+="(?:[^"\\]|\\.)*")*\})? (?:NaN|[-+]?[\d.e+-]+)$'
    )
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in series if not sample.match(line)] == []
    assert len({line.rpartition(" ")[0] for line in series}) == len(series)
    assert {name for name in names if name.endswith("_total")} == set(
        re.findall(r"^# TYPE (\w+) counter$", text, re.MULTILINE)
    )


def test_nothing_of_items_and_nobodys_name_is_in_it() -> None:
    cast = casts.company()
    casts.one(cast.task, "secret-id", casts.says({"topic": "refund", "urgent": True}), text="a secret text")
    casts.decide(cast.reviewer, cast.task)
    operate.stand(operate.Target(cast.task.pk), Stance.PAUSED, by=cast.admin.pk, reason="a secret reason")
    text = exposition.text(metrics.families())
    for word in ("secret", "refund", *(one.username for one in (cast.colleague, cast.tuner, cast.outsider))):
        assert word not in text, word


def test_a_hundred_tasks_take_no_more_statements_than_one() -> None:
    cast = casts.company()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            metrics.families()
        return len(captured)

    one = statements()
    for number in range(12):
        casts.task(cast.project, by=cast.admin, name=f"Task {number}", slug=f"task-{number}")
    assert statements() == one
