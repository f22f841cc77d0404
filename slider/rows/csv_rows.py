"""CSV: cells by row, each with the physical line on which it begins."""

import csv
from collections.abc import Iterator

from slider.rows.records import MOST_LINE_BYTES, Bad, Broken, Cells, Line

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


def separator_of(header: str) -> str:
    """The separator that the header line uses most outside quotes; a comma where there is none."""
    bare = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=bare.count)


def cells(lines: Iterator[Line], *, separator: str) -> Iterator[Cells | Bad]:
    """The rows, blank lines left out. Broken for a quote that is opened and not closed, with its line.

    A row whose quotes are wrong is Bad, and reading goes on with the line after it.
    """
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    while True:
        begins = feed.number + 1
        feed.cut = False
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _bad(error, begins, feed)
            continue
        if feed.cut:
            yield Bad(begins, f"the line is longer than {MOST_LINE_BYTES:,} bytes")
        elif values:
            yield Cells(begins, tuple(values))


def _bad(error: csv.Error, begins: int, feed: "_Feed") -> Bad:
    words = str(error)
    if "unexpected end" in words:
        raise Broken(f"a quote is opened in line {begins} and never closed: close it, or double it if it is meant")
    if "field larger" in words:
        if feed.number > begins:
            raise Broken(
                f"a quote opened in line {begins} is not closed within {csv.field_size_limit():,} characters: "
                "close it, or double it if it is meant"
            )
        return Bad(begins, f"a cell is longer than {csv.field_size_limit():,} characters")
    return Bad(begins, f"a quote stands in the middle of a cell in line {feed.number}: double each quote that is meant")


class _Feed:
    """The lines' text for the csv module, with the count of physical lines that it does not keep by itself."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.number = 0
        self.cut = False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        self.cut = self.cut or line.cut
        # A line that was too long is fed as a blank one: its cells are gone, its row must still end.
        return line.text if not line.cut else "\n"
