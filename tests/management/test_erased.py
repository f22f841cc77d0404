"""`manage.py erased` lists what was erased, and erases by such a list what a restore has brought back."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from slider.flow import erasing
from slider.models import Emptied, Item
from tests import casts, logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    logs.link_now()
    return made


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("erased", *arguments, stdout=said)
    return said.getvalue()


def kept(cast: casts.Company, file: Path) -> Item:
    """An item that stands in the list as erased, and is here as it was: as after a restore."""
    item = casts.one(cast.task, "order of Robinson", text="I am Robinson")
    with transaction.atomic():
        erasing.erase(item.pk, by=cast.admin.pk, words="letter of 3 May")
        run(str(file))
        transaction.set_rollback(True)
    assert not Emptied.objects.exists()
    return item


def changed(file: Path, **values: Any) -> None:
    row = json.loads(file.read_text()) | values
    file.write_text(json.dumps(row) + "\n")


def test_the_list_names_numbers_and_reasons_and_nothing_of_what_was_held(cast: casts.Company, tmp_path: Path) -> None:
    item = kept(cast, tmp_path / "erased.jsonl")
    text = (tmp_path / "erased.jsonl").read_text()
    assert "Robinson" not in text
    row = json.loads(text)
    assert (row["item"], row["project"], row["task"], row["words"]) == (
        item.pk, cast.project.slug, cast.task.slug, "letter of 3 May"
    )  # fmt: skip
    assert row.keys() == {"item", "came_at", "project", "task", "erased_at", "words"}
    assert run("-") == "", "nothing is erased now"


def test_what_the_list_names_is_erased_again_once_for_the_same_reason(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "erased.jsonl"
    item = kept(cast, file)
    assert run(str(file), "--again", "--by", "admin") == "1 erased again, 0 were erased already.\n"
    gone = Emptied.objects.get()
    assert (gone.pk, gone.by_id, gone.words) == (item.pk, cast.admin.pk, "letter of 3 May")
    assert run(str(file), "--again", "--by", "admin") == "0 erased again, 1 were erased already.\n"
    assert json.loads(run("-"))["item"] == item.pk
    assert logs.found() == []


def test_another_item_of_the_same_number_is_left_alone(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "erased.jsonl"
    item = kept(cast, file)
    changed(file, came_at="2026-01-01T00:00:00+00:00")
    with pytest.raises(CommandError, match=rf"1 are not in this database.*{item.pk} of .*letter of 3 May") as caught:
        run(str(file), "--again", "--by", "admin")
    assert caught.value.returncode == 3
    assert not Emptied.objects.exists()


@pytest.mark.parametrize("row", ["no list", "[]", "{}", {"item": "1"}, {"came_at": "2026-01-01"}, {"words": " "}])
def test_a_file_that_is_no_such_list_erases_nothing(
    cast: casts.Company, tmp_path: Path, row: str | dict[str, str]
) -> None:
    file = tmp_path / "erased.jsonl"
    kept(cast, file)
    first = file.read_text()
    file.write_text(first + (row if isinstance(row, str) else json.dumps(json.loads(first) | row)) + "\n")
    with pytest.raises(CommandError, match="line 2 is no erased item"):
        run(str(file), "--again", "--by", "admin")
    with pytest.raises(CommandError, match="can't be read"):
        run(str(tmp_path / "none.jsonl"), "--again", "--by", "admin")
    assert not Emptied.objects.exists()


@pytest.mark.parametrize(("by", "words"), [("tuner", "may not do this"), ("nobody", "There is nobody called nobody")])
def test_who_may_not_erases_nothing(cast: casts.Company, tmp_path: Path, by: str, words: str) -> None:
    file = tmp_path / "erased.jsonl"
    kept(cast, file)
    with pytest.raises(CommandError, match=words):
        run(str(file), "--again", "--by", by)
    with pytest.raises(CommandError, match="--by"):
        run(str(file), "--again")
    assert not Emptied.objects.exists()
