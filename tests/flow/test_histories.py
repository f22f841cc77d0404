"""A history: read, looked through, asked about, put into force, and kept by the guard."""

import io
import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from slider.engine import certificate, lanes, once
from slider.flow import files, guard, histories, intake, policies, setup, steer
from slider.flow.past import examining
from slider.flow.past.meaning import Meaning
from slider.flow.watching import listening, people, refit
from slider.models import (
    Gauge,
    Import,
    ImportChunk,
    ImportState,
    Item,
    Lane,
    Maker,
    Mode,
    Past,
    PastRow,
    PastState,
    Policy,
    Purpose,
    RefusedRow,
    Review,
    Task,
    Verdict,
)
from tests import casts, judged, pasts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}


def guarded(**changes: Any) -> casts.Company:
    return casts.company(share=0.9, mode=Mode.GUARDED, **({"error_limit": 0.05} | changes))


def csv(rows: list[dict[str, Any]], *, head: str = "id,confidence,correct") -> bytes:
    lines = [f"{row['id']},{row['signals']['token_logodds']},{row['correct']}" for row in rows]
    return "\n".join([head, *lines]).encode() + b"\n"


def with_confidence(cast: casts.Company) -> None:
    cast.task.workers.update(ask_confidence=True)


def test_twelve_hundred_rows_open_a_guarded_slider_before_any_live_item() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert not Item.objects.exists()
    assert policy.allowed is not None
    assert policy.allowed >= 0.6
    assert 0.6 <= policy.effective <= 0.9
    assert (policy.epoch, past.epoch, policy.labels) == (2, 2, 1200)
    assert policy.certificate["history"] == 1200
    assert policy.reason == "from history: 1,200 rows of past.jsonl: a fair sample of March"
    assert (policy.maker, policy.made_by_id) == (Maker.PERSON, cast.tuner.pk)


def test_it_stays_open_after_the_guard_has_looked_and_then_moves_by_live_verdicts() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    before = Gauge.objects.get(pk=cast.task.pk).policy
    assert guard.tend(cast.task.pk).pk == before.pk  # nothing is new, so nothing is said
    judge(cast, 300, wrong=False)
    after = guard.tend(cast.task.pk)
    assert after.labels > 1200
    assert after.certificate["history"] == 1200
    assert f"1,200 rows of history and {after.labels - 1200:,} verdicts" in after.reason
    assert after.certificate["right"][-1] > before.certificate["right"][-1]
    assert after.certificate["upper"][-1] < before.certificate["upper"][-1]
    assert after.effective >= before.effective
    judge(cast, 300, wrong=True, start=1000)
    assert guard.tend(cast.task.pk).effective < before.effective


def judge(cast: casts.Company, count: int, *, wrong: bool, start: int = 0) -> None:
    """Route `count` items and have people judge every look that is owed."""
    names = [f"live{start + n}" for n in range(count)]
    answers = {name: casts.says(ANSWER, p=0.5 + 0.499 * n / count) for n, name in enumerate(names)}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    said: dict[str, Any] = {"verdict": Verdict.FIX, "answer": ANSWER | {"topic": "other"}} if wrong else {}
    for _ in range(cast.task.reviews.filter(state="open").count()):
        casts.decide(cast.reviewer, cast.task, **said)
    casts.time_passes(cast.task)


def counts(cast: casts.Company) -> tuple[Any, Any]:
    """What the guard remembers: wrong and right labels inside each cut, by weight class."""
    state = judged.watch(cast).state
    return np.array(state["wrong"]), np.array(state["right"])


def in_force(**changes: Any) -> tuple[casts.Company, Past]:
    cast = guarded(**changes)
    return cast, pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)


def test_the_guard_begins_the_epoch_with_the_history_s_own_counters_and_what_it_certified() -> None:
    cast, past = in_force()
    row, policy = judged.watch(cast), judged.in_force(cast)
    assert (row.epoch, row.judged, row.fitted_at) == (policy.epoch, 1200, 1200)
    assert (row.state["wrong"], row.state["right"]) == (past.counters["wrong"], past.counters["right"])
    proven = histories.proof(past, error_limit=policy.error_limit, delta=policy.delta)
    assert proven.cap == policy.certificate["cap"] == policy.allowed
    assert policy.certificate["certified"] == proven.certified.tolist()
    assert row.state["best"] == np.maximum(proven.best, 0.0).tolist()
    watch = listening.read(row, policy, people.NOT_MEASURED)
    watch.judge()
    assert np.all(watch.proof.certified[0] >= proven.certified)


def test_live_verdicts_add_to_the_history_s_counters_cut_by_cut_and_what_it_certified_stays_open() -> None:
    cast, past = in_force()
    before = judged.in_force(cast)
    judge(cast, 120, wrong=False)
    after = guard.tend(cast.task.pk)
    wrong, right = counts(cast)
    assert wrong.tolist() == past.counters["wrong"]
    looks = [look.bin or 0 for look in Review.objects.filter(task=cast.task, bin__isnull=False)]
    live = np.cumsum(np.bincount(looks, minlength=len(certificate.CUTS)))
    assert live[-1] > 20
    assert ((right - past.counters["right"]).sum(axis=1) == live).all()
    assert after.epoch == before.epoch
    assert after.certificate["cap"] >= before.certificate["cap"]
    assert after.effective >= before.effective > 0
    assert judged.watch(cast).judged == 1200 + live[-1]


def _after_many(cast: casts.Company) -> Policy:
    """After so many verdicts that the guard freezes a policy of them."""
    judge(cast, 320, wrong=False)
    policy = guard.tend(cast.task.pk)
    assert policy.labels > 1320
    return policy


def _after_more(cast: casts.Company) -> Policy:
    """After some verdicts, a part of them wrong, that a policy is frozen of."""
    judge(cast, 80, wrong=False)
    judge(cast, 8, wrong=True)
    guard.tend(cast.task.pk)
    return judged.in_force(cast)


def test_a_history_has_used_up_half_of_delta_and_the_next_epoch_has_all_of_it() -> None:
    cast, _ = in_force()
    policy = judged.in_force(cast)
    assert listening.delta(policy) == pytest.approx(policy.delta / 2)
    for look in (judged.in_force, _after_many):
        later = look(cast)
        assert listening.delta(later) == pytest.approx(policy.delta / 2)
        counters = certificate.Counters(*counts(cast))
        upper = certificate.upper(counters, delta=policy.delta / 2, fresh=(None, None))
        certified = np.array(later.certificate["certified"])
        assert np.array(later.certificate["upper"])[~certified] == pytest.approx(upper[~certified])
    judged.remember(cast, alarm=[1e6] * 5)
    casts.one(cast.task, "another")
    assert listening.delta(guard.tend(cast.task.pk)) == policy.delta


def test_no_bound_stands_above_the_limit_on_a_cut_that_the_look_at_a_history_certified() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(500))), cast)
    for look in (judged.in_force, _after_more):
        facts, limit = look(cast).certificate, cast.task.error_limit
        certified = np.array(facts["certified"])
        own = certificate.upper(certificate.Counters(*counts(cast)), delta=cast.task.delta / 2, fresh=(None, None))
        assert (own[certified] > limit).any()  # the epoch alone has not shown so much
        assert np.array(facts["upper"])[certified].max() <= limit


def test_the_guard_that_pulls_back_ends_the_history_with_its_epoch() -> None:
    cast, past = in_force()
    judge(cast, 60, wrong=False)
    guard.tend(cast.task.pk)
    judged.remember(cast, alarm=[1e6] * 5)
    casts.one(cast.task, "another")
    policy = guard.tend(cast.task.pk)
    assert (past.epoch, policy.epoch, policy.allowed, policy.effective, policy.labels) == (2, 3, None, 0.0, 0)
    assert "history" not in policy.certificate
    assert not any(policy.certificate["certified"])
    wrong, right = counts(cast)
    assert (wrong.sum(), right.sum()) == (0, 0)
    judge(cast, 30, wrong=False, start=1000)
    policy = guard.tend(cast.task.pk)
    assert (policy.effective, policy.labels, "history" in policy.certificate) == (0.0, 30, False)
    # Its rows are of the same worker and still teach the ranking; they prove nothing any more.
    found = refit.fit(policy, tested=policy.error_limit)
    assert found is not None
    assert found.fitted.labels > 1200


def test_a_history_with_several_chances_certifies_as_live_verdicts_do() -> None:
    cast = guarded(error_limit=0.2)
    made = [row | {"propensity": 1.0 if n % 3 else 0.5} for n, row in enumerate(pasts.rows(900))]
    past = pasts.bring(cast, pasts.jsonl(made))
    counters = certificate.Counters.from_json(past.counters)
    found = histories.proof(past, error_limit=0.2, delta=0.05)
    usual = certificate.certify(counters, error_limit=0.2, delta=0.05 * once.SHARE)
    assert (found.certified == usual.certified).all()
    assert found.cap > 0
    pasts.confirm(past, cast)
    before = judged.in_force(cast)
    judge(cast, 5, wrong=False)
    assert guard.tend(cast.task.pk).effective >= before.effective > 0


def test_the_first_live_items_are_ranked_among_past_ones() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    track = lanes.Track.from_json(Gauge.objects.get(pk=cast.task.pk).track)
    assert len(track.window) == lanes.WINDOW
    sure = casts.one(cast.task, "sure", casts.says(ANSWER, others=[ANSWER, ANSWER], p=0.999999))
    unsure = casts.one(cast.task, "unsure", casts.says(ANSWER, p=0.02))
    assert (sure.decision.lane, unsure.decision.lane) == (Lane.UNATTENDED, Lane.PEOPLE)
    assert (sure.decision.rank or 1) < 0.2
    assert (unsure.decision.rank or 0) > 0.8


def test_a_refit_learns_from_past_and_live_labels_alike() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(80))), cast)
    judge(cast, 60, wrong=False)
    policy = guard.tend(cast.task.pk)
    assert policy.calibration["labels"] == policy.certificate["fitted_at"] == policy.labels
    assert policy.labels >= 120


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


def test_rows_are_evidence_once_in_the_life_of_a_task() -> None:
    cast = guarded()
    content = pasts.jsonl(pasts.rows(100))
    pasts.confirm(pasts.bring(cast, content), cast)
    again = pasts.bring(cast, content)
    assert (again.findings["used"], again.findings["rows"]) == (100, 0)


def test_evidence_of_history_ends_with_its_epoch() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.04
    setup.save_task(task, by=cast.tuner.pk)
    policy = guard.tend(cast.task.pk)
    assert (policy.epoch, policy.allowed, policy.effective) == (3, None, 0.0)


def test_the_limits_in_force_decide_and_not_those_of_the_reading() -> None:
    cast = guarded(error_limit=0.2)
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(400, wrong=0.2, blind=True)))
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.01
    setup.save_task(task, by=cast.tuner.pk)
    pasts.confirm(past, cast)
    assert Gauge.objects.get(pk=cast.task.pk).policy.allowed == 0.0


def test_a_history_of_another_worker_version_is_refused() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    setup.replace_worker(cast.worker, {"instructions": "Read it twice."}, by=cast.tuner.pk)
    with pytest.raises(histories.Unfit, match="the worker was replaced"):
        pasts.confirm(past, cast)
    assert Past.objects.get().state == PastState.READY


def test_a_slider_that_was_moved_meanwhile_is_not_overruled() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    seen = cast.task.policies.get().number
    steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
    with pytest.raises(policies.Superseded):
        histories.confirm(past.pk, reason="open it", by=cast.tuner.pk, expected=seen)
    assert Past.objects.get().state == PastState.READY
    assert Gauge.objects.get(pk=cast.task.pk).policy.held


def test_what_is_pulled_back_stays_so_whatever_history_says() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(1200)))
    steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
    pasts.confirm(past, cast)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (policy.held, policy.effective) == (True, 0.0)
    assert policy.allowed


def test_it_is_put_into_force_once() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(100))), cast)
    with pytest.raises(histories.Unfit, match="was put into force"):
        pasts.confirm(past, cast)
    with pytest.raises(histories.Unfit, match="in force"):
        histories.drop(past)


def test_without_a_reason_nothing_is_put_into_force() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    with pytest.raises(histories.Unfit, match="say why"):
        pasts.confirm(past, cast, " \n ")


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
    histories.drop(past)
    assert Past.objects.get().state == PastState.DROPPED
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


def test_evidence_in_force_is_edited_by_nobody() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(60))), cast)
    for touch in (
        lambda: PastRow.objects.filter(past=past).update(correct=True),
        lambda: PastRow.objects.filter(past=past).delete(),
        lambda: Past.objects.filter(pk=past.pk).update(rows=5),
    ):
        with pytest.raises(IntegrityError, match=r"evidence|append-only"), transaction.atomic():
            touch()


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
