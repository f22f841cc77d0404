"""`import_items`: columns said by options, a dry run that counts, files that wait, are resumed, or dropped."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from slider.flow import histories, imports
from slider.models import Import, ImportState, Item, PastState, Payload
from tests import casts, pasts, stages
from tests.management.test_doors import fails, run

pytestmark = pytest.mark.django_db

CSV = "Ticket,Body,orders,junk\nt1,Hello,3,x\nt2,,4,x\nt3,Bye,many,x\n"
SAID = ("--map", "text=Body", "--id", "Ticket")


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "tickets.csv"
    found.write_text(CSV)
    return found


def test_columns_become_what_the_options_say(cast: casts.Company, file: Path) -> None:
    code, _, out = fails("import_items", "sort-messages", str(file), *SAID, "--by", "tuner", "--json")
    told = json.loads(out)
    assert (code, told["added"], told["refused"]) == (3, 1, 2)
    assert [(row["line"], row["column"]) for row in told["examples"]] == [(3, "Body"), (4, "orders")]
    assert Payload.objects.get().body == {"text": "Hello", "orders": 3}
    assert Item.objects.get().external_id == "t1"


def test_a_column_may_be_left_out(cast: casts.Company, file: Path) -> None:
    fails("import_items", "sort-messages", str(file), *SAID, "--leave-out", "orders", "--by", "tuner")
    assert sorted(Payload.objects.values_list("body__text", flat=True)) == ["Bye", "Hello"]
    assert not Payload.objects.filter(body__has_key="orders").exists()


def test_a_dry_run_knows_what_is_here_already(cast: casts.Company, file: Path) -> None:
    casts.bring_in(cast.task, {"t1": {"text": "Hello", "orders": 3}})
    code, _, out = fails("import_items", "sort-messages", str(file), *SAID, "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["added"], told["known"], told["refused"]) == (3, 3, 0, 1, 2)
    assert told["mapping"]["input"] == {"orders": "orders", "text": "Body"}
    assert (Item.objects.count(), Import.objects.count()) == (1, 0)


def test_a_file_may_wait_for_the_page_and_be_resumed_here(cast: casts.Company, file: Path) -> None:
    told = json.loads(run("import_items", "sort-messages", str(file), "--ask", "--by", "tuner", "--json"))
    assert (told["state"], told["rows"], told["page"]) == ("asking", 3, f"/imports/{told['import']}/")
    assert not Item.objects.exists()
    again = ("import_items", "sort-messages", "--resume", str(told["import"]))
    assert "--by" in fails(*again)[1]
    code, words, _ = fails(*again, "--by", "tuner")
    assert (code, "no column becomes 'text'" in words) == (1, True)
    code, words, _ = fails(*again, *SAID, "--by", "tuner")
    assert (code, "the others are in" in words, Item.objects.count()) == (3, True, 1)
    code, _, out = fails(*again, "--json")
    assert (code, json.loads(out)["added"]) == (3, 1)


def test_a_file_is_dropped(cast: casts.Company, file: Path) -> None:
    told = json.loads(run("import_items", "sort-messages", str(file), "--ask", "--by", "tuner", "--json"))
    drop = ("import_items", "sort-messages", "--drop", str(told["import"]), "--by", "tuner")
    assert "Nothing of it is in" in run(*drop)
    assert Import.objects.get().state == ImportState.DROPPED
    assert (fails(*drop)[0], fails("import_items", "sort-messages", "--follow", str(told["import"]))[0]) == (1, 1)


@pytest.mark.parametrize("deed", ["--follow", "--drop"])
def test_a_history_is_never_taken_for_items(cast: casts.Company, deed: str) -> None:
    content = io.BytesIO(pasts.jsonl(pasts.rows(60)))
    past = histories.receive(cast.task, name="past.jsonl", stream=content, by=cast.tuner.pk)
    assert past.file_id
    code, words, _ = fails("import_items", "sort-messages", deed, str(past.file_id), "--by", "tuner")
    assert (code, "holds past outputs and no items" in words) == (1, True)
    assert not imports.run(past.file_id)
    assert (Item.objects.count(), Import.objects.get().state) == (0, ImportState.WAITING)
    assert histories.run(past.file_id)
    past.refresh_from_db()
    assert past.state != PastState.READING


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("--map", "text"), "say FIELD=COLUMN"),
        (("--map", "text=Nothing"), "the file has no column 'Nothing'"),
        (("--map", "weather=Body", "--map", "text=Ticket"), "the task has no field 'weather'"),
        (("--id", "Body"), "no column becomes 'text'"),
        (("--map", "text=Body", "--id", "Body"), "'Body' is named twice"),
    ],
)
def test_options_that_can_not_be_change_nothing(
    cast: casts.Company, file: Path, said: tuple[str, ...], words: str
) -> None:
    for deed in (("--dry-run",), ("--by", "tuner")):
        code, told, _ = fails("import_items", "sort-messages", str(file), *said, *deed)
        assert (code, words in told) == (1, True), told
    assert not Import.objects.exists()
