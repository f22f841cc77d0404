"""Worksheets in: numbers, days and blanks as they were meant; a workbook that holds more than cells is refused."""

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest

from slider.flow import asking, foresight, imports
from slider.flow.intake import Fate
from slider.models import ImportState, Item, RefusedRow
from slider.rows import ColumnMap, xlsx_rows
from tests import casts
from tests.flow.files_in import bodies, bring

pytestmark = pytest.mark.django_db


def workbook(*rows: list[Any], **more: bytes) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def test_a_worksheet_comes_in_with_numbers_and_trailing_blanks() -> None:
    cast = casts.company()
    content = workbook(
        ["external_id", "text", "orders", "vip", "subject"], [12, "a", 3.0, True, None], [13, 5, None, None, "s"]
    )
    done = bring(cast, content, "a.xlsx")
    assert bodies(cast) == {
        "12": {"text": "a", "orders": 3, "vip": True},
        "13": {"text": "5", "subject": "s"},
    }
    assert "worksheet 'Sheet'" in done.note


TIMES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
    },
}


@pytest.mark.parametrize("asks", [True, False])
def test_the_days_and_times_of_a_worksheet_come_in(asks: bool) -> None:
    """It holds days as times at midnight, and knows no zones: what needs one is taken in UTC."""
    cast = casts.company(input_schema=TIMES, title_field="text")
    day, noon = datetime(2026, 11, 23), datetime(2026, 11, 23, 12, 30)  # noqa: DTZ001
    content = workbook(["id", "text", "day", "at", "due_at"], [1, day, day, day, day], [2, noon, day, noon, noon])
    then = ImportState.LOOKING if asks else ImportState.WAITING
    held = imports.receive(cast.task, name="a.xlsx", stream=io.BytesIO(content), by=cast.tuner.pk, then=then)
    assert imports.run(held.pk)
    held.refresh_from_db()
    if asks:
        said = ColumnMap.from_json(held.mapping)
        assert [(row.fate, row.error) for row in foresight.rows_of(held, said)] == [(Fate.ADDED, "")] * 2
        asking.start(held, by=cast.tuner.pk)
        assert imports.run(held.pk)
    assert list(RefusedRow.objects.values_list("line", "column", "reason")) == []
    assert bodies(cast) == {
        "1": {"text": "2026-11-23", "day": "2026-11-23", "at": "2026-11-23T00:00:00+00:00"},
        "2": {"text": "2026-11-23T12:30:00", "day": "2026-11-23", "at": "2026-11-23T12:30:00+00:00"},
    }
    due = Item.objects.order_by("pk").values_list("due_at", flat=True)
    assert list(due) == [day.replace(tzinfo=UTC), noon.replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        ("xl__vbaProject_dot_bin", b"x", "macros"),
        ("xl__externalLinks__externalLink1_dot_xml", b"<a/>", "links to other files"),
        ("xl__evil_dot_xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "XML entities"),
    ],
    ids=["macros", "links", "entities"],
)
def test_a_workbook_with_more_than_cells_is_refused(part: str, content: bytes, said: str) -> None:
    cast = casts.company()
    done = bring(cast, workbook(["id", "text"], [1, "a"], **{part: content}), "a.xlsx")
    assert (done.state, said in done.problem) == (ImportState.FAILED, True), done.problem
    assert not Item.objects.exists()


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_rows, "MOST_UNPACKED_BYTES", 2 * 1024**2)
    bomb = workbook(["id", "text"], [1, "a"], xl__bomb_dot_xml=b"<a/>" + bytes(3 * 1024**2))
    assert len(bomb) < 100_000
    assert "unpacks to more than 2 MiB" in bring(casts.company(), bomb, "a.xlsx").problem


def test_a_worksheet_that_claims_a_row_far_beyond_its_end_is_refused(settings: Any) -> None:
    content = workbook(["id", "text"], [1, "a"])
    source = zipfile.ZipFile(io.BytesIO(content))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b'<row r="2"', b'<row r="99999999"')
            archive.writestr(name, part)
    done = bring(casts.company(), target.getvalue(), "a.xlsx")
    assert "more than 1,048,576 rows" in done.problem


def test_a_damaged_workbook_says_so() -> None:
    content = workbook(["id", "text"], [1, "a"])
    assert "damaged" in bring(casts.company(), content[: len(content) // 2], "a.xlsx").problem
