"""Tasks and workers by the API: the checks of the pages, each refusal at its field, and no row changed by it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from slider.flow import keys
from slider.models import Policy, Scope, Task, Worker
from tests import casts
from tests.api.calls import BODIES
from tests.api.conftest import Caller, error

NEW: dict[str, Any] = BODIES["POST", "/tasks"]


@pytest.fixture
def tuner(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.tuner)


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


def rows() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        found = []
        for table in ("task", "worker", "policy", "operation", "endpoint", "membership"):
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM slider_{table} t")
            found.append((table, cursor.fetchone()[0]))
        return found


def test_a_task_is_set_up_with_its_worker_and_takes_items(cast: casts.Company, tuner: Caller) -> None:
    made = tuner("POST", "/tasks", NEW | {"slug": "another", "settings": {"error_limit": 0.01, "looks": 2}})
    assert (made.status_code, made.json()["slug"], made.json()["requested"]) == (201, "another", 0.0)
    task = Task.objects.get(slug="another")
    assert (task.error_limit, task.looks, task.project) == (0.01, 2, cast.project)
    assert (task.workers.get().model, task.policies.get().made_by) == ("small-model", cast.tuner)
    taken = tuner("POST", "/tasks/another/items", {"input": {"text": "a"}})
    assert taken.status_code == 201
    assert [one["slug"] for one in tuner("GET", "/tasks").json()["tasks"]] == ["another", "sort-messages"]
    twice = tuner("POST", "/tasks", NEW | {"slug": "another"})
    assert twice.json()["slug"] == "another-2"  # as on the page: a name that is taken gets a number


def test_tasks_come_page_by_page(cast: casts.Company, tuner: Caller) -> None:
    for number in range(3):
        tuner("POST", "/tasks", NEW | {"slug": f"t{number}"})
    first = tuner("GET", "/tasks?limit=3").json()
    second = tuner("GET", f"/tasks?limit=3&after={first['next']}").json()
    assert [one["slug"] for one in first["tasks"] + second["tasks"]] == ["sort-messages", "t0", "t1", "t2"]
    assert second["next"] is None


def test_what_is_left_out_stays_and_another_limit_starts_the_evidence_anew(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/settings"
    before = tuner("GET", path).json()
    changed = tuner("PATCH", path, {"error_limit": 0.02, "skills": ["German", "legal "]})
    assert changed.json() == before | {"error_limit": 0.02, "skills": ["german", "legal"]}
    assert tuner("GET", path).json() == changed.json()
    policy = Policy.objects.filter(task=cast.task).order_by("-number")[0]
    assert (policy.epoch, policy.error_limit, policy.made_by) == (2, 0.02, cast.tuner)


def test_a_paused_task_is_paused_with_its_reason_and_goes_on(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/pause"
    for paused in (True, True, False):
        told = tuner("PUT", path, {"paused": paused, "reason": "a move"}).json()
        assert told["paused"] is Task.objects.get().paused is paused


SCHEMAS = {"input_schema": casts.INPUT_SCHEMA, "output_schema": casts.OUTPUT_SCHEMA}
BAD: dict[str, tuple[str, str, Any, int, str]] = {
    "share of -1": ("POST", "/tasks", NEW | {"start": {"share": -1}}, 400, "/start/share"),
    "share of 101": ("POST", "/tasks", NEW | {"start": {"share": 101}}, 400, "/start/share"),
    "no name": ("POST", "/tasks", NEW | {"name": ""}, 400, "/name"),
    "a slug with a path in it": ("POST", "/tasks", NEW | {"slug": "../a"}, 400, "/slug"),
    "a worker without a model": ("POST", "/tasks", NEW | {"worker": {"instructions": "x"}}, 400, ""),
    "an item that is a list": ("POST", "/tasks", NEW | {"input_schema": {"type": "array"}}, 422, "/input_schema"),
    "a schema of the web": (
        "POST", "/tasks", NEW | {"output_schema": {"$ref": "https://example.org/a.json"}}, 422, "/output_schema"
    ),
    "a schema of a file": (
        "POST", "/tasks", NEW | {"output_schema": {"$ref": "file:///etc/passwd"}}, 422, "/output_schema"
    ),
    "a schema that is none": ("POST", "/tasks", NEW | {"output_schema": {"type": "nothing"}}, 422, "/output_schema"),
    "a share of the project": ("POST", "/tasks", NEW | {"project": 2}, 400, "/project"),
    "alpha of 0": ("PATCH", "settings", {"error_limit": 0}, 400, "/error_limit"),
    "alpha of 1": ("PATCH", "settings", {"error_limit": 1}, 400, "/error_limit"),
    "a state of its own": ("PATCH", "settings", {"paused": True}, 400, "/paused"),
    "another project": ("PATCH", "settings", {"project": 2}, 400, "/project"),
    "a title that no item has": ("PATCH", "settings", {"title_field": "colour"}, 422, "/title_field"),
    "a stake that no item has": ("PATCH", "settings", {"stake_field": "amount"}, 422, "/stake_field"),
    "a rule that can't be read": (
        "PATCH", "settings", {"never_unattended": [{"field": "vip"}]}, 422, "/never_unattended"
    ),
    "a rule for a field that is none": (
        "PATCH", "settings", {"never_unattended": [{"field": "colour", "equals": 1}]}, 422, "/never_unattended"
    ),
    "more looks than people": ("PATCH", "settings", {"looks": 5}, 422, "/looks"),
    "two reasons of one code": (
        "PATCH", "settings", {"reasons": [{"code": "a", "words": "b"}, {"code": "a", "words": "c"}]}, 422, "/reasons"
    ),
    "text for a number": ("PATCH", "settings", {"undo_s": "10"}, 400, "/undo_s"),
    "true for a number": ("PATCH", "settings", {"undo_s": True}, 400, "/undo_s"),
    "a number beyond all": ("PATCH", "settings", {"undo_s": 10**18}, 400, "/undo_s"),
    "a sentinel that is none": ("PATCH", "settings", {"sentinels_off": ["everything"]}, 400, "/sentinels_off/0"),
    "a model that is no name": ("PATCH", "worker", {"model": "a model!"}, 422, "/model"),
    "an example that does not fit": (
        "PATCH", "worker", {"examples": [{"input": {"text": "a"}, "output": {"topic": "x"}}]}, 422, "/examples"
    ),
    "a budget for a model of unknown price": (
        "PATCH", "worker", {"model": "nobodys-model", "daily_budget": 5}, 422, "/daily_budget"
    ),
    "an endpoint from a tuner": ("PATCH", "worker", {"base_url": "https://evil.example.org/v1"}, 403, "/base_url"),
    "a key's name from a tuner": ("PATCH", "worker", {"key_name": "SLIDER_KEY_A"}, 403, "/key_name"),
    "no reason": ("PUT", "pause", {"paused": True, "reason": "  "}, 422, "/reason"),
    "an unknown parameter": ("PATCH", "settings?x=1", {"undo_s": 5}, 400, "x"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_can_not_be_is_refused_at_its_field_and_changes_nothing(
    cast: casts.Company, tuner: Caller, case: str
) -> None:
    method, path, said, status, where = BAD[case]
    before = rows()
    answer = tuner(method, path if path.startswith("/") else f"/tasks/{cast.task.slug}/{path}", said)
    told = error(answer)
    assert (answer.status_code, told["where"][: len(where)]) == (status, where), told
    assert rows() == before


def test_a_worker_gets_its_next_version_and_the_same_again_none(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/worker"
    first = tuner("PATCH", path, {"temperature": 0.5}).json()
    again = tuner("PATCH", path, {"temperature": 0.5}).json()
    assert (first["version"], first["temperature"], first["model"]) == (2, 0.5, "small-model")
    assert again == first
    listed = tuner("GET", f"/tasks/{cast.task.slug}/workers").json()["workers"]
    assert [(one["version"], one["retired_at"] is None) for one in listed] == [(2, True), (1, False)]


def test_an_admin_says_where_a_worker_is_called(cast: casts.Company, admin: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/worker"
    told = admin("PATCH", path, {"base_url": "http://127.0.0.1:8000/v1/", "key_name": "SLIDER_KEY_OWN"}).json()
    assert (told["base_url"], told["key_name"]) == ("http://127.0.0.1:8000/v1", "SLIDER_KEY_OWN")
    for url in ("ftp://a/v1", "http://me:secret@a/v1"):
        refused = admin("PATCH", path, {"base_url": url})
        assert (refused.status_code, error(refused)["where"]) == (422, "/base_url")
    without = keys_without_administer(cast)
    assert without("PATCH", path, {"base_url": "http://127.0.0.1:9/v1"}).status_code == 403


def keys_without_administer(cast: casts.Company) -> Caller:
    scopes = [Scope.EDIT, Scope.READ]
    return Caller(
        keys.make(cast.project, name="x", scopes=scopes, expires_at=None, by=cast.admin.pk, person=cast.admin.pk).whole
    )


def test_a_fallback_is_set_changed_and_dropped(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/fallback"
    told = tuner("PUT", path, {"model": "spare-model"}).json()
    assert (told["name"], told["rung"], told["model"]) == ("Fallback", 2, "spare-model")
    assert told["instructions"] == cast.worker.instructions
    assert tuner("DELETE", path).status_code == 204
    assert tuner("DELETE", path).status_code == 204
    assert not Worker.objects.filter(task=cast.task, rung=2, retired_at=None).exists()
    taken = tuner("PUT", path, {"name": cast.worker.name, "model": "x"})
    assert (taken.status_code, error(taken)["where"]) == (422, "/name")


def test_a_person_is_taught_what_they_know(cast: casts.Company, admin: Caller) -> None:
    path = f"/members/{cast.colleague.pk}/skills"
    assert admin("PUT", path, {"skills": ["Legal", "german"]}).json()["skills"] == ["german", "legal"]
    found = admin("GET", "/members").json()["members"]
    assert {one["name"]: one["skills"] for one in found}["colleague"] == ["german", "legal"]
    assert admin("PUT", f"/members/{cast.outsider.pk}/skills", {"skills": []}).status_code == 404
    assert admin("PUT", path, {"skills": ["", "a"]}).status_code == 422
    assert admin("PUT", path, {"skills": ["a"] * 21}).status_code == 400
