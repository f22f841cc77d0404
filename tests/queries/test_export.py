"""The export: everything of one task, harmless in a spreadsheet, and good to be imported again."""

import csv
import io
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from slider.flow import imports, intake, undo
from slider.models import Import, Item, Mode, Narrowed, Task, Verdict
from slider.models.project import RIGHTS
from slider.queries import export, items
from slider.rows import outgoing, shaped
from slider.views.export_form import ExportForm
from tests import casts
from tests.views import addresses

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


@pytest.mark.parametrize(
    ("parts", "pages"),
    [((), 1), (("state",), 1), (("result",), 3), (("attempts",), 3), (("looks",), 3), (("marks",), 3)],
)
def test_a_page_is_bounded_by_all_that_is_read_for_it(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...], pages: int
) -> None:
    cast = casts.company(output_schema={"type": "object"}, undo_s=0)
    monkeypatch.setattr(export, "PAGE_BYTES", 50_000)
    for n in range(3):
        answer = {"long": "".join(sha256(b"%d %d" % (n, m)).hexdigest() for m in range(1_000))}
        casts.one(cast.task, f"m{n}", casts.says(answer))
        casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=answer)
    shape, within = export.shape_of(cast.task, parts), export.boundary(cast.task)
    found = [len(page.items) for page in export.pages(cast.task, shape, Narrowed(), within)]
    assert found == ([1] * 3 if pages == 3 else [3])


def test_a_body_that_is_stored_packed_counts_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(input_schema={"type": "object"}, title_field="")
    casts.bring_in(cast.task, {f"m{n}": {"text": f"again and again {n} " * 1_000} for n in range(2)})
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(pg_column_size(body)) FROM slider_payload")
        monkeypatch.setattr(export, "PAGE_BYTES", 2 * cursor.fetchone()[0])
    shape, within = export.shape_of(cast.task, ()), export.boundary(cast.task)
    assert [len(page.items) for page in export.pages(cast.task, shape, Narrowed(), within)] == [1, 1]


def test_what_no_schema_names_is_told_as_json() -> None:
    cast = casts.company(input_schema={"type": "object"}, output_schema={"type": "array"})
    casts.bring_in(cast.task, {"x": {"free": {"deep": 1}}})
    (row,) = rows("".join(export.table(cast.task)))
    assert row["input.*"] == '{"free": {"deep": 1}}'


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


def names(cast: casts.Company, **wanted: Any) -> list[str]:
    return [item.external_id for item in export.items(cast.task, wanted=Narrowed(**wanted))]


def test_pages_meet_without_gaps_and_end_early_where_payloads_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {f"m{n}": {"text": f"text {n}"} for n in range(10)})
    shape, within = export.shape_of(cast.task, ()), export.boundary(cast.task)
    for window, most_bytes, sizes in ((3, 10**6, [3, 3, 3, 1]), (10, 0, [1] * 10), (4, 0, [1] * 10)):
        monkeypatch.setattr(export, "WINDOW", window)
        monkeypatch.setattr(export, "PAGE_BYTES", most_bytes)
        pages = list(export.pages(cast.task, shape, Narrowed(), within))
        assert [item.external_id for page in pages for item in page.items] == [f"m{n}" for n in range(10)]
        assert [len(page.items) for page in pages] == sizes
        assert sum(page.looked for page in pages) == within.total == 10
    monkeypatch.setattr(export, "WINDOW", 3)
    narrowed = list(export.pages(cast.task, shape, Narrowed(begins="m9"), within))
    assert [len(page.items) for page in narrowed] == [0, 0, 0, 1]


def test_it_is_narrowed_by_state_lane_id_and_days() -> None:
    cast = casts.company(share=0.0)
    no_undo(cast)
    casts.one(cast.task, "by-people")
    casts.decide(cast.reviewer, cast.task)
    casts.one(cast.task, "waits")
    casts.audited(cast.task, "alone")
    casts.bring_in(cast.task, {"=new": {"text": "a"}, "%new": {"text": "b"}})
    now = timezone.now()
    day = timedelta(days=1)
    assert names(cast) == ["by-people", "waits", "alone", "=new", "%new"]
    assert names(cast, state="done") == ["by-people", "alone"]
    assert names(cast, state="review") == ["waits"]
    assert names(cast, lane="people") == ["by-people", "waits"]
    assert names(cast, state="done", lane="unattended") == ["alone"]
    assert names(cast, begins="%") == ["%new"]
    assert names(cast, came_since=now - day, came_until=now) == names(cast)
    assert names(cast, came_until=now - day) == []
    assert names(cast, done_since=now - day) == ["by-people", "alone"]
    assert names(cast, done_until=now - day) == []


def test_it_holds_what_the_list_of_items_shows_when_narrowed_so() -> None:
    cast = addresses.stage()
    for show in items.Show.values:
        listed = items.page(cast.task, show=items.Show(show), before=None, blind=False)
        given = ExportForm(QueryDict(), shown=show).initial
        found = names(cast, state=given.get("state", ""), lane=given.get("lane", ""))
        assert found[::-1] == [row.external_id for row in listed.rows], show


def test_whoever_may_export_sees_which_items_are_audited_anyway() -> None:
    """An export says what is audited; so nobody may have one from whom the lists hide it."""
    assert all("steer" in verbs for verbs in RIGHTS.values() if "export" in verbs)


def test_it_tells_of_one_moment_whatever_happens_while_it_is_read() -> None:
    cast = casts.company()
    no_undo(cast)
    casts.one(cast.task, "m1")
    casts.bring_in(cast.task, {"m2": {"text": "a"}, "m3": {"text": "b"}})
    shape = export.shape_of(cast.task, tuple(shaped.PARTS))
    within = export.boundary(cast.task)
    pages = [outgoing.jsonl(page.items, shape) for page in export.pages(cast.task, shape, Narrowed(), within)]
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": True})
    casts.answer_all(cast.task, {"m2": casts.says({"topic": "refund", "urgent": False})})
    casts.bring_in(cast.task, {"m4": {"text": "c"}})
    intake.withdraw(Item.objects.get(external_id="m3").pk, by=cast.admin.pk, reason="twice")
    later = [outgoing.jsonl(page.items, shape) for page in export.pages(cast.task, shape, Narrowed(), within)]
    assert later == pages
    assert names(cast, state="done") == ["m1"]
    then = export.pages(cast.task, shape, Narrowed(state="ready"), within)
    assert [item.external_id for page in then for item in page.items] == ["m2", "m3"]


def test_a_verdict_that_is_taken_back_afterwards_is_still_told() -> None:
    cast = casts.company(undo_s=3600)
    casts.one(cast.task, "m1")
    look = casts.decide(cast.reviewer, cast.task)
    shape, within = export.shape_of(cast.task, ("state",)), export.boundary(cast.task)
    before = [page.items for page in export.pages(cast.task, shape, Narrowed(), within)]
    undo.undo(look.pk, user_id=cast.reviewer.pk, token=look.token, lease_s=60)
    ((item,),) = [page.items for page in export.pages(cast.task, shape, Narrowed(), within)]
    assert (item.told["state"], item.told["finished_at"] is None) == ("done", False)
    assert before[0][0].told["state"] == "done"


def test_attempts_and_looks_are_told_where_they_are_wished() -> None:
    cast = casts.company()
    no_undo(cast)
    casts.one(cast.task, "m1")
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong", note="no")
    (line,) = "".join(export.jsonl(cast.task, parts=("looks", "attempts"))).splitlines()
    outcome = json.loads(line)["outcome"]
    assert list(outcome) == ["attempts", "looks"]
    ((attempt,), (look,)) = outcome.values()
    assert (attempt["worker"], attempt["outcome"], attempt["answer"]["topic"]) == ("reader", "answered", "refund")
    assert {name: look[name] for name in ("as", "by", "verdict", "reason", "note", "answer")} == {
        "as": "gate", "by": "reviewer", "verdict": "reject", "reason": "wrong", "note": "no", "answer": None,
    }  # fmt: skip


def test_without_parts_it_is_what_came_in() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"m1": {"text": "a"}})
    (line,) = export.jsonl(cast.task, parts=())
    assert json.loads(line) == {"external_id": "m1", "priority": 0, "due_at": None, "input": {"text": "a"}}
    assert "".join(export.table(cast.task, parts=())).splitlines()[0].endswith(",input.*")
