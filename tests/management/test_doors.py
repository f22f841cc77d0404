"""The command line: each command's help, JSON, exit codes and words, and what it leaves alone."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from slider.__main__ import COMMANDS, SHORT
from slider.flow import endpoints, imports
from slider.llm import probe as asking
from slider.management.bar import Bar
from slider.management.doctor import parts, servers
from slider.models import ApiKey, Delivery, Entry, Import, Item, Membership, Parcel, Project, Publication, Worker
from slider.queries import export
from tests import casts

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(undo_s=0)


def run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def fails(*args: str) -> tuple[int, str, str]:
    """The exit code, the words, and what was written before."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*args, stdout=out, stderr=io.StringIO())
    return caught.value.returncode, str(caught.value), out.getvalue()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help_with_exit_codes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    for deed in ((), ("list",)) if name == "keys" else ((),):
        with pytest.raises(SystemExit) as ended:
            call_command(SHORT.get(name, name), *deed, "--help")
        assert ended.value.code == 0
        said += " ".join(capsys.readouterr().out.split())
    assert name == "upgrade" or "--json" in said
    assert name in ("upgrade", "backtest") or "Exit code 0" in said


def test_python_m_slider_lists_the_commands_and_passes_them_on() -> None:
    said = subprocess.run([sys.executable, "-m", "slider"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(name in said.stdout for name in COMMANDS)
    passed = subprocess.run(
        [sys.executable, "-m", "slider", "import", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--dry-run" in passed.stdout


# Keys


def test_a_key_is_made_written_once_listed_and_revoked(cast: casts.Company) -> None:
    made = json.loads(run("keys", "make", "support-desk", "crm", "--scope", "read", "--by", "admin", "--json"))
    key = ApiKey.objects.get()
    assert key.is_made_of(made["key"])
    assert (key.created_by, key.person, key.scopes) == (cast.admin, None, ["read"])
    assert made["key"] not in run("keys", "list")
    assert [one["state"] for one in json.loads(run("keys", "list", "--project", "support-desk", "--json"))] == ["holds"]
    assert "is revoked" in run("keys", "revoke", made["key"][:11])
    assert "was revoked already" in run("keys", "revoke", key.prefix)


def test_a_key_that_acts_for_somebody_takes_a_member(cast: casts.Company) -> None:
    whole = run("keys", "make", "support-desk", "bot", "--scope", "review", "--person", "reviewer").strip()
    key = ApiKey.objects.get()
    assert key.is_made_of(whole)
    assert (key.person, key.created_by) == (cast.reviewer, cast.reviewer)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("support-desk", "x", "--scope", "steer", "--by", "admin"), "--person"),
        (("support-desk", "x", "--scope", "read"), "--by"),
        (("nowhere", "x", "--scope", "read", "--by", "admin"), "There are: elsewhere, support-desk"),
        (("support-desk", "x", "--scope", "read", "--person", "outsider"), "not in the project"),
        (("support-desk", " ", "--scope", "read", "--by", "admin"), "name"),
        (("support-desk", "x", "--scope", "read", "--by", "admin", "--days", "9999"), "--days"),
    ],
)
def test_a_key_that_can_not_be_is_not_made(cast: casts.Company, args: tuple[str, ...], words: str) -> None:
    code, said, _ = fails("keys", "make", *args)
    assert code == 1
    assert words in said
    assert not ApiKey.objects.exists()


# Files


def lines(count: int) -> str:
    return "".join(json.dumps({"external_id": f"m{n}", "input": {"text": f"text {n}"}}) + "\n" for n in range(count))


def test_a_file_comes_in_and_goes_out_as_it_came(cast: casts.Company, tmp_path: Path) -> None:
    file, out = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    file.write_text(lines(1200))
    told = json.loads(run("import_items", "sort-messages", str(file), "--by", "tuner", "--json"))
    assert (told["rows"], told["added"], told["refused"], Item.objects.count()) == (1200, 1200, 0, 1200)
    assert "added nothing" in run("import_items", "sort-messages", str(file), "--by", "tuner")
    said = json.loads(run("export_items", "sort-messages", str(out), "--json"))
    assert (said["lines"], said["bytes"]) == (1200, out.stat().st_size)
    again = json.loads(run("import_items", "sort-messages", str(out), "--by", "tuner", "--json"))
    assert (again["known"], again["added"]) == (1200, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "out.jsonl"]


def test_a_dry_run_keeps_nothing_and_names_the_rows(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,text\n1,a\n2,\n")
    code, words, said = fails("import_items", "sort-messages", str(file), "--dry-run", "--json")
    assert (code, "would be refused" in words) == (3, True)
    told = json.loads(said)
    assert (told["rows"], told["refused"], told["examples"][0]["line"]) == (2, 1, 3)
    assert not Import.objects.exists()
    assert not Item.objects.exists()


def test_refused_rows_are_an_exit_code_of_their_own(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,text\n1,a\n2,\n")
    code, _, said = fails("import_items", "sort-messages", str(file), "--by", "tuner")
    assert code == 3
    assert "line 3" in said
    assert Item.objects.count() == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("sort-messages", "missing.csv", "--by", "tuner"), "No such file"),
        (("sort-messages",), "Name the file"),
        (("sort-messages", "missing.csv"), "--by"),
        (("sort-messages", "missing.csv", "--by", "viewer"), "may not do this"),
        (("nothing", "missing.csv"), "support-desk/sort-messages"),
        (("sort-messages", "--follow", "77"), "no import 77"),
    ],
)
def test_a_file_that_can_not_come_in_says_why(cast: casts.Company, args: tuple[str, ...], words: str) -> None:
    code, said, _ = fails("import_items", *args)
    assert code == 1
    assert words in said


def test_an_import_that_was_killed_is_carried_on(cast: casts.Company, tmp_path: Path) -> None:
    held = imports.receive(cast.task, name="a.jsonl", stream=io.BytesIO(lines(700).encode()), by=cast.tuner.pk)

    def die(seen: int, total: int) -> None:
        assert (seen, total) == (500, 700)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(held.pk, tell=die)
    assert Item.objects.count() == 500
    Import.objects.update(lease_until="2026-01-01T00:00:00Z")
    told = json.loads(run("import_items", "sort-messages", "--follow", str(held.pk), "--json"))
    assert (told["added"], told["known"], Item.objects.count()) == (700, 0, 700)


def test_an_export_to_a_place_that_is_none_leaves_nothing(cast: casts.Company, tmp_path: Path) -> None:
    code, words, _ = fails("export_items", "sort-messages", str(tmp_path / "no" / "a.csv"))
    assert (code, "No such file" in words) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [BrokenPipeError(32, "Broken pipe"), KeyboardInterrupt()])
def test_an_export_to_the_standard_output_that_is_broken_off_is_in_the_log(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}})
    monkeypatch.setattr(export, "WINDOW", 1)
    left: list[bytes] = []

    class Pipe:
        def write(self, some: bytes) -> None:
            if b"m2" in some:
                raise stop
            left.append(some)

    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=Pipe()))
    with pytest.raises((CommandError, KeyboardInterrupt)):
        call_command("export_items", "sort-messages", "-")
    facts = Entry.objects.filter(kind="export").latest("pk").facts
    assert (facts["op"], facts["bytes"], "sha256" in facts) == ("broken off", len(b"".join(left)), False)
    assert facts["bytes"] > 0


def test_a_bar_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file, terminal = io.StringIO(), Terminal()
    for stream in (file, terminal):
        bar = Bar("rows", stream)
        bar.show(5, 10)
        bar.show(10, 10)
        bar.close()
    assert file.getvalue() == ""
    assert "rows [############............] 5 of 10" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


# Reconciling


def expect(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "ids.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_a_list_that_agrees_is_exit_code_0(cast: casts.Company, tmp_path: Path) -> None:
    casts.one(cast.task, "m1")
    casts.decide(cast.reviewer, cast.task)
    assert "1 ids in the list; 1 of them have their result." in run(
        "reconcile", "sort-messages", expect(tmp_path, "\ufeffm1\r\n\r\n")
    )


def test_a_list_that_differs_says_how(cast: casts.Company, tmp_path: Path) -> None:
    for name in ("out", "stuck"):
        casts.one(cast.task, name)
        casts.decide(cast.reviewer, cast.task)
        if name == "out":
            endpoints.make(cast.task, url="https://hooks.example.org/a")
    casts.one(cast.task, "waits")
    casts.bring_in(cast.task, {"extra": {"text": "a"}})
    Parcel.objects.filter(publication__item__external_id="stuck").update(state=Delivery.FAILED)
    listed = 'out\nout\nstuck\nwaits\nnever\n{"external_id": "also never"}\n'
    before = Item.objects.count(), Publication.objects.count()
    code, _, said = fails("reconcile", "sort-messages", expect(tmp_path, listed), "--json")
    told = json.loads(said)
    assert code == 3
    found = {name: told[name]["ids"] for name in ("doubled", "missing", "extra", "unfinished", "undelivered")}
    assert found == {
        "doubled": ["out"],
        "missing": ["never", "also never"],
        "extra": ["extra"],
        "unfinished": ["waits"],
        "undelivered": ["stuck"],
    }
    assert (told["expected"], told["published"], told["agrees"]) == (5, 1, False)
    assert (Item.objects.count(), Publication.objects.count()) == before
    part = fails("reconcile", "sort-messages", expect(tmp_path, listed), "--part", "--json")
    assert json.loads(part[2])["extra"]["count"] == 0
    endpoints.remove(cast.task.endpoints.get())
    told = json.loads(fails("reconcile", "sort-messages", expect(tmp_path, listed), "--json")[2])
    assert (told["undelivered"]["count"], told["published"]) == (0, 2), "nobody is to have it any more"


def test_what_a_webhook_still_owes_is_not_out(cast: casts.Company, tmp_path: Path) -> None:
    endpoints.make(cast.task, url="https://hooks.example.org/a")
    casts.one(cast.task, "m1")
    casts.decide(cast.reviewer, cast.task)
    _, _, said = fails("reconcile", "sort-messages", expect(tmp_path, "m1\n"), "--json")
    assert json.loads(said)["unpublished"]["ids"] == ["m1"]


@pytest.mark.parametrize(
    ("text", "words"), [(b"\xff\xfe", "line 1 is no UTF-8"), (b"a\n{]\n", "line 2"), (b'{"id": 1}', "no external_id")]
)
def test_a_list_that_can_not_be_read_is_exit_code_1(
    cast: casts.Company, tmp_path: Path, text: bytes, words: str
) -> None:
    code, said, _ = fails("reconcile", "sort-messages", expect(tmp_path, text))
    assert (code, words in said) == (1, True), said


# Beginning


def test_an_installation_begins_once(db: None) -> None:
    told = json.loads(run("init", "--person", "root", "--project", "Support Desk", "--json"))
    assert (told["new_person"], told["new_project"], told["project"]) == (True, True, "support-desk")
    root = User.objects.get()
    assert root.check_password(told["password"])
    assert (root.is_superuser, Membership.objects.get().role) == (True, "admin")
    again = json.loads(run("init", "--person", "root", "--project", "Support Desk", "--json"))
    assert (again["new_person"], again["new_project"], again["password"]) == (False, False, None)
    assert User.objects.get().check_password(told["password"])


def test_a_weak_password_begins_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDER_INIT_PASSWORD", "password")
    code, words, _ = fails("init")
    assert (code, "too short" in words) == (1, True)
    assert not User.objects.exists()
    assert not Project.objects.exists()


def test_a_short_name_that_is_none_begins_nothing(db: None) -> None:
    assert fails("init", "--slug", "A B")[0] == 1
    assert not User.objects.exists()


# The doctor


def test_a_healthy_installation_is_well(cast: casts.Company) -> None:
    told = json.loads(run("doctor", "--no-endpoints", "--no-fleet", "--json"))
    states = {one["part"]: one["state"] for one in told["findings"]}
    assert told["well"]
    assert states["PostgreSQL"] == states["Migrations"] == states["Redis"] == states["PostgreSQL's clock"] == "well"


def test_without_a_fleet_it_says_what_to_start(cast: casts.Company) -> None:
    code, words, said = fails("doctor", "--no-endpoints")
    assert code == 1
    assert "Workers" in words
    assert "-> Start the workers" in said


def test_an_endpoint_that_does_not_answer_is_named_with_what_to_do(cast: casts.Company) -> None:
    (one,) = parts.endpoints(timeout_s=2)
    assert (one.part, one.state) == ("Endpoint http://127.0.0.1:9/v1", "wrong")
    assert "can't be reached" in one.words


def test_the_installations_key_is_asked_of_no_other_address(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def probe(address: str, *, api_key: str, timeout_s: float, **more: Any) -> Any:
        asked.append((address, api_key))
        return asking.probe(address, api_key=api_key, timeout_s=timeout_s, **more)

    monkeypatch.setattr(parts, "probe", probe)
    Worker.objects.filter(task=cast.task).update(base_url="http://127.0.0.1:9/other/v1")
    assert [one.state for one in parts.endpoints(timeout_s=1)] == ["wrong"]
    assert asked == [("http://127.0.0.1:9/other/v1", "")]
    Worker.objects.filter(task=cast.task).update(key_name="SLIDER_KEY_NOBODY_SET")
    (one,) = parts.endpoints(timeout_s=1)
    assert one.words == "SLIDER_KEY_NOBODY_SET is not set."
    assert len(asked) == 1


@pytest.mark.parametrize(("apart", "state"), [(0.1, "well"), (-3.0, "look"), (3600.0, "wrong")])
def test_clocks_that_are_apart_are_said(apart: float, state: str) -> None:
    assert servers.clock("PostgreSQL's clock", apart).state == state


def test_servers_that_are_away_are_named_with_what_to_do(tmp_path: Path) -> None:
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SLIDER_STATE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "slider", "doctor", "--json"],
        check=False,
        cwd=ROOT,
        env=os.environ | away,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout)
    assert done.returncode == 1
    wrong = {one["part"]: one["todo"] for one in told["findings"] if one["state"] == "wrong"}
    assert set(wrong) == {"PostgreSQL", "Redis"}
    assert "DATABASE_URL" in wrong["PostgreSQL"]
    assert "Traceback" not in done.stderr
