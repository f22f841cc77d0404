"""Exports: made piece by piece, carried on by whoever comes next, and nothing written by who has lost them."""

import gzip
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from slider.celery import app
from slider.flow import export_pieces, exports
from slider.flow.export_pieces import Lost
from slider.models import Export, ExportPiece, ExportState, Format, Item, Narrowed, Task
from slider.queries import export as reads
from slider.rows import packing
from tasks import export as machine
from tasks.sweep import sweep
from tests import casts, files_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    made.task.refresh_from_db()  # jsonb has an order of its own for the fields of a schema
    casts.bring_in(made.task, {f"m{n}": {"text": f"text {n} é"} for n in range(12)})
    return made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few items."""
    monkeypatch.setattr(packing, "MOST_PLAIN", 100)
    monkeypatch.setattr(reads, "WINDOW", 2)


def names(content: bytes) -> list[str]:
    return [json.loads(line)["external_id"] for line in content.splitlines()]


def test_a_hint_of_an_export_finds_its_machine_and_its_queue() -> None:
    app.loader.import_default_modules()
    assert "tasks.export.export" in app.tasks
    assert app.conf.task_routes["tasks.export.*"] == "intake"


def test_a_hint_makes_the_file_and_a_second_one_finds_nothing_to_do(cast: casts.Company) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    assert exports.waiting() == [row.pk]
    assert (machine.export(row.pk), machine.export(row.pk), machine.export(10**12)) == (True, False, False)
    done = Export.objects.get()
    content = files_out.content(done)
    assert (done.state, done.rows, done.looked, done.total) == (ExportState.DONE, 12, 12, 12)
    assert names(content) == [f"m{n}" for n in range(12)]
    assert (done.bytes, bytes(done.sha256 or b"")) == (len(content), hashlib.sha256(content).digest())
    assert exports.waiting() == []


@pytest.mark.parametrize("kind", [kind for kind in Format if kind != Format.PARQUET])
def test_every_form_of_text_is_the_same_text(cast: casts.Company, small: None, kind: Format) -> None:
    done = files_out.made(cast.task, by=cast.tuner, kind=kind)
    content = files_out.content(done)
    assert ExportPiece.objects.filter(of=done).count() > 3
    assert hashlib.sha256(content).digest() == bytes(done.sha256 or b"")
    text = gzip.decompress(content) if kind.value.endswith(".gz") else content
    whole = reads.table(cast.task) if "csv" in kind.value else reads.jsonl(cast.task)
    assert text == "".join(whole).encode()


@pytest.mark.parametrize(
    ("kind", "dies_at"),
    [(kind, place) for kind in (Format.CSV, Format.JSONL_GZ) for place in (0, 1, 3, 5)]
    + [(Format.PARQUET, place) for place in (0, 3, 6, 7)],  # six pieces of rows, then those of the file
)
def test_whoever_carries_on_makes_the_very_same_bytes(
    cast: casts.Company, small: None, monkeypatch: pytest.MonkeyPatch, kind: Format, dies_at: int
) -> None:
    if kind == Format.PARQUET:
        monkeypatch.setattr(packing, "PIECE_BYTES", 1500)
        monkeypatch.setattr(packing.cut, "__defaults__", (1500,))
    whole = files_out.made(cast.task, by=cast.tuner, kind=kind)
    row = files_out.asked(cast.task, by=cast.tuner, kind=kind)
    Export.objects.filter(pk=row.pk).update(as_of=None)
    keep, kept = export_pieces.keep, list[int]()

    def dying(held: Export, piece: export_pieces.Piece) -> None:
        if len(kept) == dies_at:
            raise KeyboardInterrupt
        keep(held, piece)
        kept.append(piece.number)

    monkeypatch.setattr(export_pieces, "keep", dying)
    with pytest.raises(KeyboardInterrupt):
        machine.export(row.pk)
    casts.bring_in(cast.task, {"late": {"text": "after the boundary"}})
    monkeypatch.setattr(export_pieces, "keep", keep)
    assert not machine.export(row.pk), "the lease of the dead one runs"
    Export.objects.filter(pk=row.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert exports.waiting() == [row.pk]
    assert machine.export(row.pk)
    row.refresh_from_db()
    assert (row.state, row.rows, row.token) == (ExportState.DONE, 12, 2)
    assert files_out.content(row) == files_out.content(whole)
    assert bytes(row.sha256 or b"") == bytes(whole.sha256 or b"")


def test_whoever_has_lost_it_writes_nothing_more(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    held = export_pieces.take(row.pk)
    assert held is not None
    Export.objects.filter(pk=row.pk).update(token=F("token") + 1)
    writes: list[Any] = [
        lambda: export_pieces.renew(held),
        lambda: export_pieces.keep(held, export_pieces.Piece(0, b"x", 1, 2)),
        lambda: export_pieces.begin(held, shape={}, as_of=row.created_at, upto=1, total=1),
        lambda: export_pieces.assemble(held),
        lambda: export_pieces.finish(held, size=1, sha256=b"x"),
        lambda: export_pieces.fail(held, "no"),
    ]
    for write in writes:
        with pytest.raises(Lost):
            write()
    assert not ExportPiece.objects.exists()
    assert Export.objects.get().state == ExportState.RUNNING


def test_one_that_is_cancelled_while_it_is_made_stops_and_leaves_nothing(
    cast: casts.Company, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    keep = export_pieces.keep

    def cancelling(held: Export, piece: export_pieces.Piece) -> None:
        keep(held, piece)
        assert exports.cancel(held, by=cast.admin.pk) is (piece.number == 0)

    monkeypatch.setattr(export_pieces, "keep", cancelling)
    assert not machine.export(row.pk)
    assert (Export.objects.get().state, ExportPiece.objects.count()) == (ExportState.CANCELLED, 0)


def test_so_many_of_a_project_are_made_at_once_and_the_others_wait(cast: casts.Company) -> None:
    rows = [files_out.asked(cast.task, by=cast.tuner) for _ in range(3)]
    other = casts.company(prefix="b ")
    elsewhere = files_out.asked(other.task, by=other.tuner)
    assert exports.waiting() == [rows[0].pk, rows[1].pk, elsewhere.pk]
    assert [export_pieces.take(row.pk) is not None for row in (*rows, elsewhere)] == [True, True, False, True]
    assert exports.waiting() == []
    exports.cancel(rows[0], by=None)
    assert exports.waiting() == [rows[2].pk]


def test_too_many_under_way_are_refused_in_words(cast: casts.Company) -> None:
    for _ in range(exports.MOST_OWED):
        files_out.asked(cast.task, by=cast.tuner)
    with pytest.raises(exports.Unfit, match="20 exports of this project"):
        files_out.asked(cast.task, by=cast.tuner)
    assert Export.objects.count() == exports.MOST_OWED


def test_a_file_that_grows_too_large_is_given_up_and_says_what_to_do(cast: casts.Company, settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_EXPORT_MAX_MIB": 0})
    row = files_out.made(cast.task, by=cast.tuner)
    assert (row.state, ExportPiece.objects.count()) == (ExportState.FAILED, 0)
    assert "narrow it, by days for example" in row.problem


def test_an_export_that_nobody_survives_is_given_up(cast: casts.Company) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    Export.objects.update(takes=export_pieces.MOST_TAKES)
    assert machine.export(row.pk)
    row.refresh_from_db()
    assert (row.state, row.problem[:26]) == (ExportState.FAILED, "20 workers died at this ex")


def test_the_sweep_drops_files_whose_days_are_over(cast: casts.Company) -> None:
    old, young = files_out.made(cast.task, by=cast.tuner), files_out.made(cast.task, by=cast.tuner)
    Export.objects.filter(pk=old.pk).update(expires_at=Now() - timedelta(seconds=1))
    assert sweep()["forgotten"] == 1
    old.refresh_from_db()
    assert (old.state, old.problem) == (ExportState.DROPPED, "its days are over")
    assert set(ExportPiece.objects.values_list("of", flat=True)) == {young.pk}


@pytest.mark.parametrize(("rule", "kept"), [(None, 7), (30, 7), (2, 2)])
def test_a_file_is_kept_no_longer_than_contents_are(cast: casts.Company, rule: int | None, kept: int) -> None:
    Task.objects.filter(pk=cast.task.pk).update(contents_days=rule)
    done = files_out.made(cast.task, by=cast.tuner)
    assert done.expires_at is not None
    assert done.finished_at is not None
    assert done.expires_at - done.finished_at == timedelta(days=kept)


def test_the_schema_may_change_while_it_is_made(cast: casts.Company) -> None:
    row = files_out.asked(cast.task, by=cast.tuner, kind=Format.CSV)
    held = export_pieces.take(row.pk)
    assert held is not None
    drawn = reads.boundary(cast.task)
    fixed = reads.shape_of(cast.task, row.parts).to_json()
    export_pieces.begin(held, shape=fixed, as_of=drawn.as_of, upto=drawn.upto, total=drawn.total)
    before = "".join(reads.table(cast.task)).encode()
    Task.objects.filter(pk=cast.task.pk).update(input_schema={"type": "object"})
    Export.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert files_out.content(files_out.run(row)) == before


class TestErasure:
    def test_files_that_may_hold_an_erased_item_are_dropped_and_no_others(self, cast: casts.Company) -> None:
        before = files_out.made(cast.task, by=cast.tuner)
        (late,) = casts.bring_in(cast.task, {"late": {"text": "erase me"}})
        after = files_out.made(cast.task, by=cast.tuner)
        parquet = files_out.made(cast.task, by=cast.tuner, kind=Format.PARQUET)
        other = casts.company(prefix="b ")
        elsewhere = files_out.made(other.task, by=other.tuner)
        assert exports.drop_with(cast.task.pk, [late.pk]) == 2
        states = dict(Export.objects.values_list("pk", "state"))
        assert states == {before.pk: "done", after.pk: "dropped", parquet.pk: "dropped", elsewhere.pk: "done"}
        assert set(ExportPiece.objects.values_list("of", flat=True)) == {before.pk, elsewhere.pk}
        assert exports.drop_with(cast.task.pk, []) == 0

    def test_erasures_are_no_deaths(self, cast: casts.Company) -> None:
        """However many items are erased while it is made, it is made."""
        row = files_out.asked(cast.task, by=cast.tuner)
        gone = Item.objects.get(external_id="m0").pk
        for _ in range(export_pieces.MOST_TAKES):
            assert export_pieces.take(row.pk) is not None
            assert exports.drop_with(cast.task.pk, [gone]) == 1
        assert machine.export(row.pk)
        row.refresh_from_db()
        assert (row.state, row.problem) == (ExportState.DONE, "")

    def test_one_that_is_being_made_begins_anew(
        self, cast: casts.Company, small: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = files_out.asked(cast.task, by=cast.tuner)
        keep = export_pieces.keep

        def erasing(held: Export, piece: export_pieces.Piece) -> None:
            if piece.number == 2:
                assert exports.drop_with(cast.task.pk, [Item.objects.get(external_id="m0").pk]) == 1
            keep(held, piece)

        monkeypatch.setattr(export_pieces, "keep", erasing)
        assert not machine.export(row.pk)
        row.refresh_from_db()
        assert (row.state, row.after, row.as_of, ExportPiece.objects.count()) == (ExportState.WAITING, 0, None, 0)
        monkeypatch.setattr(export_pieces, "keep", keep)
        assert files_out.run(row).rows == 12


def test_an_export_of_nothing_is_a_file_of_nothing(cast: casts.Company) -> None:
    for kind in Format:
        row = files_out.made(cast.task, by=cast.tuner, kind=kind, wanted=Narrowed(begins="none"))
        assert (row.state, row.rows) == (ExportState.DONE, 0)
        content = files_out.content(row)
        assert len(content) == row.bytes
        assert {Format.JSONL: content == b"", Format.CSV: content.count(b"\n") == 1}.get(kind, bool(content))
