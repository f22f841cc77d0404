"""Each setting of a task is shown as it is, kept as it was sent, and left alone by a page that doesn't show it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from slider.models import Overflow, Task
from slider.views.promise_form import PromiseForm
from slider.views.reasons_field import ReasonsForm
from tests import casts, stages

pytestmark = pytest.mark.django_db
FORMS = ("name", "promise", "sentinels", "chips")
# Whatever is no setting: who it is, what is fixed once items are in, and what has a hand of its own.
NO_SETTING = {"id", "project", "slug", "input_schema", "output_schema", "coin_secret", "paused", "created_at"}
NO_SETTING |= {"redaction", "contents_days"}  # on the page of privacy, see test_privacy.py
# The field, what is typed, the attribute of the task, and what it holds then.
TYPED: list[tuple[str, Any, str, Any]] = [
    ("name", "Renamed", "name", "Renamed"),
    ("title_field", "text", "title_field", "text"),
    ("error_percent", "1.5", "error_limit", 0.015),
    ("sure_percent", "99", "delta", 0.01),
    ("audit_percent", "12.5", "audit_floor", 0.125),
    ("never_unattended", "orders >= 1000", "never_unattended", [{"field": "orders", "at_least": 1000}]),
    ("undo_s", "30", "undo_s", 30),
    ("judge_within_h", "100", "judge_within_h", 100),
    ("max_tries", "3", "max_tries", 3),
    ("staffed_hours", "7.5", "staffed_hours", 7.5),
    ("overflow", "fewer", "overflow", Overflow.FEWER),
    ("stake_field", "orders", "stake_field", "orders"),
    ("answer_within_h", "4.5", "answer_within_h", 4.5),
    ("overtaken_h", "0", "overtaken_h", 0.0),
    ("looks", "2", "looks", 2),
    ("skills", "german, legal", "skills", ["german", "legal"]),
    ("skill_field", "channel", "skill_field", "channel"),
    ("known_percent", "5", "known_rate", 0.05),
    ("second_percent", "20", "second_rate", 0.2),
    ("hidden_percent", "10", "hidden_rate", 0.1),
    ("practice_looks", "12", "practice_looks", 12),
    ("practice_percent", "75", "practice_right", 0.75),
    ("archive_after_days", "90", "archive_after_days", 90),
    ("watching", ["language"], "sentinels_off", None),
    ("reasons", "late: Too late", "reasons", [{"code": "late", "words": "Too late"}]),
    ("pictures", "yes", "pictures", True),
]


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    client = Client()
    client.force_login(cast.admin)
    return client


def address(cast: casts.Company) -> str:
    return reverse("task-settings", args=[cast.task.pk])


def shown(client: Client, cast: casts.Company) -> dict[str, Any]:
    """What a browser would send of the page as it is."""
    context = client.get(address(cast)).context
    return {field.name: field.value() for form in FORMS for field in context[form]}


def stored(cast: casts.Company) -> dict[str, Any]:
    task = Task.objects.get(pk=cast.task.pk)
    return {one.attname: getattr(task, one.attname) for one in Task._meta.concrete_fields}


def test_every_field_of_the_page_and_every_setting_of_a_task_is_in_the_table(
    client: Client, cast: casts.Company
) -> None:
    """A setting that is new is forgotten nowhere: not on the page, and not here."""
    assert {name for name, *_ in TYPED} == set(shown(client, cast)) - {"sentinels_shown"}
    settings = {one.name for one in Task._meta.concrete_fields if one.editable} - NO_SETTING
    assert {attribute for _, _, attribute, _ in TYPED} == settings
    for form in (PromiseForm, ReasonsForm):
        assert form.attributes().items() <= {(name, attribute) for name, _, attribute, _ in TYPED}
        assert set(form.attributes()) == set(form.base_fields)


@pytest.mark.parametrize(("name", "typed", "attribute", "value"), TYPED, ids=[row[0] for row in TYPED])
def test_a_setting_survives_being_saved_and_shown_and_changes_no_other(
    client: Client, cast: casts.Company, name: str, typed: Any, attribute: str, value: Any
) -> None:
    before, sent = stored(cast), shown(client, cast) | {name: typed}
    assert client.post(address(cast), sent).status_code == 302
    after = stored(cast)
    if name == "watching":
        assert "language" not in after["sentinels_off"] != []
    else:
        assert after[attribute] == value != before[attribute]
    assert {key for key in before if before[key] != after[key]} == {attribute}
    again = shown(client, cast)
    assert str(again[name]) == str(typed)
    assert client.post(address(cast), again).status_code == 302
    assert stored(cast) == after


def test_settings_shown_and_sent_back_change_nothing(client: Client, cast: casts.Company) -> None:
    changed: dict[str, Any] = {attribute: value for _, _, attribute, value in TYPED if value is not None}
    changed |= {
        "sentinels_off": ["language", "collapse"],
        "overflow": Overflow.STRETCH,
        "stretched_h": 24,
        "never_unattended": [
            {"field": "subject", "equals": "7"},
            {"field": "vip", "equals": True},
            {"field": "orders", "at_least": 1000},
            {"field": "orders", "at_most": 0.5},
            {"source": "person:anna"},
            {"source": "import"},
        ],
    }
    Task.objects.filter(pk=cast.task.pk).update(**changed)
    sent = shown(client, cast)  # once: a limit that differs from the policy's begins new evidence
    assert client.post(address(cast), sent).status_code == 302
    before, policies = stored(cast), cast.task.policies.count()
    assert {key: before[key] for key in changed} == changed
    assert client.post(address(cast), shown(client, cast)).status_code == 302
    assert stored(cast) == before
    assert cast.task.policies.count() == policies


@pytest.mark.parametrize("gone", [name for name, *_ in TYPED if name not in ("name", "title_field")])
def test_a_page_that_does_not_show_a_setting_does_not_change_it(client: Client, cast: casts.Company, gone: str) -> None:
    changed = {attribute: value for _, _, attribute, value in TYPED if value is not None} | {"sentinels_off": ["echo"]}
    Task.objects.filter(pk=cast.task.pk).update(**changed)
    before, sent = stored(cast), shown(client, cast)
    sent.pop(gone)
    sent.pop("sentinels_shown") if gone == "watching" else None
    answer = client.post(address(cast), sent)
    required = ("error_percent", "sure_percent", "audit_percent", "undo_s", "judge_within_h", "max_tries")
    assert answer.status_code == (422 if gone in required else 302)
    assert stored(cast) == before


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("staffed_hours", "staffed_hours", None),
        ("archive_after_days", "archive_after_days", None),
        ("answer_within_h", "answer_within_h", None),
        ("stake_field", "stake_field", ""),
        ("skill_field", "skill_field", ""),
        ("skills", "skills", []),
        ("never_unattended", "never_unattended", []),
        ("overtaken_h", "overtaken_h", 9.0),  # there is always one: empty leaves it
        ("known_percent", "known_rate", 0.25),
        ("looks", "looks", 2),
    ],
)
def test_an_empty_field_takes_out_what_may_be_empty_and_leaves_the_rest(
    client: Client, cast: casts.Company, name: str, attribute: str, value: Any
) -> None:
    Task.objects.filter(pk=cast.task.pk).update(
        staffed_hours=3,
        archive_after_days=30,
        answer_within_h=3,
        stake_field="orders",
        skill_field="channel",
        skills=["german"],
        never_unattended=[{"source": "import"}],
        overtaken_h=9,
        known_rate=0.25,
        looks=2,
    )
    assert client.post(address(cast), shown(client, cast) | {name: ""}).status_code == 302
    assert stored(cast)[attribute] == value


def test_what_is_at_stake_is_a_field_of_the_items(client: Client, cast: casts.Company) -> None:
    refused = client.post(address(cast), shown(client, cast) | {"stake_field": "price"})
    assert refused.status_code == 422
    assert "An item has no field price" in refused.content.decode()
