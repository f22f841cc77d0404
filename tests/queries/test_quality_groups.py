"""The tables add up to the lane, small cells say nothing, and only what chance can't explain is called a cluster."""

from typing import Any

import pytest

from slider.flow import policies
from slider.models import Maker, Mode, Task, Verdict, Worker
from slider.queries import quality_groups
from slider.queries.quality_groups import Breakdown, Group, Where
from tests import casts, stream
from tests.stream import Wave

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(mode=Mode.TRIAL, share=0.8)


def read(cast: casts.Company) -> Where:
    task = Task.objects.get(pk=cast.task.pk)
    policy = task.policies.order_by("-number")[0]
    return quality_groups.where(task, policy, reasons=task.reason_words)


def table(found: Where, title: str) -> Breakdown:
    return next(one for one in found.tables if one.title == title)


def group(found: Where, title: str, name: str) -> Group:
    return next(one for one in table(found, title).groups if one.name == name)


def test_a_table_adds_up_to_the_lane(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_500, error=0.1), by=cast.reviewer)
    found = read(cast)
    for title in ("Worker version", "Answer: Topic", "Answer: urgent", "Source", "Difficulty"):
        groups = table(found, title).groups
        assert sum(one.audits for one in groups) == found.audits
        assert sum(one.wrong for one in groups) == found.wrong
        assert sum(one.share for one in groups) == pytest.approx(1)
        assert sum(one.of_errors for one in groups) == pytest.approx(1)
    assert {one.name for one in table(found, "Source").groups} == {"key shop", "import of october.csv"}
    assert {one.name for one in table(found, "Answer: Topic").groups} == set(casts.TOPICS)


def test_a_bad_answer_is_named_with_what_it_costs(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.01, bad_topic="refund", bad_error=0.3), by=cast.reviewer)
    (first, *_) = read(cast).clusters
    assert (first.of, first.name) == ("Answer: Topic", "refund")
    assert first.error == pytest.approx(0.3, abs=0.1)
    assert first.of_errors > 0.7
    assert first.without is not None
    assert first.without < 0.03


def test_even_errors_are_no_cluster(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.05), by=cast.reviewer)
    found = read(cast)
    assert found.wrong > 10
    assert found.clusters == []


def test_small_cells_are_not_known(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=200, error=0.1), by=cast.reviewer)
    found = read(cast)
    topics = table(found, "Answer: Topic").groups
    assert all((one.error is None) == (one.audits < 20) for one in topics)
    assert any(one.error is None for one in topics)


def test_what_an_older_epoch_did_holds_nothing_back(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.01, bad_topic="refund", bad_error=0.3), by=cast.reviewer)
    Worker.objects.filter(pk=cast.worker.pk).update(retired_at=cast.task.created_at)
    better = Worker.objects.create(task=cast.task, name="reader", version=2, model="m", instructions="Read.")
    policies.make(cast.task.pk, policies.Change(worker=better), maker=Maker.PERSON, reason="v2", by=cast.tuner.pk)
    stream.pour(cast.task, Wave(items=1_000, error=0.01), by=cast.reviewer)
    found = read(cast)
    assert found.clusters == []
    assert [one.name for one in table(found, "Worker version").groups] == ["reader v1", "reader v2"]


def test_a_fix_tells_which_field_was_wrong(cast: casts.Company) -> None:
    said = {"topic": "refund", "urgent": False}
    casts.audited(cast.task, "a1", casts.says(said))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "refund", "urgent": True})
    casts.audited(cast.task, "a2", casts.says(said))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=said | {"amount": 3})
    casts.audited(cast.task, "a3", casts.says(said))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="invented")
    found = read(cast)
    assert (found.audits, found.wrong) == (3, 3)
    fields = {one.name: (one.audits, one.wrong) for one in table(found, "Field that was fixed").groups}
    assert fields == {"urgent": (2, 1), "amount": (2, 1)}
    reasons = {one.name: one.audits for one in table(found, "What people did with the wrong ones").groups}
    assert reasons == {"Fixed": 2, "Rejected: Invented fact": 1}


def test_an_answer_that_is_no_object_is_its_own_field() -> None:
    schema: dict[str, Any] = {"type": "string", "enum": ["yes", "no"], "title": "Spam"}
    cast = casts.company(mode=Mode.TRIAL, share=1.0, output_schema=schema)
    casts.audited(cast.task, "a1", casts.says("yes"))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer="no")
    found = read(cast)
    assert group(found, "Answer: Spam", "yes").wrong == 1
    assert group(found, "Field that was fixed", "Spam").wrong == 1


def test_many_labels_are_folded_into_one_row(cast: casts.Company) -> None:
    schema = {"type": "object", "properties": {"topic": {"enum": [f"t{n}" for n in range(40)]}}}
    Task.objects.filter(pk=cast.task.pk).update(output_schema=schema)
    for n in range(25):
        casts.audited(cast.task, f"a{n}", casts.says({"topic": f"t{n}"}))
        casts.decide(cast.reviewer, cast.task)
    groups = table(read(cast), "Answer: topic").groups
    assert len(groups) == quality_groups.MOST_LABELS + 1
    assert (groups[-1].name, groups[-1].audits) == ("5 others together", 5)


def test_without_audits_there_is_nothing(cast: casts.Company) -> None:
    casts.one(cast.task)
    assert read(cast) == Where(0, 0, [], [])


def test_looks_at_the_peoples_lane_say_nothing_here(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=300, share=0.0, error=0.5), by=cast.reviewer)
    assert read(cast).audits == 0
