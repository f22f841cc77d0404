"""`manage.py verify_log` says whether the log is whole, in words, as JSON and by how it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import casts, logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    casts.one(made.task, "m1")
    logs.link_now()
    return made


def verify(*arguments: str, **given: Any) -> str:
    said = io.StringIO()
    call_command("verify_log", *arguments, stdout=said, **given)
    return said.getvalue()


def refused(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        verify(*arguments)
    return caught.value


def test_a_whole_log_says_so(cast: casts.Company) -> None:
    assert verify().startswith("Whole: 4 chains, ")
    told = json.loads(verify("--json"))
    assert (told["whole"], told["chains"], told["problems"]) == (True, 4, [])
    assert told["entries"] > 10
    assert told["rows"] > 10


def test_it_ends_with_1_and_names_the_first_bad_row(cast: casts.Company) -> None:
    name = f"task {cast.task.pk}"
    for number in (3, 1):
        with logs.tampered(*logs.ways(name, number, 2)["an edit of its facts"]):
            error = refused()
            assert error.returncode == 1
            assert f"{name}, number {number} (entry " in str(error)


def test_a_row_that_was_edited_is_named_in_json_too(cast: casts.Company) -> None:
    with logs.tampered(("UPDATE slider_decision SET detail = 'another'", ())):
        said = io.StringIO()
        with pytest.raises(CommandError, match="slider_decision"):
            call_command("verify_log", "--json", stdout=said)
        told = json.loads(said.getvalue())
        assert not told["whole"]
        assert "slider_decision" in told["problems"][0]["what"]
        assert verify("--chains-only").startswith("Whole")


def test_a_head_is_written_kept_and_held_against_the_log(cast: casts.Company, tmp_path: Path) -> None:
    kept = tmp_path / "head.json"
    verify("--write-head", str(kept))
    logs.grow(cast.task, 5)
    assert verify("--head", str(kept)).startswith("Whole")
    name = f"task {cast.task.pk}"
    last = json.loads(kept.read_text())["chains"][name]["number"]
    entries = "SELECT entry_id FROM slider_link WHERE chain = %s AND number >= %s"
    with logs.tampered(
        (f"DELETE FROM slider_entry WHERE id IN ({entries})", (name, last)),
        ("DELETE FROM slider_link WHERE chain = %s AND number >= %s", (name, last)),
    ):
        assert verify("--chains-only").startswith("Whole")
        error = refused("--chains-only", "--head", str(kept))
        assert error.returncode == 1
        assert f"{name}, number {last}: the chain ends at {last - 1}" in str(error)


def test_a_head_goes_to_stdout_alone(cast: casts.Company) -> None:
    assert json.loads(verify("--write-head", "-"))["slider_log"] == 1


def test_no_head_is_written_of_a_log_that_is_not_whole(cast: casts.Company, tmp_path: Path) -> None:
    kept = tmp_path / "head.json"
    with logs.tampered(("UPDATE slider_entry SET kind = 'key'", ())):
        assert refused("--write-head", str(kept)).returncode == 1
    assert not kept.exists()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "no JSON", '{"slider_log": 1, "chains": {"site": 7}}', '{"slider_log": 2}']
)
def test_a_file_that_is_no_head_ends_with_2(cast: casts.Company, tmp_path: Path, text: str) -> None:
    kept = tmp_path / "head.json"
    kept.write_text(text)
    assert refused("--head", str(kept)).returncode == 2


def test_a_file_that_is_not_there_ends_with_2(cast: casts.Company, tmp_path: Path) -> None:
    assert refused("--head", str(tmp_path / "none")).returncode == 2
    assert refused("--write-head", str(tmp_path / "no" / "folder")).returncode == 2


def test_an_empty_log_is_whole(cast: casts.Company) -> None:
    with logs.tampered(("DELETE FROM slider_entry", ()), ("DELETE FROM slider_link", ())):
        assert verify("--chains-only").startswith("Whole: 0 chains")
        assert "came past the log" in str(refused())
