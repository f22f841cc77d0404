"""Files in: every row once, whatever is killed; every refusal says what, where and what to do."""

import gzip
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from slider.flow import files, imports, intake
from slider.models import Import, ImportChunk, ImportState, Item, Payload, RefusedRow
from slider.rows import lines
from tests import casts
from tests.flow.files_in import bodies, bring, refusals

pytestmark = pytest.mark.django_db


def test_a_table_comes_in_with_the_types_of_the_schema() -> None:
    cast = casts.company()
    done = bring(
        cast,
        b"external_id,text,orders,vip,lines,subject,priority\r\n"
        b'a,"two\r\nlines, one comma",3,yes,"[""x""]",,7\r\n'
        b"b,=1+1,0,false,,,\r\n",
    )
    assert (done.state, done.total, done.seen, done.added, done.refused) == (ImportState.DONE, 2, 2, 2, 0)
    assert bodies(cast) == {
        "a": {"text": "two\r\nlines, one comma", "orders": 3, "vip": True, "lines": ["x"]},
        "b": {"text": "=1+1", "orders": 0, "vip": False},
    }
    assert Item.objects.get(external_id="a").priority == 7
    assert "separated by comma" in done.note
    assert not ImportChunk.objects.exists()


@pytest.mark.parametrize(("sign", "called"), [(";", "semicolon"), ("\t", "tab")])
def test_the_separator_is_found_and_said(sign: str, called: str) -> None:
    cast = casts.company()
    done = bring(cast, f"id{sign}text\n1{sign}a,b\n".encode())
    assert bodies(cast) == {"1": {"text": "a,b"}}
    assert f"separated by {called}" in done.note


def test_a_byte_order_mark_and_every_line_end_are_taken() -> None:
    cast = casts.company()
    done = bring(cast, b"\xef\xbb\xbfid,text\r1,a\n2,b\r\n\r\n3,c")
    assert (done.added, done.refused) == (3, 0)


def test_refused_rows_name_the_physical_line_and_the_column() -> None:
    cast = casts.company()
    done = bring(
        cast,
        b'id,text,orders,vip,lines\n1,"over\nlines",1,true,\n2,short\n3,c,many,true,\n4,d,1,perhaps,\n'
        b'5,e,1,true,[1\n6,,1,true,\n7,g,-1,true,\n8,h,99999999999999999999,true,\n9,"i"j,1,true,\n10,k,1,true,\n',
    )
    assert (done.total, done.added, done.refused) == (10, 2, 8)
    assert refusals(done) == [
        (4, ""), (5, "orders"), (6, "vip"), (7, "lines"), (8, "text"), (9, "orders"), (10, "orders"), (11, ""),
    ]  # fmt: skip
    reasons = dict(RefusedRow.objects.filter(of=done).values_list("line", "reason"))
    assert reasons[4] == "the row has 2 cells where the header has 5"
    assert "'many' is no whole number" in reasons[5]
    assert "quote" in reasons[11]
    assert reasons[8] == "is empty: every row needs it"


def test_a_cell_of_five_megabytes_is_one_refused_row() -> None:
    cast = casts.company()
    done = bring(cast, b"id,text\n1," + b"x" * 5_000_000 + b"\n2," + b"y" * 200_000 + b"\n3,c\n")
    assert (done.added, refusals(done)) == (1, [(2, ""), (3, "")])


def test_a_nul_in_a_later_cell_is_one_refused_row() -> None:
    cast = casts.company()
    done = bring(cast, b"id,text\n1," + b"a" * 2_000_000 + b"\n2,b\x00c\n3,d\n", name="late.csv")
    assert (done.added, refusals(done)[-1]) == (1, (3, "text"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"id,weather,text\n1,fine,hello\n"),
        ("a.jsonl", b'{"id": "1", "weather": "fine", "text": "hello"}\n'),
    ],
)
def test_what_is_no_field_of_the_task_is_left_out_and_said(name: str, content: bytes) -> None:
    cast = casts.company()
    done = bring(cast, content, name)
    assert (done.added, done.refused) == (1, 0)
    assert Payload.objects.get().body == {"text": "hello"}
    assert "left out" in done.note


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([b"input.text", b"input.text"], "the header names 'input.text' twice, as column 5 and 6"),
        ([b"", b""], "column 5 has no name"),
        ([b"a\x00b"], "the name of column 5 holds a NUL"),
        ([b"c%d" % n for n in range(10_000)], "10,004 columns"),
    ],
)
@pytest.mark.parametrize("asks", [True, False])
def test_the_header_of_an_export_is_checked_as_any_other(more: list[bytes], said: str, asks: bool) -> None:
    cast = casts.company()
    header = b",".join([b"external_id,priority,due_at,input.*", *more])
    then = ImportState.LOOKING if asks else ImportState.WAITING
    content = io.BytesIO(gzip.compress(header + b"\n", mtime=0))
    held = imports.receive(cast.task, name="out.csv.gz", stream=content, by=cast.tuner.pk, then=then)
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert held.state == ImportState.FAILED
    assert said in held.problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'id,text\n1,a\n2,"open\n3,c\n', "quote is opened in line 3"),
        (b'id,text\n1,"open\n' + b"x,y\n" * 50_000, "quote opened in line 2 is not closed"),
        (b"id,text,text\n1,a,b\n", "twice, as column 2 and 3"),
        (b"id,text,\n1,a,b\n", "column 3 has no name"),
        (b"id," + b"x" * 1_500 + b"\n1,a\n", "the name of column 2 has 1,500 characters: is the header missing?"),
        (b"id,weather\n1,a\n", "no column is a field of this task (there are 'id', 'weather')"),
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\n", "10,000 columns"),
        (b"id,text\n1,a\n2,caf\xe9\n", "line 3, byte 6"),
        (gzip.compress(b"id,text\n1,a\n" * 500, mtime=0)[:-9], "ends too early"),
        (gzip.compress(b"id,text\n1,a\n", mtime=0)[:-8] + bytes(8), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_broken_anywhere_leaves_nothing_behind(content: bytes, said: str) -> None:
    cast = casts.company()
    name = "items.csv.gz" if content.startswith(b"\x1f\x8b") else "items.csv"
    done = bring(cast, content, name)
    assert done.state == ImportState.FAILED
    assert said in done.problem
    assert not Item.objects.exists()
    assert not ImportChunk.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \r\n ", "is empty"),
        ("a.csv", "id,text\n".encode("utf-16"), "UTF-16"),
        ("a.csv", "id,text\n".encode("utf-16-le"), "UTF-16"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "an image"),
        ("a.jsonl", b"%PDF-1.7", "a PDF"),
        ("a.csv", b"PK\x03\x04" + bytes(50), "zip archive"),
        ("a.xlsx", b"id,text\n", "named as an Excel workbook"),
        ("a.doc", b"id,text\n", "the ending says nothing"),
        ("a", b"id,text\n", "the ending says nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_not_be_an_import_is_refused_at_the_door(name: str, content: bytes, said: str) -> None:
    cast = casts.company()
    with pytest.raises(imports.Unfit, match=said):
        imports.receive(cast.task, name=name, stream=io.BytesIO(content), by=cast.tuner.pk)
    assert not Import.objects.exists()


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 2 * 1024**2
    cast = casts.company()
    with pytest.raises(imports.Unfit, match="more than 2 MiB"):
        imports.receive(cast.task, name="a.csv", stream=io.BytesIO(b"id,text\n" * 400_000), by=cast.tuner.pk)
    assert not Import.objects.exists()


def test_a_gzip_bomb_is_stopped_before_it_unpacks(settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1024**2
    cast = casts.company()
    bomb = gzip.compress(b"id,text\n" + (b"1," + b"a" * 400 + b"\n") * 20_000)
    assert len(bomb) < 100_000
    assert "unpacks to more than 4 MiB" in bring(cast, bomb, "a.csv.gz").problem


def test_more_rows_than_are_taken_is_a_problem_of_the_file(settings: Any) -> None:
    settings.IMPORT_MAX_ROWS = 3
    cast = casts.company()
    assert "more than 3 rows" in bring(cast, b"id,text\n" + b"1,a\n" * 4).problem
    assert not Item.objects.exists()


def test_a_file_of_blank_lines_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 1000)
    assert "more than 1,000 lines" in bring(casts.company(), b"id,text" + b"\n" * 2000).problem


def test_a_header_alone_is_an_import_of_no_rows() -> None:
    done = bring(casts.company(), b"id,text\n")
    assert (done.state, done.total, done.added) == (ImportState.DONE, 0, 0)


def test_a_bad_line_in_the_middle_of_json_lines_is_one_refused_row() -> None:
    cast = casts.company()
    sent = [
        b'{"external_id": "w", "priority": -3, "input": {"text": "wrapped"}}',
        b'{"id": 7, "text": "flat"}',
        b"",
        b'{"id": "x", "text": }',
        b"[1]",
        b'{"id": "n", "text": NaN}',
        b'{"id": "d", "text": "a", "text": "b"}',
        b'{"id": true, "text": "a"}',
        b'{"id": "p", "priority": "9", "text": "a"}',
        b'{"id": "u", "text": "a", "weather": "b"}',
        b'{"external_id": "q", "input": {"text": ""}}',
        b'{"id": "z", "text": "' + b"z" * 1_100_000 + b'"}',
        b'{"id": "last", "text": "b"}',
    ]
    done = bring(cast, b"\r\n".join(sent), "a.jsonl")
    assert bodies(cast) == {"w": {"text": "wrapped"}, "7": {"text": "flat"}, "u": {"text": "a"}, "last": {"text": "b"}}
    assert [line for line, _ in refusals(done)] == [4, 5, 6, 7, 8, 9, 11, 12]
    assert (done.total, done.added, done.refused) == (12, 4, 8)
    assert Item.objects.get(external_id="w").priority == -3


@pytest.mark.parametrize("with_ids", [True, False])
def test_the_same_file_twice_adds_nothing(with_ids: bool) -> None:
    cast = casts.company()
    head = b"id,text\n1,a\n2,a\n3,b\n" if with_ids else b"text\na\na\nb\n"
    first, second = bring(cast, head), bring(cast, head, "again.csv")
    assert (first.added, first.known) == (3, 0)
    assert (second.added, second.known) == (0, 3)
    assert Item.objects.count() == 3


def test_an_id_that_comes_again_with_another_body_names_the_first_item() -> None:
    cast = casts.company()
    done = bring(cast, b"id,text\n1,a\n1,a\n1,b\n")
    assert (done.added, done.known, done.refused) == (1, 1, 1)
    row = RefusedRow.objects.get()
    assert (row.line, str(Item.objects.get().pk) in row.reason) == (4, True)


def test_a_file_name_loses_its_path_and_its_tricks() -> None:
    done = bring(casts.company(), b"id,text\n", "../../etc/a\r\nSet-Cookie: x\u202ev.csv")
    assert done.name == "aSet-Cookie: xv.csv"
    assert len(bring(casts.company(prefix="b"), b"id,text\n", "x" * 4096 + ".csv").name) == 120


class Died(BaseException):
    """The process is gone: nothing after it runs."""


def test_a_run_that_dies_goes_on_at_the_last_committed_row(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    content = b"text\n" + b"".join(b"row %d\n" % (n % 7) for n in range(50))
    received = imports.receive(cast.task, name="a.csv", stream=io.BytesIO(content), by=cast.tuner.pk)
    monkeypatch.setattr(imports, "BATCH_ROWS", 10)
    real, calls = intake.add, 0

    def dies_the_third_time(*args: Any, **more: Any) -> list[intake.Arrival]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Died
        return real(*args, **more)

    monkeypatch.setattr(intake, "add", dies_the_third_time)
    with pytest.raises(Died):
        imports.run(received.pk)
    half = Import.objects.get(pk=received.pk)
    assert (half.state, half.seen, Item.objects.count()) == (ImportState.RUNNING, 20, 20)
    assert imports.waiting() == []
    assert not imports.run(received.pk)  # its lease still stands
    Import.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert imports.waiting() == [received.pk]
    assert imports.run(received.pk)
    done = Import.objects.get(pk=received.pk)
    assert (done.seen, done.added, done.known, Item.objects.count()) == (50, 50, 0, 50)


def test_a_run_whose_lease_was_taken_over_writes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    received = imports.receive(cast.task, name="a.csv", stream=io.BytesIO(b"id,text\n1,a\n"), by=cast.tuner.pk)
    real = intake.add

    def taken_over_meanwhile(*args: Any, **more: Any) -> list[intake.Arrival]:
        Import.objects.update(token=99)
        return real(*args, **more)

    monkeypatch.setattr(intake, "add", taken_over_meanwhile)
    assert not imports.run(received.pk)
    assert not Item.objects.exists()


def test_an_upload_that_was_cut_off_says_so() -> None:
    cast = casts.company()

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > imports.PIECE_BYTES:
                raise Died
            return super().read(size)

    stream = Cut(b"id,text\n" * 400_000)
    with pytest.raises(Died):
        imports.receive(cast.task, name="a.csv", stream=stream, by=cast.tuner.pk)
    assert not Import.objects.exists()  # the request tidied up; a killed process leaves this instead:
    left = Import.objects.create(
        task=cast.task, by=cast.tuner, name="a.csv", format="csv", bytes=0, sha256=b"", state="running",
        lease_until=Now() - timedelta(seconds=1),
    )  # fmt: skip
    assert imports.run(left.pk)
    left.refresh_from_db()
    assert (left.state, "cut off half-way" in left.problem) == (ImportState.FAILED, True)


def test_refused_rows_are_counted_all_and_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "REFUSED_KEPT", 5)
    monkeypatch.setattr(imports, "BATCH_ROWS", 3)
    done = bring(casts.company(), b"id,text,orders\n" + b"1,a,x\n" * 10)
    assert (done.refused, RefusedRow.objects.count()) == (10, 5)


def test_an_export_line_comes_in_again_without_its_outcome() -> None:
    cast = casts.company()
    line = {"external_id": "e", "priority": 0, "input": {"text": "a"}, "outcome": {"state": "done", "lane": "people"}}
    assert bring(cast, json.dumps(line).encode(), "a.jsonl").added == 1
