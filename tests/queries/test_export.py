"""The export: everything of one task, harmless in a spreadsheet, and good to be imported again."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from slider.flow import imports
from slider.models import Import, Item, Mode, Task, Verdict
from slider.queries import export
from tests import casts

pytestmark = pytest.mark.django_db


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def no_undo(cast: casts.Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(undo_s=0)
    cast.task.refresh_from_db()


def test_each_item_stands_with_its_result_lane_and_verdict() -> None:
    cast = casts.company()
    no_undo(cast)
    casts.one(cast.task, "fixed", subject="Hi")
    casts.decide(
        cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": True, "amount": 2.5}
    )
    casts.one(cast.task, "waits")
    casts.bring_in(cast.task, {"new": {"text": "a", "lines": ["x", "y"]}})
    fixed, waits, new = rows("".join(export.table(cast.task)))
    assert {name: fixed[name] for name in ("external_id", "state", "lane", "verdict", "ending", "result_number")} == {
        "external_id": "fixed", "state": "done", "lane": "people", "verdict": "fix", "ending": "fixed",
        "result_number": "1",
    }  # fmt: skip
    assert (fixed["input.subject"], fixed["answer.topic"], fixed["answer.urgent"], fixed["answer.amount"]) == (
        "Hi", "other", "true", "2.5"
    )  # fmt: skip
    assert 0 <= float(fixed["p_correct"]) <= 1
    assert (waits["state"], waits["ending"], waits["answer.topic"]) == ("review", "", "")
    assert (new["input.lines"], new["lane"]) == ('["x", "y"]', "")


def test_the_newest_result_that_is_due_is_the_one_that_is_told() -> None:
    cast = casts.company()
    no_undo(cast)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    (line,) = [json.loads(line) for line in export.jsonl(cast.task)]
    outcome = line["outcome"]
    assert (outcome["number"], outcome["ending"], outcome["answer"], outcome["reason"]) == (
        2,
        "rejected",
        None,
        "wrong",
    )
    assert outcome["lane"] == "unattended"


def test_a_result_that_can_still_be_undone_is_not_told() -> None:
    cast = casts.company(undo_s=60)
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    (line,) = [json.loads(line) for line in export.jsonl(cast.task)]
    assert (line["outcome"]["state"], line["outcome"]["answer"]) == ("done", None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_no_text_begins_like_a_formula(text: str) -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {text.strip() or "t": {"text": text}})
    (row,) = rows("".join(export.table(cast.task)))
    assert row["input.text"] == f"'{text}"
    assert not row["external_id"].startswith(tuple("=+-@＝＋－＠"))


def test_a_negative_number_stays_a_number_and_a_harmless_text_stays_as_it_is() -> None:
    assert [export.safe(value) for value in (-5, -0.5, "a=b", "a\nb", True, None)] == [
        -5,
        -0.5,
        "a=b",
        "a\nb",
        "true",
        None,
    ]


def test_what_no_schema_names_is_told_as_json() -> None:
    cast = casts.company(input_schema={"type": "object"}, output_schema={"type": "array"})
    casts.bring_in(cast.task, {"x": {"free": {"deep": 1}}})
    (row,) = rows("".join(export.table(cast.task)))
    assert row["input"] == '{"free": {"deep": 1}}'


def test_an_export_can_be_imported_into_another_task() -> None:
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    casts.one(cast.task, "a", subject="é ☃", lines=["x"])
    casts.one(cast.task, "b")
    text = "".join(export.jsonl(cast.task))
    other = casts.task(cast.project, by=cast.admin, name="Another")
    for added, known in ((2, 0), (0, 2)):
        received = imports.receive(other, name="a.jsonl", stream=io.BytesIO(text.encode()), by=cast.admin.pk)
        imports.run(received.pk)
        done = Import.objects.get(pk=received.pk)
        assert (done.added, done.known, done.refused) == (added, known, 0)
    bodies = [list(Item.objects.filter(task=t).values_list("external_id", "payload__body")) for t in (cast.task, other)]
    assert bodies[0] == bodies[1]


def test_pages_meet_without_gaps_and_end_early_where_payloads_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {f"m{n}": {"text": f"text {n}"} for n in range(10)})
    monkeypatch.setattr(export, "PAGE", 3)
    with CaptureQueriesContext(connection) as captured:
        names = [item.external_id for item in export.items(cast.task)]
    assert names == [f"m{n}" for n in range(10)]
    assert sum("slider_item" in query["sql"] for query in captured) == 5  # four pages and the empty one
    monkeypatch.setattr(export, "PAGE_BYTES", 0)
    with CaptureQueriesContext(connection) as captured:
        assert len(list(export.items(cast.task))) == 10
    assert sum("slider_item" in query["sql"] for query in captured) == 11


def export_as(who: Any, cast: casts.Company, query: str = "") -> Any:
    client = Client()
    client.force_login(who)
    return client.post(f"/tasks/{cast.task.pk}/export", QueryDict(query.removeprefix("?")).dict())


def test_the_page_streams_a_file_with_a_safe_name_filtered_by_state() -> None:
    cast = casts.company()
    casts.one(cast.task, "routed")
    casts.bring_in(cast.task, {"new": {"text": "a"}})
    answer = export_as(cast.tuner, cast, "?format=jsonl&state=review")
    assert answer.streaming
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="sort-messages-review-2')
    (line,) = b"".join(answer.streaming_content).splitlines()
    assert json.loads(line)["external_id"] == "routed"
    assert export_as(cast.tuner, cast).headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("query", ["?format=pdf", "?state=lost", "?state=%00"])
def test_a_wish_that_can_not_be_met_is_refused_in_words(query: str) -> None:
    cast = casts.company()
    answer = export_as(cast.tuner, cast, query)
    assert (answer.status_code, b"Choose one of" in answer.content) == (400, True)


def test_only_who_may_export_gets_one() -> None:
    cast = casts.company()
    people = (cast.tuner, cast.admin, cast.viewer, cast.reviewer, cast.outsider)
    assert [export_as(who, cast).status_code for who in people] == [200, 200, 403, 403, 404]
