"""A file that waits for a word: examined, mapped, tried out, brought in or dropped; and nothing of it is in before."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from slider.flow import asking, files, foresight, imports
from slider.flow.intake import Fate
from slider.models import Entry, Import, ImportChunk, ImportState, Item, Kind, Payload, RefusedRow, Task
from slider.rows import ColumnMap, Unmapped
from tests import casts

pytestmark = pytest.mark.django_db

FILE = (
    b"Ticket,Title,Body,Prio,Seen by\n"
    b"t1,Lamp,It is broken,5,anna\n"
    b"t2,Order,,7,ben\n"
    b"t3,Chair,It is late,high,anna\n"
    b"t1,Lamp,It is another,5,anna\n"
)
SAID = ColumnMap({"subject": "Title", "text": "Body"}, external_id="Ticket", priority="Prio")


def asked(cast: casts.Company, content: bytes = FILE, name: str = "tickets.csv") -> Import:
    """A file that was examined and waits."""
    held = asking.receive(cast.task, name=name, stream=io.BytesIO(content), by=cast.tuner.pk)
    assert held.state == ImportState.LOOKING
    assert imports.waiting() == [held.pk]
    assert imports.run(held.pk)
    held.refresh_from_db()
    return held


def test_a_file_is_examined_and_then_waits_and_nothing_of_it_is_in() -> None:
    held = asked(casts.company())
    assert (held.state, held.total, held.seen, imports.waiting()) == (ImportState.ASKING, 4, 0, [])
    assert held.columns is not None
    assert [(column["name"], column["kind"]) for column in held.columns] == [
        ("Ticket", "text"), ("Title", "text"), ("Body", "text"), ("Prio", "text"), ("Seen by", "text"),
    ]  # fmt: skip
    assert held.columns[1]["examples"] == ["Lamp", "Order", "Chair"]
    assert "CSV, separated by comma" in held.note
    assert not Item.objects.exists()
    assert not imports.run(held.pk), "it waits for a word, and for nobody's hint"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", ""], "whole number"),
        (["1", "2.5"], "number"),
        (["yes", "false"], "true or false"),
        (["2026-03-01", "2026-03-01T12:00:00Z"], "time"),
        (["1", "a"], "text"),
        (["", ""], "empty"),
    ],
)
def test_a_column_is_called_by_what_all_its_cells_could_be(cells: list[str], kind: str) -> None:
    held = asked(casts.company(), b"text,x\n" + b"".join(b"a,%s\n" % cell.encode() for cell in cells))
    assert held.columns is not None
    assert held.columns[1]["kind"] == kind


def test_the_first_rows_are_shown_as_they_would_be_stored_with_errors_at_their_cells() -> None:
    held = asked(casts.company())
    rows = foresight.rows_of(held, SAID)
    assert [(row.line, row.fate) for row in rows] == [
        (2, Fate.ADDED), (3, Fate.REFUSED), (4, Fate.REFUSED), (5, Fate.CONFLICT),
    ]  # fmt: skip
    first = [(cell.head, cell.text) for cell in rows[0].cells]
    assert first == [("id", "t1"), ("subject", "Lamp"), ("text", "It is broken"), ("priority", "5")]
    assert [(cell.head, cell.error) for cell in rows[1].cells if cell.error] == [
        ("text", "is empty: every row needs it")
    ]
    wrong = next(cell for cell in rows[2].cells if cell.error)
    assert (wrong.head, wrong.text) == ("priority", "high")
    assert "stands in an earlier row with another body" in rows[3].error
    assert not Item.objects.exists()


def test_a_dry_run_counts_every_row_and_writes_no_item() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"t1": {"subject": "Lamp", "text": "It is broken"}})
    held = asked(cast)
    asking.try_out(held, SAID)
    assert held.state == ImportState.TRYING
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert held.state == ImportState.ASKING
    assert held.tried is not None
    assert {name: held.tried[name] for name in ("rows", "added", "known", "refused")} == {
        "rows": 4, "added": 0, "known": 1, "refused": 3,
    }  # fmt: skip
    refused = list(RefusedRow.objects.filter(of=held).values_list("line", "column"))
    assert refused == [(3, "Body"), (4, "Prio"), (5, "")]
    assert Item.objects.count() == 1
    asking.start(held, by=cast.tuner.pk)
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert (held.state, held.added, held.known, held.refused) == (ImportState.DONE, 0, 1, 3)
    assert RefusedRow.objects.filter(of=held).count() == 3


def test_a_word_brings_the_file_in_as_it_says() -> None:
    cast = casts.company()
    held = asked(cast)
    asking.start(held, SAID, by=cast.admin.pk)
    assert imports.waiting() == [held.pk]
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert (held.state, held.added, held.refused) == (ImportState.DONE, 1, 3)
    assert Payload.objects.get().body == {"subject": "Lamp", "text": "It is broken"}
    assert (Item.objects.get().external_id, Item.objects.get().priority) == ("t1", 5)
    assert not ImportChunk.objects.exists()
    entry = Entry.objects.filter(kind=Kind.ITEM).latest("pk")
    assert (entry.by_id, entry.facts["file"], entry.facts["import"]) == (cast.admin.pk, "start", held.pk)


def test_keys_of_json_lines_are_columns_too() -> None:
    cast = casts.company()
    lines = b'{"nr": 7, "body": "a", "n": 3}\n{"nr": 8, "body": "b", "more": [1]}\n'
    held = asked(cast, lines, "a.jsonl")
    assert [column["name"] for column in held.columns or []] == ["nr", "body", "n", "more"]
    asking.start(held, ColumnMap({"text": "body", "orders": "n"}, external_id="nr"), by=cast.tuner.pk)
    imports.run(held.pk)
    found = dict(Payload.objects.values_list("item__external_id", "body"))
    assert found == {"7": {"text": "a", "orders": 3}, "8": {"text": "b"}}


@pytest.mark.parametrize("then", [ImportState.COMING, ImportState.TRYING])
def test_what_is_said_at_once_of_json_lines_is_held_against_the_whole_file(then: ImportState) -> None:
    """A slip in the name of the id would give every row an id of its content, and double the items of the next file."""
    cast = casts.company()
    content = b"".join(b'{"body": "text %d"}\n' % n for n in range(5)) + b'{"nr": 6, "body": "b"}\n'
    found = {}
    for column in ("Nr", "nr"):
        said = ColumnMap({"text": "body"}, external_id=column)
        held = files.receive(
            cast.task, name="a.jsonl", stream=io.BytesIO(content), by=cast.tuner.pk, then=then, mapping=said
        )
        assert imports.run(held.pk)
        held.refresh_from_db()
        found[column] = held
    assert (found["Nr"].state, found["Nr"].problem) == (
        ImportState.FAILED, "the file has no column 'Nr': it has 'body', 'nr'",
    )  # fmt: skip
    is_in = then == ImportState.COMING
    assert found["nr"].state == (ImportState.DONE if is_in else ImportState.ASKING)
    assert (found["nr"].seen, found["nr"].total, Item.objects.count()) == (6, 6, 6 if is_in else 0)


def test_an_export_is_proposed_as_what_it_was() -> None:
    held = asked(
        casts.company(), b'{"external_id": "a", "priority": 2, "input": {"text": "x"}, "outcome": {}}\n', "a.jsonl"
    )
    assert held.mapping == {
        "external_id": "external_id", "priority": "priority", "due_at": None, "input": {"text": "input.text"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words", "where"),
    [
        (ColumnMap({"subject": "Title"}), "no column becomes 'text', which every item needs", "/input/text"),
        (ColumnMap({"text": "Nothing"}), "the file has no column 'Nothing'", "/input/text"),
        (ColumnMap({"text": "Body", "subject": "Body"}), "'Body' is named twice", "/input/subject"),
        (ColumnMap({"text": "Body", "weather": "Title"}), "the task has no field 'weather'", "/input/weather"),
        (ColumnMap({"text": "Body"}, due_at="x"), "the file has no column 'x'", "/due_at"),
    ],
)
def test_a_mapping_that_can_not_be_changes_nothing(said: ColumnMap, words: str, where: str) -> None:
    cast = casts.company()
    held = asked(cast)
    before = held.mapping
    with pytest.raises(Unmapped, match=words) as caught:
        asking.say(held, said)
    assert caught.value.where == where
    with pytest.raises(Unmapped, match=words):
        asking.start(held, said, by=cast.tuner.pk)
    held.refresh_from_db()
    assert (held.state, held.mapping) == (ImportState.ASKING, before)


def test_the_next_file_of_the_same_shape_proposes_what_was_said_last() -> None:
    cast = casts.company()
    first = asked(cast)
    assert first.mapping is not None
    assert first.mapping["input"] == {}
    asking.start(first, SAID, by=cast.tuner.pk)
    imports.run(first.pk)
    assert asked(cast, FILE.replace(b"t1", b"u1")).mapping == SAID.to_json()
    other = b"Ticket,Body\nt9,a\n"
    assert asked(cast, other).mapping != SAID.to_json()
    Task.objects.filter(pk=cast.task.pk).update(input_schema={"type": "object", "required": ["reply"]})
    held = asking.receive(Task.objects.get(pk=cast.task.pk), name="a.csv", stream=io.BytesIO(FILE), by=cast.tuner.pk)
    imports.run(held.pk)
    held.refresh_from_db()
    assert held.mapping != SAID.to_json(), "the task is another by now"


def test_a_column_that_repeats_is_not_proposed_as_the_id() -> None:
    assert (asked(casts.company(), b"id,text\n1,a\n1,b\n").mapping or {})["external_id"] is None
    assert (asked(casts.company(prefix="b"), b"Id,Text\n1,a\n2,b\n").mapping or {})["external_id"] == "Id"


def test_a_file_that_is_broken_anywhere_says_so_before_anybody_is_asked() -> None:
    held = asked(casts.company(), FILE + b't9,"open,x,1,b\n')
    assert (held.state, "quote is opened in line 6" in held.problem) == (ImportState.FAILED, True)
    assert not ImportChunk.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"text," + b"x" * 1_500 + b"\n1,a\n", "the name of column 2 has 1,500 characters"),
        ("a.jsonl", b'{"text": "a"}\n{"%s": 1}\n' % (b"x" * 1_500), "a key in line 2 has 1,500 characters"),
    ],
)
def test_a_column_whose_name_no_mapping_could_say_is_refused(name: str, content: bytes, said: str) -> None:
    held = asked(casts.company(), content, name)
    assert (held.state, said in held.problem) == (ImportState.FAILED, True)


def test_a_mapping_that_can_not_be_read_any_more_ends_its_file() -> None:
    held = asked(casts.company())
    asking.try_out(held, SAID)
    Import.objects.filter(pk=held.pk).update(mapping={"colour": "red"})
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert (held.state, "a mapping has no 'colour'" in held.problem) == (ImportState.FAILED, True)


def test_a_file_that_is_dropped_is_gone_and_the_log_says_who() -> None:
    cast = casts.company()
    held = asked(cast)
    assert asking.drop(held, by=cast.admin.pk)
    assert (held.state, ImportChunk.objects.count()) == (ImportState.DROPPED, 0)
    entry = Entry.objects.filter(kind=Kind.ITEM).latest("pk")
    assert (entry.by_id, entry.facts["file"], entry.facts["name"]) == (cast.admin.pk, "drop", "tickets.csv")
    assert not asking.drop(held, by=cast.admin.pk)
    with pytest.raises(files.Unfit, match="waits for no word"):
        asking.start(held, SAID, by=cast.tuner.pk)


@pytest.mark.parametrize("end", ["done", "dropped", "failed"])
def test_once_a_file_is_over_none_of_its_cells_is_kept(end: str) -> None:
    """Nor is a row of it that was refused because its item was erased meanwhile."""
    cast = casts.company()
    held = asked(cast)
    assert held.columns is not None
    assert held.sample is not None
    if end == "dropped":
        asking.drop(held, by=cast.admin.pk)
    else:
        asking.start(held, SAID, by=cast.tuner.pk)
        if end == "failed":
            Import.objects.filter(pk=held.pk).update(takes=files.MOST_TAKES)
        imports.run(held.pk)
    held.refresh_from_db()
    assert (held.state, held.sample) == (end, None)
    assert [(one["name"], one["examples"]) for one in held.columns][:2] == [("Ticket", []), ("Title", [])]


def test_an_import_that_is_stopped_half_way_keeps_what_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH_ROWS", 10)
    cast = casts.company()
    content = b"text\n" + b"".join(b"row %d\n" % n for n in range(50))
    held = imports.receive(cast.task, name="a.csv", stream=io.BytesIO(content), by=cast.tuner.pk)

    def stop(seen: int, total: int) -> None:
        if seen == 20:
            assert asking.drop(Import.objects.get(pk=held.pk), by=cast.admin.pk)

    assert not imports.run(held.pk, tell=stop)
    held.refresh_from_db()
    assert (held.state, held.added, Item.objects.count()) == (ImportState.DROPPED, 20, 20)
    assert Entry.objects.filter(kind=Kind.ITEM).latest("pk").facts["added"] == 20
    assert imports.waiting() == []


def test_a_file_that_nobody_gives_a_word_is_dropped_after_a_while(settings: Any) -> None:
    cast = casts.company()
    held, young = asked(cast), asked(cast)
    Import.objects.filter(pk=held.pk).update(
        asked_at=Now() - timedelta(hours=settings.ENV.SLIDER_FILE_WORD_H, minutes=1)
    )
    assert asking.drop_stale() == 1
    held.refresh_from_db()
    young.refresh_from_db()
    assert (held.state, held.problem, young.state) == (ImportState.DROPPED, asking.NOBODY, ImportState.ASKING)


def test_a_file_that_was_given_a_word_in_the_very_moment_is_not_dropped(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    cast = casts.company()
    held = asked(cast)
    Import.objects.update(asked_at=Now() - timedelta(hours=settings.ENV.SLIDER_FILE_WORD_H, minutes=1))
    drop = asking.drop

    def late(found: Import, **said: Any) -> bool:
        asking.start(Import.objects.get(pk=held.pk), SAID, by=cast.tuner.pk)
        return drop(found, **said)

    monkeypatch.setattr(asking, "drop", late)
    assert asking.drop_stale() == 0
    held.refresh_from_db()
    assert (held.state, ImportChunk.objects.count()) == (ImportState.COMING, 1)
    assert imports.run(held.pk)


def test_a_sender_who_died_half_way_is_told_and_leaves_nothing() -> None:
    cast = casts.company()
    arriving = Import.objects.create(
        task=cast.task, by=cast.tuner, name="a.csv", format="csv", bytes=0, sha256=b"", state=ImportState.ARRIVING,
        lease_until=Now() - timedelta(seconds=1),
    )  # fmt: skip
    ImportChunk.objects.create(of=arriving, number=0, content=b"id,te")
    assert imports.waiting() == []
    assert files.tidy() == 1
    arriving.refresh_from_db()
    assert (arriving.state, arriving.problem) == (ImportState.FAILED, files.CUT_OFF)
    assert not ImportChunk.objects.exists()


def test_a_dry_run_that_dies_begins_anew_and_counts_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(BaseException):
        pass

    monkeypatch.setattr(imports, "BATCH_ROWS", 2)
    held = asked(casts.company())
    asking.try_out(held, SAID)

    def die(seen: int, total: int) -> None:
        raise Died

    with pytest.raises(Died):
        imports.run(held.pk, tell=die)
    Import.objects.filter(pk=held.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert imports.waiting() == [held.pk]
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert held.tried is not None
    assert (held.tried["rows"], held.tried["refused"], RefusedRow.objects.count()) == (4, 3, 3)


def test_a_file_may_be_tried_out_as_soon_as_it_is_here() -> None:
    cast = casts.company()
    held = files.receive(
        cast.task, name="a.csv", stream=io.BytesIO(FILE), by=cast.tuner.pk, then=ImportState.TRYING, mapping=SAID
    )
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert held.tried is not None
    assert (held.state, held.tried["added"], held.mapping) == (ImportState.ASKING, 1, SAID.to_json())
