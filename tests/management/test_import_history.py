"""`manage.py import_history`: its exit codes, its words, and what it keeps."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from slider.models import Gauge, Mode, Past, PastRow, PastState, Policy
from tests import casts, pasts

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.05)


def given(folder: Path, made: list[dict[str, Any]], name: str = "past.jsonl") -> str:
    file = folder / name
    file.write_bytes(pasts.jsonl(made))
    return str(file)


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("import_history", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def fails(*args: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(*args)
    return caught.value


def test_it_keeps_what_a_person_then_puts_into_force(cast: casts.Company, tmp_path: Path) -> None:
    said = run("sort-messages", given(tmp_path, pasts.rows(600)))
    past = Past.objects.get()
    assert (past.state, past.rows, PastRow.objects.count()) == (PastState.READY, 600, 600)
    assert f"/histories/{past.pk}/" in said
    assert "600 rows vouch for" in said
    assert Policy.objects.count() == 1
    pasts.confirm(past, cast)
    assert Gauge.objects.get(pk=cast.task.pk).policy.effective > 0


def test_a_dry_run_keeps_nothing(cast: casts.Company, tmp_path: Path) -> None:
    assert "this was a dry run" in run("support-desk/sort-messages", given(tmp_path, pasts.rows(200)), "--dry-run")
    assert not Past.objects.exists()


def test_json_says_it_all_to_a_program(cast: casts.Company, tmp_path: Path) -> None:
    known = json.loads(run(str(cast.task.pk), given(tmp_path, pasts.rows(1200)), "--dry-run", "--json"))
    assert known["findings"]["rows"] == known["proof"]["rows"] == 1200
    assert known["proof"]["cap"] >= 0.6
    assert known["proof"]["error_limit"] == 0.05


def test_an_open_question_is_exit_code_3_and_keeps_nothing(cast: casts.Company, tmp_path: Path) -> None:
    file = given(tmp_path, [row | {"correct": 1 - row["correct"]} for row in pasts.rows(300)])
    error = fails("sort-messages", file)
    assert (error.returncode, "Does a right answer say right" in str(error)) == (3, True)
    assert not Past.objects.exists()
    run("sort-messages", file, "--assume-flipped")
    run("sort-messages", file, "--assume-straight")
    first, second = Past.objects.order_by("pk")
    assert first.findings["right"] == second.findings["wrong"]


def test_what_can_not_be_evidence_is_exit_code_4(cast: casts.Company, tmp_path: Path) -> None:
    error = fails("sort-messages", given(tmp_path, pasts.rows(20)))
    assert (error.returncode, "20 usable rows are too few" in str(error)) == (4, True)
    assert not Past.objects.exists()


def test_it_is_put_into_force_by_somebody_who_is_named(cast: casts.Company, tmp_path: Path) -> None:
    file = given(tmp_path, pasts.rows(600))
    assert "takes --by" in str(fails("sort-messages", file, "--confirm", "all of March"))
    assert "nobody called ghost" in str(fails("sort-messages", file, "--confirm", "all of March", "--by", "ghost"))
    assert "In force as policy 2: allowed 93 %, in effect 90 %." in run(
        "sort-messages", file, "--confirm", "all of March", "--by", "tuner"
    )
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (policy.made_by, policy.reason.endswith("all of March")) == (cast.tuner, True)


def test_a_share_that_is_not_all_is_not_said_to_be_all(tmp_path: Path) -> None:
    casts.company(share=0.995, mode=Mode.GUARDED, error_limit=0.3)
    file = given(tmp_path, pasts.rows(900))
    said = run("sort-messages", file, "--confirm", "all of March", "--by", "tuner")
    assert "allowed 100 %, in effect 99.5 %." in said


def test_who_may_not_steer_puts_nothing_into_force(cast: casts.Company, tmp_path: Path) -> None:
    file = given(tmp_path, pasts.rows(600))
    assert "may not move" in str(fails("sort-messages", file, "--confirm", "all of March", "--by", "reviewer"))
    assert Policy.objects.count() == 1


def test_a_seed_is_another_order_and_is_kept(cast: casts.Company, tmp_path: Path) -> None:
    file = given(tmp_path, pasts.rows(200))
    for seed in ("1", "1", "2"):
        run("sort-messages", file, "--seed", seed)
    first, again, other = Past.objects.order_by("pk")
    assert first.counters == again.counters
    orders = [list(past.kept.order_by("place").values_list("external_id", flat=True)) for past in (first, again, other)]
    assert orders[0] == orders[1] != orders[2]
    assert (first.findings["seed"], other.findings["seed"]) == ("1", "2")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere", "FILE"), "There is no task nowhere. There are: support-desk/sort-messages"),
        (("9" * 30, "FILE"), "There is no task"),
        (("sort-messages", "/nowhere/a.csv"), "No such file"),
        (("sort-messages", "FILE", "--correct", "verdict"), "no column verdict"),
        (("sort-messages", "FILE", "--answer", "id"), "belong together"),
        (("sort-messages", "FILE", "--signal", "mood=id"), "NAME one of token_logodds"),
        (("sort-messages", "FILE", "--signal", "stated=nothing:percent"), "no column nothing"),
    ],
)
def test_what_is_wrong_is_said(cast: casts.Company, tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    file = given(tmp_path, pasts.rows(60))
    error = fails(*(file if arg == "FILE" else arg for arg in args))
    assert (error.returncode, said in str(error)) == (1, True), str(error)


def test_a_file_that_is_no_table_is_exit_code_1(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert "is an image" in str(fails("sort-messages", str(file)))


def test_columns_are_named_by_hand(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("ref,sure,bad\n" + "".join(f"r{n},{n % 90 + 5},{int(n % 10 == 0)}\n" for n in range(200)))
    run("sort-messages", str(file), "--wrong", "bad", "--signal", "token_logodds=sure:percent")
    past = Past.objects.get()
    assert (past.findings["right"], past.rows) == (180, 200)
