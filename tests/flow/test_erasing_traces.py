"""What files, histories and exports hold of an item goes with it."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from slider.flow import erasing, histories, retaining
from slider.models import (
    Cause,
    Entry,
    ExportPiece,
    ExportState,
    Import,
    ImportChunk,
    Narrowed,
    Past,
    PastRow,
    RefusedRow,
)
from slider.queries import export
from slider.rows.shaped import USUAL
from tests import casts, files_out
from tests.archives import grow_old
from tests.flow.emptying_steps import BODY, DAYS, SAID, SECRET, company, everything, lived

pytestmark = pytest.mark.django_db
COLUMN = {"name": "who", "filled": 2, "numbers": 0, "least": None, "most": None}
SEEN = {"examples": [SECRET], "values": {SECRET: 2}}
BARE = [COLUMN | {"examples": [], "values": {}}]


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    return company(monkeypatch)


def test_traces_in_files_and_histories_go_with_an_erased_item(cast: casts.Company) -> None:
    """And those of a file that is still to be read, or of another task, stay."""
    item = lived(cast, f"order of {SECRET}")
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    for task, state in ((cast.task, "done"), (cast.task, "running"), (other, "done")):
        made = Import.objects.create(
            task=task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"", state=state
        )
        ImportChunk.objects.create(of=made, number=1, content=b"x")
        RefusedRow.objects.create(of=made, line=1, reason=f"id 'order of {SECRET}' is here already")
    past = Past.objects.create(task=cast.task, name="h", state="ready")
    PastRow.objects.create(past=past, place=1, external_id=item.external_id, own=True, correct=True, propensity=1.0)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    kept = ImportChunk.objects.order_by("pk").values_list("of__task", "of__state")
    assert list(kept) == [(cast.task.pk, "running"), (other.pk, "done")]
    assert list(RefusedRow.objects.values_list("of__task", flat=True)) == [other.pk]
    row = PastRow.objects.get()
    item.refresh_from_db()
    assert (row.external_id, row.correct) == (item.external_id, True)
    RefusedRow.objects.all().delete()
    assert SECRET not in everything()


def old_past(cast: casts.Company, state: str, **more: Any) -> Past:
    """A history of long ago, with what its cells held."""
    made = Past.objects.create(task=cast.task, name="h", state="ready", columns=[COLUMN | SEEN], **more)
    if state == "in_force":
        more = {"policy": cast.task.policies.latest("number")}
        Past.objects.filter(pk=made.pk).update(state=state, created_at="2020-01-01T00:00Z", **more)
    else:
        Past.objects.filter(pk=made.pk).update(state=state, created_at="2020-01-01T00:00Z")
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("state", ["in_force", "dropped", "failed", "ready"])
@pytest.mark.parametrize("how", ["by the rule", "on request"])
def test_what_stood_in_the_cells_of_histories_goes_as_well(cast: casts.Company, state: str, how: str) -> None:
    past = old_past(cast, state)
    if how == "on request":
        erasing.erase(lived(cast).pk, by=cast.admin.pk, words="asked")
    else:
        retaining.sweep(limit_s=5)
    past.refresh_from_db()
    assert past.columns == BARE
    assert SECRET not in everything()


def test_a_history_that_waits_for_an_answer_shows_its_cells(cast: casts.Company) -> None:
    file = Import.objects.create(task=cast.task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"")
    past = old_past(cast, "asking", file=file)
    retaining.sweep(limit_s=5)
    past.refresh_from_db()
    assert past.columns == [COLUMN | SEEN]
    histories.drop(past)
    past.refresh_from_db()
    assert past.columns == BARE


def test_a_history_in_force_can_lose_its_cells_and_nothing_else(cast: casts.Company) -> None:
    past = old_past(cast, "in_force")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Past.objects.filter(pk=past.pk).update(columns=BARE, rows=7)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        past.delete()


def test_refused_rows_are_found_however_their_ids_are_written(cast: casts.Company) -> None:
    made = Import.objects.create(
        task=cast.task, by=cast.admin, name="f.csv", format="csv", bytes=1, sha256=b"", state="done"
    )
    names = [f"{SECRET} {'long ' * 30}", f"it's {SECRET}", f"a\\{SECRET}", f'"{SECRET}"']
    for number, name in enumerate(names, start=1):
        RefusedRow.objects.create(of=made, line=number, reason=f"id {name[:80]!r} is item 1 already")
    RefusedRow.objects.create(of=made, line=9, reason="id 'another' is item 2 already")
    for name in names:
        item = casts.one(cast.task, name, casts.says(SAID), **BODY)
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    assert list(RefusedRow.objects.values_list("line", flat=True)) == [9]


def test_old_files_leave_nothing_behind(cast: casts.Company) -> None:
    for state, finished in (("done", "2020-01-01T00:00Z"), ("failed", "2020-01-01T00:00Z"), ("running", None)):
        made = Import.objects.create(
            task=cast.task,
            by=cast.admin,
            name="f.csv",
            format="csv",
            bytes=1,
            sha256=b"",
            state=state,
            finished_at=finished,
            sample={"names": ["text"], "rows": [[2, [SECRET]]]},
            columns=[{"name": "text", "examples": [SECRET]}],
        )
        ImportChunk.objects.create(of=made, number=1, content=b"x")
        RefusedRow.objects.create(of=made, line=1, reason=SECRET)
    retaining.sweep(limit_s=5)
    assert list(ImportChunk.objects.values_list("of__state", flat=True)) == ["running"]
    assert list(RefusedRow.objects.values_list("of__state", flat=True)) == ["running"]
    told = Import.objects.exclude(sample__isnull=True, columns__isnull=True)
    assert list(told.values_list("state", flat=True)) == ["running"]


def test_files_that_may_hold_it_are_dropped(cast: casts.Company) -> None:
    item = lived(cast)
    made = files_out.made(cast.task, by=cast.admin)
    assert ExportPiece.objects.filter(of=made).exists()
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    made.refresh_from_db()
    assert (made.state, made.problem) == (ExportState.DROPPED, "something in it was erased: export anew")
    assert not ExportPiece.objects.exists()


def test_contents_that_go_while_an_export_is_made_are_told_as_deleted(cast: casts.Company) -> None:
    lived(cast)
    within, shape = export.boundary(cast.task), export.shape_of(cast.task, USUAL)
    grow_old(cast.task, days=DAYS + 1)
    assert retaining.sweep(limit_s=5) == 1
    (page,) = export.pages(cast.task, shape, Narrowed(), within)
    (item,) = page.items
    assert (item.body, item.told["deleted"]) == ({}, Cause.RULE)


@pytest.mark.parametrize("begins", ["order of ", f"order of {SECRET}", f"order of {SECRET[:4]}"])
def test_what_an_export_was_narrowed_to_does_not_keep_its_id(cast: casts.Company, begins: str) -> None:
    item = lived(cast, f"order of {SECRET}")
    made = files_out.made(cast.task, by=cast.tuner, wanted=Narrowed(begins=begins))
    waits = files_out.asked(cast.task, by=cast.tuner, wanted=Narrowed(begins=begins))
    others = files_out.made(cast.task, by=cast.tuner, wanted=Narrowed(begins="mail"))
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    for one in (made, waits, others):
        one.refresh_from_db()
    assert others.wanted.begins == "mail"
    assert begins not in made.wanted.begins
    item.refresh_from_db()
    assert waits.wanted.begins == (item.external_id if begins.endswith(SECRET) else begins)
    told = [entry.facts["narrowed"] for entry in Entry.objects.filter(kind="export")]
    assert len(told) == 5
    assert not [one for one in told if one["begins"] in (begins, "mail")]
