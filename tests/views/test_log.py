"""The log's page: who may read it sees all of it in order, finds what they look for, and takes it with them."""

import csv
import hashlib
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from slider.flow import keys, steer
from slider.models import Entry, Kind, Mode, Role, Scope
from slider.queries import chain, log
from tests import casts, logs
from tests.views.test_crawl import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    casts.person("auditor", role=Role.AUDITOR, of=made.project)
    logs.link_now()
    casts.one(made.task, "m1")
    casts.decide(made.reviewer, made.task)
    steer.apply(made.task.pk, share=0.4, mode=Mode.TRIAL, reason="a quiet week", by=made.tuner.pk)
    keys.make(made.project, name="crm", scopes=[Scope.READ], expires_at=None, by=made.admin.pk)
    return made


def auditor() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="auditor"))
    return client


def address(cast: casts.Company, name: str = "log") -> str:
    return reverse(name, args=[cast.project.slug])


def shown(client: Client, where: str, **asked: object) -> str:
    answer = client.get(where, {name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_auditor_reads_what_was_done_by_whom(cast: casts.Company) -> None:
    page = shown(auditor(), address(cast))
    for words in (
        "1 item routed, 0 unattended, by policy 1 (places 0 to 0)",
        "Policy 2: 40 % asked for, 40 % in effect, trial: a quiet week",
        "An API key (crm) was added",
        "A membership (viewer) was added: viewer",
        "Accepted item",
        f"task {cast.task.pk}, ",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("reviewer", 403), ("tuner", 403), ("admin", 200), ("outsider", 404)]
)
def test_nobody_else_but_an_admin_reads_it(cast: casts.Company, role: str, status: int) -> None:
    client = Client()
    client.force_login(getattr(cast, role))
    assert client.get(address(cast)).status_code == status
    assert client.get(address(cast, "log-head")).status_code == status
    assert client.post(address(cast, "log-export")).status_code == status
    assert client.get(reverse("site-log")).status_code == 403
    assert client.post(reverse("site-log-export")).status_code == 403


def test_an_auditor_sees_pages_and_changes_nothing(cast: casts.Company) -> None:
    client, task = auditor(), cast.task.pk
    for name in ("slider", "quality", "items", "notices"):
        assert client.get(reverse(name, args=[task])).status_code == 200, name
    before = Entry.objects.latest("pk").pk
    for name in ("apply", "pull-back", "release", "pause", "task-settings", "worker", "import", "export"):
        sent = {"reason": "because", "percent": "50", "mode": "trial", "expected": "1"}
        assert client.post(reverse(name, args=[task]), sent).status_code == 403, name
    assert Entry.objects.latest("pk").pk == before
    assert client.get(reverse("desk")).status_code in (200, 403)
    assert client.post(reverse("desk-take")).status_code in (302, 403, 404)


def test_it_is_narrowed_by_kind_person_task_and_days(cast: casts.Company) -> None:
    client, where = auditor(), address(cast)
    key = "An API key (crm) was added"
    assert key in shown(client, where, kind="key")
    assert key not in shown(client, where, kind="slider")
    assert key in shown(client, where, by=cast.admin.pk)
    assert key not in shown(client, where, by=cast.tuner.pk)
    assert key not in shown(client, where, task=cast.task.pk)
    today = timezone.now().astimezone(UTC).date()
    assert key in shown(client, where, since=today, until=today)
    assert key not in shown(client, where, until=today - timedelta(days=1))
    assert key not in shown(client, where, since=today + timedelta(days=1))


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "gossip"}, {"by": "nobody"}, {"by": "999999999999999999999"}, {"task": "7' OR 1=1"}, {"since": "soon"},
        {"since": "2026-11-28", "until": "2026-11-27"}, {"until": "10000-01-01"}, {"kind": "key\x00"},
    ],
)  # fmt: skip
def test_what_can_t_be_asked_is_said_at_its_field(cast: casts.Company, asked: dict[str, str]) -> None:
    answer = auditor().get(address(cast), asked)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert auditor().post(address(cast, "log-export"), asked).status_code == 404


def test_the_last_day_there_is_can_be_asked_for(cast: casts.Company) -> None:
    assert "An API key (crm)" in shown(auditor(), address(cast), until="9999-12-31")


def test_a_zone_that_postgresql_does_not_know_breaks_no_page(cast: casts.Company) -> None:
    assert auditor().get(address(cast), {"before": "2026-11-28T00:00:00+23:59_1"}).status_code == 200


@pytest.mark.parametrize(
    "before",
    [
        *("0", "x_1", "2026-11-28_1", "2026-11-28T00:00:00_1", "9" * 60, "\x00", "2026-99-28T00:00:00+00:00_1"),
        "0001-01-01T00:00:00+14:00_1",
    ],
)
def test_a_page_that_is_none_is_a_404(cast: casts.Company, before: str) -> None:
    assert auditor().get(address(cast), {"before": before}).status_code == 404


def test_pages_follow_one_another_without_gap_or_double(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PAGE", 4)
    logs.grow(cast.task, 11)
    client, where, seen = auditor(), address(cast), list[str]()
    query = "?kind=setting"
    while query:
        page = client.get(where + query).content.decode()
        seen += re.findall(rf"task {cast.task.pk}, (\d+)", page)
        older = re.search(r'class="btn older" href="(\?[^"]+)"', page)
        query = older[1].replace("&amp;", "&") if older else ""
    wanted = Entry.objects.filter(kind=Kind.SETTING, task=cast.task).order_by("-at", "-pk")
    assert [int(number) for number in seen] == [entry.link.number for entry in wanted]
    assert len(seen) >= 11


def test_an_export_holds_all_that_a_link_is_made_of(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "EXPORT_PAGE", 3)
    lines = content(auditor().post(address(cast, "log-export"), {"format": "jsonl"})).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == Entry.objects.filter(project=cast.project).count()
    mine = sorted((one for one in rows if one["chain"] == f"task {cast.task.pk}"), key=lambda one: int(one["number"]))
    before = ""
    for one in mine:
        at = int((datetime.fromisoformat(one["at"]) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
        ids = ["" if one[name] is None else str(one[name]) for name in ("project_id", "task_id", "by")]
        assert hashlib.sha256(one["facts"].encode()).hexdigest() == one["facts_sha256"]
        parts = ["slider log 1", one["chain"], one["number"], one["entry"], at, one["kind"], *ids, one["via"]]
        text = "\n".join(map(str, [*parts, one["facts_sha256"], one["digests_sha256"], before]))
        assert hashlib.sha256(text.encode()).hexdigest() == one["hash"]
        before = one["hash"]


def test_an_export_is_told_in_the_log_and_safe_in_a_spreadsheet(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.1, mode=Mode.TRIAL, reason="=HYPERLINK(1)", by=cast.tuner.pk)
    text = content(auditor().post(address(cast, "log-export"), {"kind": "slider"})).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["kind"] for row in rows} == {"slider"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    entry = Entry.objects.filter(kind=Kind.EXPORT).latest("pk")
    assert (entry.facts, entry.project_id) == ({"what": "log", "format": "csv", "narrowed": True}, cast.project.pk)


def test_a_head_is_taken_from_the_page(cast: casts.Company) -> None:
    told = json.loads(auditor().get(address(cast, "log-head")).content)
    assert set(told["chains"]) == {f"project {cast.project.pk}", f"task {cast.task.pk}"}
    ends = chain.heads()
    assert all(said["hash"] == ends[name].hash for name, said in told["chains"].items())


def test_the_sites_own_log_is_for_superusers(cast: casts.Company) -> None:
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    client = Client()
    client.force_login(root)
    page = shown(client, reverse("site-log"))
    assert "Signed in" in page
    assert "An API key (crm)" not in page
    assert "site" in json.loads(client.get(reverse("site-log-head")).content)["chains"]
    assert b"sign_in" in content(client.post(reverse("site-log-export"), {"format": "jsonl"}))


def test_what_was_done_by_hand_is_marked(cast: casts.Company) -> None:
    logs.sql("SELECT set_config('slider.via', '', true)")
    logs.sql("UPDATE slider_task SET paused = true WHERE id = %s", cast.task.pk)
    logs.sql("SELECT set_config('slider.via', 'program', true)")
    page = shown(auditor(), address(cast))
    assert '<span class="tag tag-warn">by hand, in the database</span>' in page
    assert "Slider itself" in page


def test_a_name_that_is_markup_stays_text(cast: casts.Company) -> None:
    keys.make(cast.project, name="<script>x</script>", scopes=[Scope.READ], expires_at=None, by=cast.admin.pk)
    assert "<script>x" not in shown(auditor(), address(cast))
