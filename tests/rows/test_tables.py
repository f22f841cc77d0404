"""Files as they stand: values by column name, from every kind of file."""

import io

import openpyxl
import pytest

from slider import rows
from slider.rows import Bad, Broken, Kind, Values


def read(content: bytes, kind: Kind) -> list[Values | Bad]:
    with rows.open_table(lambda: iter([content]), kind, most_bytes=10**7) as table:
        return list(table.rows)


def test_a_table_gives_its_cells_by_name_and_leaves_out_the_empty_ones() -> None:
    assert read(b"id, conf ,correct\n1, 0.5 ,\n2,,yes\n", Kind.CSV) == [
        Values(2, {"id": "1", "conf": "0.5"}),
        Values(3, {"id": "2", "correct": "yes"}),
    ]


def test_a_worksheet_keeps_numbers_and_truths() -> None:
    book = openpyxl.Workbook()
    for row in (["id", "conf", "correct"], [12.0, 0.5, True], [13, None, False]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue(), Kind.XLSX) == [
        Values(2, {"id": 12, "conf": 0.5, "correct": True}),
        Values(3, {"id": 13, "correct": False}),
    ]


def test_json_lines_name_what_lies_inside() -> None:
    content = b'{"id": "a", "signals": {"stated": 0.9, "none": null}, "gold": ["x", 1], "empty": {}}\n'
    assert read(content, Kind.JSONL) == [
        Values(1, {"id": "a", "signals.stated": 0.9, "gold": '["x",1]', "empty": "{}"})
    ]


@pytest.mark.parametrize("line", [b"[1]", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b'"text"'])
def test_a_line_that_is_no_object_is_one_bad_row(line: bytes) -> None:
    found = read(b'{"a": 1}\n' + line + b'\n{"a": 2}\n', Kind.JSONL)
    assert [type(row) for row in found] == [Values, Bad, Values]
    assert found[1].line == 2


def test_a_row_of_another_length_is_one_bad_row() -> None:
    found = read(b"a,b\n1\n1,2\n", Kind.CSV)
    assert found == [Bad(2, "the row has 1 cells where the header has 2"), Values(3, {"a": "1", "b": "2"})]


def test_a_line_of_too_many_values_is_one_bad_row() -> None:
    content = b"{" + b",".join(b'"c%d": 1' % n for n in range(501)) + b"}\n"
    (row,) = read(content, Kind.JSONL)
    assert isinstance(row, Bad)


@pytest.mark.parametrize("content", [b"", b"a,a\n1,2\n", b"a,\n1,2\n"])
def test_a_header_that_names_nothing_right_is_a_problem_of_the_file(content: bytes) -> None:
    with pytest.raises(Broken):
        read(content, Kind.CSV)
