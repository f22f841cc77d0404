"""A history: read, looked through, asked about, and dropped."""

import io
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from slider.flow import files, histories, intake
from slider.flow.past import examining
from slider.flow.past.meaning import Meaning
from slider.models import Gauge, Import, ImportChunk, ImportState, Item, Past, PastRow, PastState, Purpose, RefusedRow
from tests import casts, pasts
from tests.flow.history_steps import guarded

pytestmark = pytest.mark.django_db


def csv(rows: list[dict[str, Any]], *, head: str = "id,confidence,correct") -> bytes:
    lines = [f"{row['id']},{row['signals']['token_logodds']},{row['correct']}" for row in rows]
    return "\n".join([head, *lines]).encode() + b"\n"


def with_confidence(cast: casts.Company) -> None:
    cast.task.workers.update(ask_confidence=True)


def test_a_sorted_file_is_noticed_and_its_order_has_no_say() -> None:
    cast = guarded()
    made = pasts.rows(600)
    mixed = pasts.bring(cast, pasts.jsonl(made))
    by_outcome = pasts.bring(cast, pasts.jsonl(sorted(made, key=lambda row: row["correct"])))
    by_signal = pasts.bring(cast, pasts.jsonl(sorted(made, key=lambda row: row["signals"]["token_logodds"])))
    assert [past.findings["sorted"] for past in (mixed, by_outcome, by_signal)] == [False, True, True]
    assert mixed.counters == by_outcome.counters == by_signal.counters
    assert mixed.calibration == by_signal.calibration
    assert by_outcome.findings["order"][0]["p"] < 1e-6


def test_a_flipped_convention_is_asked_about_and_nothing_is_stored_before() -> None:
    cast = guarded()
    flipped = [row | {"correct": 1 - row["correct"]} for row in pasts.rows(600)]
    past = pasts.bring(cast, pasts.jsonl(flipped))
    assert (past.state, past.findings["questions"]) == (PastState.ASKING, ["reading"])
    assert past.findings["auroc"]["high"] < 0.5
    assert not PastRow.objects.exists()
    assert (past.rows, past.counters) == (0, {})
    with pytest.raises(histories.Unfit, match="waits for an answer"):
        pasts.confirm(past, cast)
    histories.reread(past, answered(past, reading="flipped"))
    again = pasts.read(past)
    assert (again.state, again.rows) == (PastState.READY, 600)
    assert again.findings["auroc"]["low"] > 0.5
    straight = pasts.bring(cast, pasts.jsonl(pasts.rows(600)))
    assert again.counters == straight.counters


def answered(past: Past, **said: Any) -> Meaning:
    return Meaning.from_json(past.answers | said)


def test_who_says_that_a_backward_file_is_right_is_believed() -> None:
    cast = guarded()
    flipped = [row | {"correct": 1 - row["correct"]} for row in pasts.rows(300)]
    past = pasts.bring(cast, pasts.jsonl(flipped))
    histories.reread(past, answered(past, reading="straight"))
    again = pasts.read(past)
    assert (again.state, again.findings["right"]) == (PastState.READY, sum(row["correct"] for row in flipped))


def test_labels_of_one_kind_alone_are_asked_about() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl([row | {"correct": 1} for row in pasts.rows(200)]))
    assert past.findings["questions"] == ["reading"]
    histories.reread(past, answered(past, reading="straight"))
    assert pasts.read(past).state == PastState.READY


def test_too_few_rows_are_no_history() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(39)))
    assert past.state == PastState.ASKING
    assert "39 usable rows are too few" in past.findings["barriers"][0]


def test_an_id_that_comes_twice_counts_once_and_a_contradiction_not_at_all() -> None:
    cast = guarded()
    made = pasts.rows(100)
    turned = made[3] | {"correct": 1 - made[3]["correct"]}
    past = pasts.bring(cast, pasts.jsonl([*made, made[7], turned]))
    found = past.findings
    assert (found["identical"], found["contradicting"], found["rows"]) == (1, 1, 99)
    row = RefusedRow.objects.get(of=past.file_id)
    assert (row.line, "line 4" in row.reason) == (102, True)
    assert not PastRow.objects.filter(external_id="h3").exists()


def test_what_is_a_live_item_of_the_task_is_left_out() -> None:
    cast = guarded()
    casts.one(cast.task, "h5")
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    assert (past.findings["live"], past.findings["rows"]) == (1, 59)
    assert "its verdict counts by itself" in RefusedRow.objects.get(of=past.file_id).reason


def test_several_models_are_asked_about_and_others_say_only_where_to_begin() -> None:
    cast = guarded()
    mine = [row | {"model": "mine"} for row in pasts.rows(200)]
    theirs = [row | {"model": "theirs"} for row in pasts.rows(300, seed=2)]
    past = pasts.bring(cast, pasts.jsonl([*mine, *theirs]))
    assert (past.state, past.findings["questions"]) == (PastState.ASKING, ["model"])
    assert past.findings["models"] == {"theirs": 300, "mine": 200}
    histories.reread(past, answered(past, own_model="mine"))
    ready = pasts.read(past)
    assert (ready.rows, PastRow.objects.filter(own=False).count()) == (200, 300)
    assert ready.calibration["labels"] == 200
    pasts.confirm(ready, cast)
    assert Gauge.objects.get(pk=cast.task.pk).policy.labels == 200


def test_rows_of_other_workers_alone_rank_and_vouch_for_nothing() -> None:
    cast = guarded()
    made = [row | {"model": f"m{n % 2}"} for n, row in enumerate(pasts.rows(400))]
    past = pasts.bring(cast, pasts.jsonl(made))
    histories.reread(past, answered(past, own_model="-"))
    pasts.confirm(pasts.read(past), cast)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (policy.allowed, policy.effective, policy.epoch, policy.labels) == (None, 0.0, 1, 0)
    assert policy.calibration["labels"] == 0
    assert policy.calibration["coef"] != cast.task.policies.get(number=1).calibration["coef"]


def test_a_signal_that_the_worker_does_not_give_is_a_barrier() -> None:
    cast = guarded()
    made = [
        {"id": row["id"], "confidence": 0.5 + 0.004 * n, "correct": n % 9 > 0} for n, row in enumerate(pasts.rows(99))
    ]
    past = pasts.bring(cast, pasts.jsonl(made))
    assert "gives no «stated»" in past.findings["barriers"][0]
    with_confidence(cast)
    histories.reread(past, answered(past))
    assert pasts.read(past).state == PastState.READY


def test_rows_that_were_looked_at_by_chance_are_weighed_by_it() -> None:
    cast = guarded(error_limit=0.2)
    rng = random.Random(5)
    made = [
        row | {"propensity": chance}
        for row in pasts.rows(4000, wrong=0.15)
        if rng.random() < (chance := 1.0 if row["signals"]["token_logodds"] < 1 else 0.2)
    ]
    past = pasts.bring(cast, pasts.jsonl(made))
    assert past.answers["propensity"] == "propensity"
    # .2 lies between two rungs of the ladder: about a ninth of those rows pay for being brought down to .177.
    assert 0.85 * len(made) < past.rows < len(made)
    weights = {place for place in range(13) if any(row[place] for row in past.counters["right"])}
    assert len(weights) == 2


def test_a_chance_too_small_to_weigh_is_a_refused_row() -> None:
    cast = guarded()
    made = [row | {"propensity": 0.5} for row in pasts.rows(60)]
    made[4]["propensity"] = 0.001
    past = pasts.bring(cast, pasts.jsonl(made))
    row = RefusedRow.objects.get(of=past.file_id)
    assert (row.line, row.column) == (5, "propensity")


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1e999", "much"])
def test_what_is_no_number_is_a_refused_row(cell: str) -> None:
    cast = guarded()
    made = pasts.rows(60)
    content = csv(made, head="id,token_logodds,correct").replace(
        f"h9,{made[9]['signals']['token_logodds']}".encode(), f"h9,{cell}".encode()
    )
    past = pasts.bring(cast, content, "past.csv")
    row = RefusedRow.objects.get(of=past.file_id)
    assert (row.line, row.column, "is no number" in row.reason) == (11, "token_logodds", True)
    assert past.findings["rows"] == 59


def test_a_file_without_a_verdict_asks_which_column_it_is() -> None:
    cast = guarded()
    past = pasts.bring(
        cast, b"id,token_logodds,thumbs\n" + b"".join(b"%d,%d,up\n" % (n, n % 9) for n in range(60)), "a.csv"
    )
    assert (past.state, past.findings["questions"]) == (PastState.ASKING, ["outcome"])


def test_a_file_that_is_broken_says_so_and_keeps_nothing() -> None:
    cast = guarded()
    past = pasts.bring(cast, b'id,token_logodds,correct\n1,2,"yes\n', "a.csv")
    assert past.state == PastState.FAILED
    assert "quote is opened in line 2" in past.findings["problem"]
    assert not ImportChunk.objects.exists()


@pytest.mark.parametrize("content", [b"id,token_logodds,correct\n", b"\n\n"])
def test_a_file_without_rows_says_so(content: bytes) -> None:
    past_or_error = ""
    try:
        past_or_error = pasts.bring(guarded(), content, "a.csv").findings["problem"]
    except files.Unfit as error:
        past_or_error = str(error)
    assert "has no rows" in past_or_error or "is empty" in past_or_error


def test_more_rows_than_are_taken_is_a_problem_of_the_file(settings: Any) -> None:
    settings.IMPORT_MAX_ROWS = 50
    past = pasts.bring(guarded(), pasts.jsonl(pasts.rows(51)))
    assert "more than 50 rows" in past.findings["problem"]


def test_of_very_many_rows_so_many_as_are_taken_are_drawn_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "MOST_EVIDENCE", 100)
    past = pasts.bring(guarded(), pasts.jsonl(pasts.rows(300)))
    assert past.rows == PastRow.objects.count() == 100
    places = [int(name[1:]) for name in PastRow.objects.values_list("external_id", flat=True)]
    assert max(places) > 250


class Died(BaseException):
    """The process is gone: nothing after it runs."""


def test_a_reading_that_dies_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = guarded()
    past = histories.receive(cast.task, name="a.jsonl", stream=_stream(pasts.rows(100)), by=cast.tuner.pk)
    assert past.file_id is not None

    def dies(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(histories, "examine", dies)
        with pytest.raises(Died):
            histories.run(past.file_id)
    assert not histories.run(past.file_id)  # its lease still stands
    Import.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert files.waiting() == [past.file_id]
    assert pasts.read(past).rows == 100


def _stream(made: list[dict[str, Any]]) -> Any:
    return io.BytesIO(pasts.jsonl(made))


def test_whoever_lost_the_file_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = guarded()
    past = histories.receive(cast.task, name="a.jsonl", stream=_stream(pasts.rows(100)), by=cast.tuner.pk)
    real = histories.examine

    def slowly(*args: Any, **more: Any) -> histories.Examined:
        Import.objects.update(token=99)  # somebody else took it up meanwhile
        return real(*args, **more)

    monkeypatch.setattr(histories, "examine", slowly)
    assert past.file_id is not None
    assert not histories.run(past.file_id)
    assert not PastRow.objects.exists()
    assert Past.objects.get().state == PastState.READING


def test_a_dropped_history_leaves_no_rows_and_no_file() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    assert past.columns[0]["examples"] == ["h0", "h1", "h2"]
    histories.drop(past)
    assert Past.objects.get().state == PastState.DROPPED
    assert Past.objects.get().columns[0]["examples"] == []
    assert not PastRow.objects.exists()
    assert not ImportChunk.objects.exists()
    assert files.waiting() == []
    with pytest.raises(histories.Unfit, match="was dropped"):
        pasts.confirm(past, cast)


def test_a_history_is_never_taken_for_items() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    assert past.file is not None
    assert (past.file.state, Item.objects.count()) == (ImportState.DONE, 0)
    assert intake.add(cast.task, [intake.Row({"text": "hello"}, "h1")], origin="later")[0].item_id is not None


def test_who_drops_a_history_while_it_is_read_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = guarded()
    past = histories.receive(cast.task, name="a.jsonl", stream=_stream(pasts.rows(100)), by=cast.tuner.pk)
    real = histories.examine

    def meanwhile(*args: Any, **more: Any) -> histories.Examined:
        histories.drop(past)
        return real(*args, **more)

    monkeypatch.setattr(histories, "examine", meanwhile)
    assert past.file_id is not None
    assert not histories.run(past.file_id)
    assert (Past.objects.get().state, PastRow.objects.count()) == (PastState.DROPPED, 0)
    Import.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert histories.run(past.file_id)  # whoever takes the file up closes it, and reads nothing
    assert (Past.objects.get().state, files.waiting()) == (PastState.DROPPED, [])


def test_a_file_whose_receiver_died_is_read_all_the_same() -> None:
    cast = guarded()
    stored = files.receive(
        cast.task, name="a.jsonl", stream=_stream(pasts.rows(60)), by=cast.tuner.pk, purpose=Purpose.HISTORY
    )
    assert histories.run(stored.pk)
    assert Past.objects.get().state == PastState.READY
