"""A task is set up and changed in the browser: refusals stand at the field, and what was typed is kept."""

import json
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from slider.engine.sanity.names import TITLES, Sentinel
from slider.flow import endpoints
from slider.models import Gauge, Mode, Task, Worker
from tests import casts, stages

pytestmark = pytest.mark.django_db

LABELS = "\n".join(f"label {number}" for number in range(64))
WORKER = {
    "worker-name": "Worker",
    "worker-model": "small-model",
    "worker-instructions": "Choose the label.",
    "worker-temperature": "0",
    "worker-samples": "3",
    "worker-logprobs": "on",
    "worker-max_tokens": "1000",
    "worker-timeout_s": "60",
    "worker-in_flight": "16",
}
PROMISE = {
    "error_percent": "3",
    "sure_percent": "95",
    "audit_percent": "6.25",
    "undo_s": "10",
    "judge_within_h": "72",
    "max_tries": "5",
}
TASK = {
    "name": "Sort messages",
    "kind": "labels",
    "input_field": "text",
    "label_field": "topic",
    "labels": LABELS,
    "percent": "70",
    "mode": "guarded",
}


staged = stages.of_module(lambda: casts.company(prefix="other "))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    client = Client()
    client.force_login(cast.admin)
    return client


def new(client: Client, cast: casts.Company, **changes: str) -> tuple[int, str]:
    sent = TASK | WORKER | PROMISE | {name.replace("__", "-"): value for name, value in changes.items()}
    answer = client.post(reverse("task-new", args=[cast.project.slug]), sent)
    return answer.status_code, " ".join(answer.content.decode().split())


def made() -> Task:
    return Task.objects.get(name="Sort messages", slug="sort-messages-2")


def test_a_text_and_labels_make_both_schemas(client: Client, cast: casts.Company) -> None:
    assert new(client, cast)[0] == 302
    task = made()
    assert task.input_schema["required"] == ["text"]
    assert task.output_schema["properties"]["topic"]["enum"] == LABELS.splitlines()
    policy = Gauge.objects.select_related("policy").get(task=task).policy
    assert (policy.requested, policy.effective, policy.mode) == (0.7, 0, Mode.GUARDED)
    assert policy.worker == task.workers.get()


def test_300_examples_with_tabs_are_taken(client: Client, cast: casts.Company) -> None:
    lines = "\n".join(f"message {number}\tlabel {number % 64}" for number in range(300))
    assert new(client, cast, worker__examples_text=lines)[0] == 302
    examples = made().workers.get().examples
    assert len(examples) == 300
    assert examples[65] == {"input": {"text": "message 65"}, "output": {"topic": "label 1"}}


def test_two_schemas_make_any_json(client: Client, cast: casts.Company) -> None:
    schemas = {"input_schema": json.dumps(casts.INPUT_SCHEMA), "output_schema": json.dumps(casts.OUTPUT_SCHEMA)}
    example = json.dumps({"input": {"text": "hello"}, "output": {"topic": "refund", "urgent": True}})
    status, _ = new(client, cast, kind="schemas", title_field="subject", worker__examples_text=example, **schemas)
    assert status == 302
    assert made().input_schema == casts.INPUT_SCHEMA
    assert made().workers.get().examples == [json.loads(example)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the task a name"),
        ({"labels": ""}, "Give two labels or more"),
        ({"labels": "a\nb\na"}, "This label stands here more than once: a"),
        ({"labels": "\n".join(map(str, range(5000)))}, "There are 5,000 labels; at most 1,000 are taken."),
        ({"input_field": "two words"}, "letters, digits and _"),
        ({"kind": "schemas"}, "Describe an item"),
        ({"kind": "schemas", "input_schema": "{", "output_schema": "{}"}, "id_input_schema_error"),
        ({"kind": "schemas", "input_schema": '{"type": "array"}', "output_schema": "{}"}, "An item is a JSON object"),
        (
            {"kind": "schemas", "input_schema": '{"type": "object", "$ref": "http://x/y"}', "output_schema": "{}"},
            "a $ref must point into this schema",
        ),
        ({"percent": "101"}, "less than or equal to 100"),
        ({"percent": "NaN"}, "Enter a number"),
        ({"mode": "autopilot"}, "Select a valid choice"),
        ({"error_percent": "0"}, "greater than or equal to 0.1"),
        ({"error_percent": "100"}, "less than or equal to 50"),
        ({"audit_percent": "1"}, "greater than or equal to 1.5625"),
        ({"never_unattended": "channel"}, "Line 1: write a rule as field = value"),
        ({"never_unattended": "channel = legal\norders > 5"}, "Line 2: write &gt;= instead of &gt;"),
        ({"never_unattended": "orders => 5"}, "Line 1: write &gt;= with the sign in front"),
        ({"never_unattended": "orders >= many"}, "&#x27;many&#x27; is no number"),
        ({"never_unattended": "orders >= 1e999"}, "is no number"),
        ({"never_unattended": "orders >= true"}, "is no number"),
        ({"never_unattended": "text >= 5"}, "text is no number in an item"),
        ({"never_unattended": "from nowhere: x"}, "items come from a key, an import or a person"),
        ({"never_unattended": "chanel = legal"}, "An item has no field"),
        ({"worker__model": "two words"}, "That is no model name."),
        ({"worker__instructions": ""}, "id_worker-instructions_error"),
        ({"worker__temperature": "3"}, "less than or equal to 2"),
        ({"worker__samples": "17"}, "less than or equal to 16"),
        ({"worker__examples_text": "hello"}, "Line 1: this is neither"),
        ({"worker__examples_text": "hello\tno such label"}, "Line 1: output/topic:"),
        ({"worker__examples_text": '{"input": {"text": "a"}}'}, "Line 1: an example has"),
        ({"worker__base_url": "ftp://x"}, "An address starts with http"),
        ({"worker__base_url": "https://me:secret@x/v1"}, "Leave name and password out"),
        ({"worker__price_in": "-1"}, "greater than or equal to 0"),
        ({"worker__daily_budget": "-1"}, "greater than or equal to 0"),
        ({"worker__daily_budget": "5"}, "give both prices to keep a budget"),
        ({"worker__daily_budget": "5", "worker__price_in": "1"}, "give both prices to keep a budget"),
        ({"worker__key_name": "PATH"}, "Name a variable that starts with SLIDER_KEY_."),
    ],
)
def test_it_refuses_at_the_field_and_keeps_what_was_typed(
    client: Client, cast: casts.Company, changes: dict[str, str], words: str
) -> None:
    status, shown = new(client, cast, **({"worker__instructions": "Typed with care."} | changes))
    assert status == 422
    assert words.replace('"', "&quot;") in shown
    assert "Typed with care." in shown or "worker__instructions" in changes
    assert Task.objects.count() == 1


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_who_may_not_edit_sets_nothing_up(client: Client, cast: casts.Company, who: str) -> None:
    client.force_login(getattr(cast, who))
    assert new(client, cast)[0] == 403


def test_only_an_admin_sends_the_worker_elsewhere(client: Client, cast: casts.Company) -> None:
    client.force_login(cast.tuner)
    new(client, cast, worker__base_url="https://evil.example/v1", worker__key_name="SLIDER_KEY_MINE")
    worker = made().workers.get()
    assert (worker.base_url, worker.key_name) == ("", "")


def test_settings_refuse_a_title_that_no_item_has(client: Client, cast: casts.Company) -> None:
    cast.task.input_schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    cast.task.save()
    sent = PROMISE | {"name": "Renamed", "title_field": "subjekt"}
    answer = client.post(reverse("task-settings", args=[cast.task.pk]), sent)
    assert answer.status_code == 422
    assert "An item has no field" in answer.content.decode()
    cast.task.refresh_from_db()
    assert cast.task.name != "Renamed"


def test_settings_change_the_promise_and_end_the_evidence(client: Client, cast: casts.Company) -> None:
    rules = 'channel = legal\norders = 0\nvip = true\nsubject = "007"\norders >= 1000\norders<=-0.5\n'
    rules += "from key: crm: main\n\nFrom  Import"
    sent = PROMISE | {"name": "Renamed", "title_field": "subject", "error_percent": "1.5", "never_unattended": rules}
    assert client.post(reverse("task-settings", args=[cast.task.pk]), sent).status_code == 302
    cast.task.refresh_from_db()
    assert (cast.task.name, cast.task.error_limit) == ("Renamed", 0.015)
    assert [rule.get("equals") for rule in cast.task.never_unattended[:4]] == ["legal", 0, True, "007"]
    assert cast.task.never_unattended[4:] == [
        {"field": "orders", "at_least": 1000},
        {"field": "orders", "at_most": -0.5},
        {"source": "key:crm: main"},
        {"source": "import"},
    ]
    assert Gauge.objects.select_related("policy").get(task=cast.task).policy.epoch == 2


def test_each_sentinel_has_a_box_with_a_sentence_and_those_not_ticked_are_off(
    client: Client, cast: casts.Company
) -> None:
    address = reverse("task-settings", args=[cast.task.pk])
    page = client.get(address).content.decode()
    assert page.count('name="watching"') == len(Sentinel)
    assert page.count("checked") == len(Sentinel)
    assert all(TITLES[one] in page for one in Sentinel)
    kept = [one.value for one in Sentinel if one != Sentinel.ECHO]
    sent = PROMISE | {"name": "Renamed", "title_field": "", "sentinels_shown": "yes", "watching": kept}
    assert client.post(address, sent).status_code == 302
    cast.task.refresh_from_db()
    assert cast.task.sentinels_off == ["echo"]
    assert client.get(address).content.decode().count("checked") == len(kept)
    wrong = client.post(address, sent | {"watching": ["moods"]})
    assert wrong.status_code == 422
    assert "moods" in wrong.content.decode()


def test_a_page_that_never_showed_the_sentinels_switches_none_off(client: Client, cast: casts.Company) -> None:
    Task.objects.update(sentinels_off=["echo"])
    sent = PROMISE | {"name": "Renamed", "title_field": ""}
    assert client.post(reverse("task-settings", args=[cast.task.pk]), sent).status_code == 302
    cast.task.refresh_from_db()
    assert cast.task.sentinels_off == ["echo"]


@pytest.mark.parametrize(("sent", "kept"), [("12.5", 12.5), ("", None)])
def test_the_reviewers_hours_are_kept_and_can_be_taken_out(
    client: Client, cast: casts.Company, sent: str, kept: float | None
) -> None:
    Task.objects.filter(pk=cast.task.pk).update(staffed_hours=3)
    address = reverse("task-settings", args=[cast.task.pk])
    assert client.post(address, PROMISE | {"name": "x", "staffed_hours": sent}).status_code == 302
    assert Task.objects.get(pk=cast.task.pk).staffed_hours == kept
    assert cast.task.policies.count() == 1


@pytest.mark.parametrize("hours", ["0", "-1", "NaN", "1e9", "eight"])
def test_hours_that_nobody_can_work_are_refused(client: Client, cast: casts.Company, hours: str) -> None:
    answer = client.post(reverse("task-settings", args=[cast.task.pk]), PROMISE | {"name": "x", "staffed_hours": hours})
    assert answer.status_code == 422
    assert Task.objects.get(pk=cast.task.pk).staffed_hours is None


def test_the_schemas_and_the_project_can_not_be_slipped_in(client: Client, cast: casts.Company) -> None:
    sent = PROMISE | {"name": "x", "project": "1", "input_schema": "{}", "slug": "y", "coin_secret": "z"}
    client.post(reverse("task-settings", args=[cast.task.pk]), sent)
    after = Task.objects.get(pk=cast.task.pk)
    assert (after.project, after.input_schema, after.slug) == (cast.project, casts.INPUT_SCHEMA, cast.task.slug)
    assert bytes(after.coin_secret) == bytes(cast.task.coin_secret)


def worker_fields(client: Client, cast: casts.Company) -> dict[str, object]:
    form = client.get(reverse("worker", args=[cast.task.pk])).context["form"]
    return {field.name: field.value() for field in form if field.value() is not None and field.value() is not False}


def test_a_changed_worker_is_its_next_version(client: Client, cast: casts.Company) -> None:
    sent = worker_fields(client, cast) | {"instructions": "Read twice."}
    assert client.post(reverse("worker", args=[cast.task.pk]), sent).status_code == 302
    assert [w.version for w in Worker.objects.filter(task=cast.task).order_by("version")] == [1, 2]
    new_one = cast.task.workers.get(retired_at=None)
    assert (new_one.version, new_one.instructions, new_one.samples) == (2, "Read twice.", 3)


def test_a_worker_sent_back_as_it_was_stays(client: Client, cast: casts.Company) -> None:
    Worker.objects.update(examples=[{"input": {"text": "é\t1"}, "output": {"topic": "refund", "urgent": True}}])
    assert client.post(reverse("worker", args=[cast.task.pk]), worker_fields(client, cast)).status_code == 302
    assert cast.task.workers.get().version == 1


def test_pausing_and_resuming(client: Client, cast: casts.Company) -> None:
    for paused in (True, True, False):
        client.post(reverse("pause", args=[cast.task.pk]), {"paused": "yes" if paused else "no"})
        cast.task.refresh_from_db()
        assert cast.task.paused is paused


def test_the_settings_say_where_results_go(client: Client, cast: casts.Company) -> None:
    page = client.get(reverse("task-settings", args=[cast.task.pk])).content.decode()
    assert "results are read by the API" in page
    endpoints.make(cast.task, url="https://example.org/hook", description="our CRM")
    assert "our CRM" in client.get(reverse("task-settings", args=[cast.task.pk])).content.decode()


def test_the_installations_key_stands_on_no_page(client: Client, cast: casts.Company) -> None:
    for name in ("worker", "task-settings", "slider"):
        assert settings.ENV.OPENAI_API_KEY not in client.get(reverse(name, args=[cast.task.pk])).content.decode()
