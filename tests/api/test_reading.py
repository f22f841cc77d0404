"""Programs read: what is due and nothing else, page by page without gaps, and errors in one shape."""

import threading
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from slider.flow import outbox
from slider.models import Ending, Item, Mode, Task, Verdict
from tests import casts
from tests.api.conftest import Program, error


@pytest.fixture
def cast(db: None) -> casts.Company:
    """Committed, where a test is about several connections."""
    return casts.company()


def no_undo(cast: casts.Company) -> None:
    """From here on results are due the moment they are decided."""
    Task.objects.filter(pk=cast.task.pk).update(undo_s=0)
    cast.task.refresh_from_db()


def test_a_result_shows_only_when_it_is_due(program: Program, cast: casts.Company) -> None:
    early = casts.one(cast.task, "early")
    casts.decide(cast.reviewer, cast.task)
    assert Item.objects.get().state == "done"
    assert program.get(f"/items/{early.pk}").json()["result"] is None
    assert program.get(f"/tasks/{program.slug}/results").json()["results"] == []
    no_undo(cast)
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="policy")
    shown = program.get(f"/items/{item.pk}").json()
    assert (shown["state"], shown["lane"], shown["task"]) == ("done", "people", program.slug)
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["answered"]
    result = shown["result"]
    assert (result["ending"], result["answer"], result["reason"], result["number"], result["corrects"]) == (
        "rejected", None, "policy", 1, None
    )  # fmt: skip
    assert program.get(f"/tasks/{program.slug}/results").json()["results"] == [result]


def test_a_correction_is_shown_as_one(program: Program, cast: casts.Company) -> None:
    no_undo(cast)
    item = casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": False})
    shown = program.get(f"/items/{item.pk}").json()
    assert (shown["lane"], shown["result"]["ending"]) == ("unattended", "unattended")
    (correction,) = shown["corrections"]
    assert (correction["number"], correction["corrects"], correction["ending"]) == (2, 1, "fixed")
    results = program.get(f"/tasks/{program.slug}/results").json()["results"]
    assert [result["number"] for result in results] == [1, 2]


def test_results_come_page_by_page_without_gaps_and_the_last_cursor_goes_on(
    program: Program, cast: casts.Company
) -> None:
    opened = casts.company(prefix="open ", share=1.0, mode=Mode.TRIAL)
    Task.objects.filter(pk=opened.task.pk).update(project=cast.project, slug="open")
    opened.task.refresh_from_db()
    says = casts.says({"topic": "refund", "urgent": False})
    casts.route_all(opened.task, {f"m{n}": says for n in range(5)}, bodies={f"m{n}": {"text": "a"} for n in range(5)})
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    page: dict[str, Any] = {}
    for _ in range(3):
        page = program.get("/tasks/open/results", **query).json()
        seen += [result["external_id"] for result in page["results"]]
        query["after"] = page["next"]
    assert sorted(seen) == [f"m{n}" for n in range(5)]
    assert not page["more"]
    assert program.get("/tasks/open/results", **query).json()["results"] == []
    casts.one(opened.task, "late", says)
    assert [r["external_id"] for r in program.get("/tasks/open/results", **query).json()["results"]] == ["late"]


@pytest.mark.django_db(transaction=True)
def test_a_result_that_commits_late_is_not_passed_over(program: Program, cast: casts.Company) -> None:
    items = casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(2)})
    written, go_on = threading.Event(), threading.Event()

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                outbox.owe(cast.task.pk, [outbox.Result(items[0].pk, Ending.ACCEPTED, {})], undo_s=0)
                written.set()
                assert go_on.wait(1.5)
        finally:
            connections.close_all()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert written.wait(10)
    outbox.owe(cast.task.pk, [outbox.Result(items[1].pk, Ending.ACCEPTED, {})], undo_s=0)
    page = program.get(f"/tasks/{program.slug}/results").json()
    go_on.set()
    writer.join()
    assert page["results"] == []  # the quick one waits for the slow one, which was due before it
    after = program.get(f"/tasks/{program.slug}/results", after=page["next"]).json()
    assert [result["external_id"] for result in after["results"]] == ["m0", "m1"]


def test_items_come_newest_first_by_state_and_page(program: Program, cast: casts.Company) -> None:
    casts.one(cast.task, "routed")
    casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(3)})
    path = f"/tasks/{program.slug}/items"
    first = program.get(path, state="ready", limit=2).json()
    second = program.get(path, state="ready", limit=2, after=first["next"]).json()
    assert [item["external_id"] for item in first["items"] + second["items"]] == ["m2", "m1", "m0"]
    assert second["next"] is None
    assert [item["external_id"] for item in program.get(path, state="review").json()["items"]] == ["routed"]


def test_a_task_tells_where_its_slider_stands(program: Program, cast: casts.Company) -> None:
    shown = program.get(f"/tasks/{program.slug}").json()
    assert shown["slug"] == program.slug
    assert (shown["requested"], shown["allowed"], shown["effective"], shown["held"]) == (0.0, None, 0.0, False)


@pytest.mark.parametrize(
    ("path", "query", "code", "where"),
    [
        ("items", {"limit": "0"}, "page", "limit"),
        ("items", {"limit": "-1"}, "page", "limit"),
        ("items", {"limit": "1e9"}, "page", "limit"),
        ("items", {"limit": "501"}, "page", "limit"),
        ("items", {"limit": "٣"}, "page", "limit"),
        ("items", {"state": "lost"}, "filter", "state"),
        ("items", {"payload__body": "x"}, "unknown_parameter", "payload__body"),
        ("items", {"after": "eyJ.forged"}, "cursor", "after"),
        ("results", {"after": ""}, "cursor", "after"),
        ("results", {"state": "done"}, "unknown_parameter", "state"),
    ],
)
def test_a_query_that_can_not_be_meant_is_refused(
    program: Program, path: str, query: dict[str, str], code: str, where: str
) -> None:
    answer = program.get(f"/tasks/{program.slug}/{path}", **query)
    found = error(answer)
    assert (answer.status_code, found["code"], found["where"]) == (400, code, where)


def test_a_cursor_is_good_for_its_own_list_only(program: Program, cast: casts.Company) -> None:
    casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(2)})
    cursor = program.get(f"/tasks/{program.slug}/items", limit=1).json()["next"]
    for path, query in (("results", {}), ("items", {"state": "ready"})):
        answer = program.get(f"/tasks/{program.slug}/{path}", after=cursor, **query)
        assert error(answer)["code"] == "cursor"


@pytest.mark.parametrize(
    "path",
    [
        "/items/9223372036854775808",
        "/items/-1",
        "/items/0",
        "/items/%00",
        "/items/٣",
        "/items/1.0",
        "/tasks/%00",
        "/tasks/a%20b",
        "/tasks/" + "x" * 500,
        "/nothing/here",
        "/",
    ],
)
def test_what_can_not_exist_is_not_found(program: Program, path: str) -> None:
    answer = program.get(path)
    assert (answer.status_code, error(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_a_method_that_is_not_allowed_says_which_are(program: Program, method: str) -> None:
    answer = getattr(Client(), method)(f"/api/v1/tasks/{program.slug}/items")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"GET", "POST"})
    if method != "head":
        assert error(answer)["code"] == "method"


def test_the_callers_request_id_comes_back_if_it_is_plain(program: Program) -> None:
    path = f"/api/v1/tasks/{program.slug}"
    assert Client().get(path, headers={"X-Request-ID": "crm-42"}).headers["X-Request-ID"] == "crm-42"
    odd = Client().get(path, headers={"X-Request-ID": "a b\x1b[31m" + "x" * 300}).headers["X-Request-ID"]
    assert odd.isalnum()


def test_a_failure_of_ours_tells_nothing_of_the_inside(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("slider.queries.results.gauge", fails)
    answer = program.get(f"/tasks/{program.slug}")
    assert (answer.status_code, error(answer)["code"]) == (500, "internal")
    assert b"secret inside" not in answer.content
