"""The log by the API: read alone, by whom the page lets, narrowed as there, and good to be checked with its head."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from slider.flow import keys, steer
from slider.models import Entry, Membership, Mode, Role, Scope
from slider.queries import chain
from tests import casts, logs
from tests.api.conftest import Caller, error


@pytest.fixture
def auditor(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    who = casts.person("auditor", role=Role.AUDITOR, of=cast.project)
    logs.link_now()
    casts.one(cast.task, "m1")
    casts.decide(cast.reviewer, cast.task)
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="a quiet week", by=cast.tuner.pk)
    keys.make(cast.project, name="crm", scopes=[Scope.READ], expires_at=None, by=cast.admin.pk)
    return acts_for(who, Scope.ADMINISTER)


def entries(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = caller("GET", f"/log?{query}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def streamed(answer: Any) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_it_is_read_newest_first_to_its_end(cast: casts.Company, auditor: Caller) -> None:
    whole, after, seen = entries(auditor, "limit=500"), "", []
    assert [one["entry"] for one in whole] == [
        one.pk for one in Entry.objects.filter(project=cast.project).order_by("-at", "-pk")
    ]
    while True:
        page = auditor("GET", f"/log?limit=3{after}").json()
        seen += page["entries"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == whole
    assert any(one["words"].endswith("trial: a quiet week") and one["who"] == "tuner" for one in whole)


def test_each_entry_holds_what_its_link_is_made_of(cast: casts.Company, auditor: Caller) -> None:
    for one in entries(auditor, "limit=500"):
        entry = Entry.objects.get(pk=one["entry"])
        assert (one["chain"], one["kind"], one["via"]) == (entry.chain, entry.kind, entry.via)
        assert one["facts_sha256"] == hashlib.sha256(one["facts"].encode()).hexdigest()
        assert json.loads(one["facts"]) == entry.facts
        assert len(one["hash"]) == 64
        assert one["number"] is not None


def test_it_is_narrowed_as_the_page_is(cast: casts.Company, auditor: Caller) -> None:
    today = datetime.now(UTC).date()
    assert {one["kind"] for one in entries(auditor, "kind=key")} == {"key"}
    assert {one["by"] for one in entries(auditor, f"by={cast.tuner.pk}")} == {cast.tuner.pk}
    assert {one["task"] for one in entries(auditor, f"task={cast.task.slug}")} == {cast.task.slug}
    assert entries(auditor, f"since={today - timedelta(1)}&until={today + timedelta(1)}&limit=500")
    assert entries(auditor, f"until={today - timedelta(2)}") == []
    assert entries(auditor, f"since={today + timedelta(2)}") == []
    assert entries(auditor, "until=9999-12-31")


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("kind=nothing", 400, "kind"),
        ("by=999999", 400, "by"),
        ("by=anna", 400, "by"),
        ("since=yesterday", 400, "since"),
        ("since=20261128", 400, "since"),
        ("until=2026-02-30", 400, "until"),
        ("since=2026-11-28&until=2026-11-27", 400, "until"),
        ("task=nothing", 404, ""),
        ("after=x", 400, "after"),
    ],
)
def test_what_the_page_would_not_offer_is_refused(
    cast: casts.Company, auditor: Caller, query: str, status: int, where: str
) -> None:
    for path in ("/log", "/log/export"):
        answer = auditor("GET", f"{path}?{query}")
        wanted = (400, "after") if where == "after" else (status, where)
        assert (answer.status_code, error(answer)["where"]) == wanted


def test_another_projects_task_person_and_cursor_are_none_here(cast: casts.Company, auditor: Caller) -> None:
    other = casts.company(prefix="b ")
    assert other.task.slug == cast.task.slug
    type(cast.task).objects.filter(pk=other.task.pk).update(slug="theirs")
    assert auditor("GET", "/log?task=theirs").status_code == 404
    assert error(auditor("GET", f"/log?by={other.tuner.pk}"))["where"] == "by"
    theirs = {one.pk for one in Entry.objects.filter(project=other.project)}
    assert theirs
    assert not theirs & {one["entry"] for one in entries(auditor, "limit=500")}
    cursor = auditor("GET", "/log?limit=1").json()["next"]
    assert error(auditor("GET", f"/log?kind=key&after={cursor}"))["code"] == "cursor"


def test_the_head_is_what_the_check_reads(cast: casts.Company, auditor: Caller) -> None:
    told = auditor("GET", "/log/head").json()
    assert set(told["chains"]) == {f"project {cast.project.pk}", f"task {cast.task.pk}"}
    ends = chain.heads(list(told["chains"]))
    assert told["chains"] == {name: {"number": one.number, "hash": one.hash} for name, one in ends.items()}
    assert told["slider_log"] == 1


def test_it_leaves_as_lines_and_that_stands_in_it(cast: casts.Company, auditor: Caller) -> None:
    whole = entries(auditor, "limit=500")
    lines = streamed(auditor("GET", "/log/export"))
    assert lines[0]["words"].startswith("This log")
    assert [one["entry"] for one in lines[1:]] == [one["entry"] for one in whole]
    narrowed = streamed(auditor("GET", "/log/export?kind=key"))
    assert {one["kind"] for one in narrowed} == {"key"}
    entry = Entry.objects.filter(kind="export").latest("pk")
    auditor_id = User.objects.get(username="auditor").pk
    assert (entry.by_id, entry.project_id, entry.facts["what"]) == (auditor_id, cast.project.pk, "log")
    assert (entry.facts["narrowed"], entry.facts["format"]) == (True, "jsonl")


def test_a_program_never_reads_it(cast: casts.Company, make_key: Callable[..., str]) -> None:
    program = Caller(make_key(Scope.READ, Scope.EXPORT, Scope.INTAKE))
    for path in ("/log", "/log/head", "/log/export", "/site/log", "/site/log/head", "/site/log/export"):
        answer = program("GET", path)
        assert (answer.status_code, error(answer)["code"]) == (403, "scope")


def test_the_sites_own_log_is_for_superusers_alone(
    cast: casts.Company, auditor: Caller, acts_for: Callable[..., Caller]
) -> None:
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    Membership.objects.create(user=root, project=cast.project, role=Role.VIEWER)
    by_root = acts_for(root, Scope.ADMINISTER)
    for path in ("/site/log", "/site/log/head", "/site/log/export"):
        for caller in (auditor, acts_for(cast.admin)):
            answer = caller("GET", path)
            assert (answer.status_code, error(answer)["code"]) == (403, "superuser")
        assert error(by_root("GET", path))["code"] == "role", "a Viewer reads no log, whoever they are"
    Membership.objects.filter(user=root).update(role=Role.AUDITOR)
    found = by_root("GET", "/site/log?limit=500").json()["entries"]
    assert found
    assert {one["project_id"] for one in found} == {None}
    assert set(by_root("GET", "/site/log/head").json()["chains"]) == set(chain.heads())
    assert streamed(by_root("GET", "/site/log/export"))[0]["project_id"] is None
    assert error(by_root("GET", "/site/log?task=sort-messages"))["code"] == "unknown_parameter"


def test_me_says_that_an_auditors_key_reads_the_log_and_does_nothing_else(cast: casts.Company, auditor: Caller) -> None:
    assert auditor("GET", "/me").json()["may"] == ["see log"]
    assert error(auditor("GET", "/keys"))["code"] == "role"
