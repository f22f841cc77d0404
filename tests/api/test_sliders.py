"""The slider, the quality figures, exports, webhooks and keys by the API."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from slider.models import Policy, Task
from tests import casts
from tests.api.conftest import Caller, Program, error


@pytest.fixture
def tuner(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.tuner)


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


def test_a_slider_is_asked_about_moved_pulled_back_released_and_put_back(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/slider"
    assert tuner("GET", f"{path}/preview?share=0.4&mode=trial").json()["effective"] == 0.4
    assert Policy.objects.count() == 1
    moved = tuner("POST", path, {"share": 0.4, "mode": "trial", "reason": "a quiet week", "expected": 1}).json()
    assert (moved["requested"], moved["effective"], moved["policy"], moved["state"]) == (0.4, 0.4, 2, "trial")
    late = tuner("POST", path, {"share": 0.5, "reason": "mine", "expected": 1})
    assert (late.status_code, error(late)["code"]) == (409, "superseded")
    assert "expected=2" in error(late)["hint"]
    pulled = tuner("POST", f"{path}/pull-back", {"reason": "two were wrong"}).json()
    assert (pulled["held"], pulled["effective"], pulled["state"]) == (True, 0.0, "held")
    assert tuner("POST", f"{path}/release", {"reason": "mended"}).json()["effective"] == 0.4
    back = tuner("POST", f"{path}/put-back", {"number": 1, "expected": 4, "reason": "as before"}).json()
    assert back["requested"] == 0.0
    none = tuner("POST", f"{path}/put-back", {"number": 77, "expected": 5, "reason": "as before"})
    assert (none.status_code, error(none)["code"]) == (422, "unfit")
    told = tuner("GET", f"{path}/history").json()
    assert [one["policy"] for one in told["entries"]] == [5, 4, 3, 2, 1]
    assert (told["entries"][3]["by"], told["entries"][3]["reason"]) == ("tuner", "a quiet week")
    assert told["next"] is None


def test_a_history_goes_on_where_its_page_ends_and_only_for_its_own_slider(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/slider"
    for number in range(22):
        tuner("POST", path, {"share": number / 100, "mode": "trial", "reason": "a step"})
    first = tuner("GET", f"{path}/history").json()
    rest = tuner("GET", f"{path}/history?after={first['next']}").json()
    assert [one["policy"] for one in first["entries"] + rest["entries"]] == list(range(23, 0, -1))
    forged = tuner("GET", f"{path}/history?after={first['next']}x")
    other = tuner("GET", f"/tasks/{cast.task.slug}/items?after={first['next']}")
    assert [(one.status_code, error(one)["code"]) for one in (forged, other)] == [(400, "cursor")] * 2


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "inf", "1e999", "half", "1_0", "0.5 ", "٠"])
def test_a_share_that_is_none_is_refused(cast: casts.Company, tuner: Caller, share: str) -> None:
    answer = tuner("GET", f"/tasks/{cast.task.slug}/slider/preview?share={quote(share)}")
    if share == "0.5 ":
        assert answer.status_code == 200  # a space around a number is no other number
        return
    assert (answer.status_code, error(answer)["where"]) == (400, "share")
    assert Policy.objects.count() == 1


def test_a_pull_back_is_for_reviewers_too_and_a_release_is_not(
    cast: casts.Company, acts_for: Callable[..., Caller]
) -> None:
    anna, path = acts_for(cast.reviewer), f"/tasks/{cast.task.slug}/slider"
    assert anna("POST", f"{path}/pull-back", {"reason": "nonsense"}).status_code == 200
    assert anna("POST", f"{path}/release", {"reason": "better"}).status_code == 403
    assert Policy.objects.latest("number").held


def test_the_quality_figures_count_what_audits_found(cast: casts.Company, tuner: Caller) -> None:
    path = f"/tasks/{cast.task.slug}/quality"
    empty = tuner("GET", path).json()
    assert (empty["audited"], empty["upper"], empty["cuts"]) == (0, None, [])
    Task.objects.filter(pk=cast.task.pk).update(undo_s=0)
    cast.task.refresh_from_db()
    for number in range(21):
        casts.audited(cast.task, f"a{number}")
        casts.decide(cast.reviewer, cast.task)
    told = tuner("GET", path).json()
    assert (told["audited"], told["wrong"], told["estimate"]) == (21, 0, 0.0)
    assert 0 < told["upper"] < 0.5


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_export_is_the_one_of_the_page(cast: casts.Company, tuner: Caller, kind: str) -> None:
    casts.one(cast.task, "=formula")
    answer = tuner("GET", f"/tasks/{cast.task.slug}/export?format={kind}")
    text = b"".join(answer.streaming_content).decode()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="sort-messages.{kind}"'
    if kind == "jsonl":
        assert [json.loads(line)["external_id"] for line in text.splitlines()] == ["=formula"]
    else:
        assert "'=formula" in text
    refused = tuner("GET", f"/tasks/{cast.task.slug}/export?format=xml")
    assert (refused.status_code, error(refused)["where"]) == (400, "format")


def test_keys_are_listed_made_and_revoked_and_never_shown_again(cast: casts.Company, admin: Caller) -> None:
    made = admin("POST", "/keys", {"name": "crm", "scopes": ["intake", "read"], "days": None}).json()
    program = Program(made["key"], cast.task.slug)
    assert program.get("/me").json()["person"] is None
    listed = admin("GET", "/keys?limit=1").json()
    assert [one["name"] for one in listed["keys"]] == ["crm"]
    assert made["key"] not in json.dumps(listed)
    following = admin("GET", f"/keys?limit=1&after={listed['next']}").json()
    assert [(one["name"], one["person"]) for one in following["keys"]] == [("mine", "admin")]
    assert admin("DELETE", f"/keys/{made['id']}").status_code == 204
    assert program.get("/me").status_code == 401


def test_each_answer_says_how_many_calls_are_left(cast: casts.Company, program: Program) -> None:
    first, second = (program.get("/me").headers for _ in range(2))
    assert first["RateLimit-Limit"] == "1200"
    assert int(second["RateLimit-Remaining"]) == int(first["RateLimit-Remaining"]) - 1
    assert 1 <= int(second["RateLimit-Reset"]) <= 60
