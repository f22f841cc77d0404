"""A fallback is set up, changed and dropped in the browser; it never touches the slider's evidence."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from slider.flow import batches, circuits
from slider.llm.records import Outcome
from slider.models import Policy, Worker
from tests import casts, stages

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "Second reader",
    "model": "other-model",
    "instructions": "Say its topic.",
    "temperature": "0",
    "samples": "1",
    "max_tokens": "500",
    "timeout_s": "60",
    "in_flight": "4",
}


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def tuner(client: Client, cast: casts.Company) -> Client:
    client.force_login(cast.tuner)
    return client


def send(client: Client, cast: casts.Company, **changed: str) -> tuple[int, str]:
    answer = client.post(reverse("fallback", args=[cast.task.pk]), FIELDS | changed)
    return answer.status_code, answer.content.decode()


def as_shown(client: Client, page: str) -> dict[str, object]:
    """What a browser sends that has changed nothing."""
    form = client.get(page).context["form"]
    return {field.name: field.value() for field in form if field.value() is not None and field.value() is not False}


def rung(cast: casts.Company, number: int) -> Worker:
    return cast.task.workers.get(rung=number, retired_at=None)


def test_it_stands_on_the_second_rung_and_the_evidence_stays_as_it_is(tuner: Client, cast: casts.Company) -> None:
    assert send(tuner, cast)[0] == 302
    found = rung(cast, 2)
    assert (str(found), found.model, found.fallback_on, found.batch) == ("Second reader v1", "other-model", [], False)
    assert rung(cast, 1) == cast.worker
    assert Policy.objects.filter(task=cast.task).count() == 1
    assert "Second reader v1" in tuner.get(reverse("worker", args=[cast.task.pk])).content.decode()


def test_a_change_is_its_next_version_and_no_change_is_none(tuner: Client, cast: casts.Company) -> None:
    send(tuner, cast)
    send(tuner, cast)
    assert rung(cast, 2).version == 1
    send(tuner, cast, model="third-model")
    assert (rung(cast, 2).version, rung(cast, 2).model) == (2, "third-model")
    assert cast.task.workers.filter(rung=2).count() == 2


def test_it_needs_a_name_of_its_own(tuner: Client, cast: casts.Company) -> None:
    status, shown = send(tuner, cast, name="reader")
    assert status == 422
    assert "give it a name of its own" in shown
    assert not cast.task.workers.filter(rung=2).exists()


def test_dropped_it_is_asked_no_more_and_its_past_stays(tuner: Client, cast: casts.Company) -> None:
    send(tuner, cast)
    send(tuner, cast, part="drop")
    assert not cast.task.workers.filter(rung=2, retired_at=None).exists()
    assert cast.task.workers.filter(rung=2).count() == 1


def test_the_rules_are_saved_with_the_worker_and_begin_its_next_version(tuner: Client, cast: casts.Company) -> None:
    page = reverse("worker", args=[cast.task.pk])
    sent = as_shown(tuner, page)
    rules = {"fallback_on": ["out", "refused"], "fallback_after_s": "90", "hedge": "on", "batch": "on"}
    assert tuner.post(page, sent | rules).status_code == 302
    found = rung(cast, 1)
    assert (found.version, found.fallback_on, found.fallback_after_s) == (2, ["out", "refused"], 90)
    assert (found.hedge, found.batch) == (True, True)
    tuner.post(page, as_shown(tuner, page))
    assert rung(cast, 1).version == 2


def test_a_rule_that_there_is_not_is_refused(tuner: Client, cast: casts.Company) -> None:
    page = reverse("worker", args=[cast.task.pk])
    sent = as_shown(tuner, page)
    assert tuner.post(page, sent | {"fallback_on": ["whenever"]}).status_code == 422
    assert rung(cast, 1).version == 1


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("reviewer", 403), ("outsider", 404)])
def test_only_who_may_edit_the_task_sees_it(client: Client, cast: casts.Company, who: str, status: int) -> None:
    client.force_login(getattr(cast, who))
    assert client.get(reverse("fallback", args=[cast.task.pk])).status_code == status
    assert send(client, cast)[0] == status
    assert cast.task.workers.count() == 1


def test_only_an_admin_sends_it_elsewhere(tuner: Client, cast: casts.Company) -> None:
    send(tuner, cast, base_url="https://evil.example/v1", key_name="SLIDER_KEY_MINE")
    assert (rung(cast, 2).base_url, rung(cast, 2).key_name) == ("", "")
    tuner.force_login(cast.admin)
    send(tuner, cast, base_url="https://llm.example/v1")
    assert rung(cast, 2).base_url == "https://llm.example/v1"


def test_an_endpoint_that_does_not_answer_is_said_where_trouble_is_said(tuner: Client, cast: casts.Company) -> None:
    key = circuits.Key(settings.ENV.OPENAI_BASE_URL, cast.worker.model)
    news = circuits.News(Outcome.SERVER_ERROR, "The endpoint answered 500: <b>broken</b>.")
    circuits.note(key, [news] * 8, known=circuits.Standing())
    for page in (reverse("worker", args=[cast.task.pk]), reverse("home")):
        shown = tuner.get(page).content.decode()
        assert "No usable answer since" in shown
        assert "500: &lt;b&gt;broken&lt;/b&gt;." in shown
    assert tuner.get(reverse("readyz")).json()["endpoints"] == "1 out"
    circuits.note(key, [circuits.News(Outcome.ANSWERED)], known=circuits.look(key))
    assert "No usable answer since" not in tuner.get(reverse("home")).content.decode()
    assert tuner.get(reverse("readyz")).json()["endpoints"] == "ok"


def test_batches_stand_on_the_workers_page(tuner: Client, cast: casts.Company) -> None:
    casts.bring_in(cast.task, {f"m{n}": {"text": "hello"} for n in range(3)})
    batch = batches.gather(cast.worker, most=10, max_tries=5, by="a test")
    assert batch is not None
    batches.note(batch, sent_at=timezone.now(), state="sent")
    batches.stumble(batch, "500: <i>tired</i>")
    shown = " ".join(tuner.get(reverse("worker", args=[cast.task.pk])).content.decode().split())
    assert "3 items" in shown
    assert "the endpoint works on it" in shown
    assert "500: &lt;i&gt;tired&lt;/i&gt;, asked again" in shown
