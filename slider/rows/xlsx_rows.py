"""Worksheets: the first sheet of a workbook, row by row, once its archive is known to be harmless."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from slider.rows.records import Broken, Cells, Pieces

MOST_UNPACKED_BYTES = 512 * 1024**2
MOST_TEXTS_BYTES = 96 * 1024**2  # the shared texts, the one part that is held in memory
MOST_PARTS = 2_000
LAST_LINE = 1_048_576
_PIECE_BYTES = 16 * 1024
_AGAIN = "save it again as .xlsx"
# What a damaged or crafted workbook makes the library raise; the archive itself is checked before.
_DAMAGED = (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, OSError)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open worksheet; `others` counts the sheets that are not read."""

    title: str
    others: int
    rows: Iterator[Cells]


@contextmanager
def sheet(pieces: Pieces) -> Iterator[Sheet]:
    """Open the first worksheet. Broken for archives that are damaged, too large, or hold more than plain cells."""
    # Read here, and not with the module: a pump, which opens no workbook, would carry 5 to 9 MB of it.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with tempfile.TemporaryFile() as file:
        for piece in pieces():
            file.write(piece)
        file.seek(0)
        _examine(file)
        file.seek(0)
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            if not book.worksheets:
                raise Broken("the workbook has no worksheet")
            first = book.worksheets[0]
            first.reset_dimensions()  # what the file claims about its size is not believed
        except Broken:
            raise
        except (*_DAMAGED, InvalidFileException) as error:
            raise Broken(f"the workbook is damaged ({type(error).__name__}): {_AGAIN}") from error
        try:
            yield Sheet(first.title, len(book.worksheets) - 1, _cells(first.iter_rows(values_only=True)))
        finally:
            book.close()


def _cells(rows: Iterator[tuple[object, ...]]) -> Iterator[Cells]:
    width = 0
    line = 0
    while True:
        line += 1
        try:
            values = next(rows, None)
        except _DAMAGED as error:
            raise Broken(f"the worksheet is damaged at row {line} ({type(error).__name__}): {_AGAIN}") from error
        if values is None:
            return
        if line > LAST_LINE:
            raise Broken(f"the worksheet has more than {LAST_LINE:,} rows: split it")
        filled = _trimmed(values)
        if not filled:
            continue
        width = width or len(filled)
        # A worksheet leaves out empty cells at the end of a row; they are there all the same.
        yield Cells(line, filled + (None,) * (width - len(filled)))


def _trimmed(values: tuple[object, ...]) -> tuple[object, ...]:
    end = len(values)
    while end and values[end - 1] in (None, ""):
        end -= 1
    return values[:end]


def _examine(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _refuse_bulk(parts)
            _refuse_active(parts)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as opened:
                        declares = _declares(opened)
                    if declares:
                        raise Broken(f"the workbook's part {part.filename[:60]!a} declares XML entities: {_AGAIN}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Broken(f"the workbook's archive is damaged or locked by a password ({error}): {_AGAIN}") from error


class _Found(Exception):
    """What was looked for has come."""


def _declares(part: IO[bytes]) -> bool:
    """Whether a part declares a document type, which is where entities come from: asked of a reader of XML.

    Whoever looks for the letters alone is fooled by another encoding, or by a long comment before them.
    """
    seen: list[bool] = []

    def declared(*_: object) -> None:
        seen.append(True)
        raise _Found

    def begun(*_: object) -> None:
        raise _Found  # a declaration stands before the first element, or nowhere

    reader = expat.ParserCreate()
    reader.StartDoctypeDeclHandler, reader.StartElementHandler = declared, begun
    try:
        while piece := part.read(_PIECE_BYTES):
            reader.Parse(piece, False)
    except (_Found, expat.ExpatError):
        pass  # what is no XML is said by whoever reads the part
    return bool(seen)


def _refuse_bulk(parts: list[zipfile.ZipInfo]) -> None:
    # The sizes are the archive's own claim, and reading a part ends there, so the claim is what it can cost.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        raise Broken(f"the workbook unpacks to more than {MOST_UNPACKED_BYTES // 1024**2} MiB: send it as CSV")
    for part in parts:
        if part.filename == "xl/sharedStrings.xml" and part.file_size > MOST_TEXTS_BYTES:
            raise Broken(f"the workbook holds more than {MOST_TEXTS_BYTES // 1024**2} MiB of text: send it as CSV")


def _refuse_active(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename.lower() for part in parts]
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise Broken("the workbook holds macros: save it as .xlsx without them")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise Broken("the workbook links to other files: break the links (Data, Edit links) and save it again")
    if "xl/workbook.xml" not in names:
        raise Broken("the archive is no Excel workbook: save the table as .xlsx")
