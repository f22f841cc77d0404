"""Entities in a workbook: refused wherever and however they are declared, before anything is read."""

import io
import time
import zipfile

import openpyxl
import pytest

from slider.rows import Broken, xlsx_rows

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
DECLARED = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    '<c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row></sheetData></worksheet>'
)
WAYS: dict[str, bytes] = {
    "at the top": f'<?xml version="1.0"?>{DECLARED}{SHEET.format(text="&l8;")}'.encode(),
    "a file": f'<?xml version="1.0"?>{DECLARED}{SHEET.format(text="&file;")}'.encode(),
    "behind a comment": f'<?xml version="1.0"?><!-- {"x" * 50_000} -->{DECLARED}{SHEET.format(text="&l8;")}'.encode(),
    "in UTF-16": f'<?xml version="1.0" encoding="UTF-16"?>{DECLARED}{SHEET.format(text="&l8;")}'.encode("utf-16"),
    "behind blanks": (
        " " * 0 + f'<?xml version="1.0"?>{chr(10) * 9_000}{DECLARED}{SHEET.format(text="&l8;")}'
    ).encode(),
    "from elsewhere": b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://evil.example/x.dtd">'
    + SHEET.format(text="a").encode(),
}


def workbook(sheet: bytes | None) -> bytes:
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.save(plain)
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml" and sheet is not None
            target.writestr(name, sheet if is_sheet and sheet is not None else source.read(name))
    return made.getvalue()


def read(content: bytes) -> list[object]:
    with xlsx_rows.sheet(lambda: iter([content])) as found:
        return list(found.rows)


@pytest.mark.parametrize("way", WAYS)
def test_a_workbook_with_entities_is_refused_or_read_without_them(way: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Broken, match="declares XML entities"):
        read(workbook(WAYS[way]))
    assert time.perf_counter() - began < 5


def test_a_plain_workbook_is_read() -> None:
    assert len(read(workbook(None))) == 1
    long = f'<?xml version="1.0"?><!-- {"x" * 50_000} -->{SHEET.format(text="&lt;!DOCTYPE is a word")}'.encode()
    assert len(read(workbook(long))) == 1
