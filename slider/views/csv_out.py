"""Lines sent as a CSV file, one by one, that no spreadsheet takes for formulas."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """What csv writes into when every row is to be sent at once."""

    def write(self, text: str) -> str:
        return text


def stream(lines: Iterable[list[str]], *, name: str, head: list[str] | None = None) -> StreamingHttpResponse:
    """A file of these lines, under this name."""

    def rows() -> Iterator[str]:
        writer = csv.writer(_Echo())
        for line in [head] if head else []:
            yield writer.writerow(line)
        for line in lines:
            # A spreadsheet must not take a cell for a formula.
            yield writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in line])

    disposition = f'attachment; filename="{name}"'
    return StreamingHttpResponse(rows(), content_type="text/csv", headers={"Content-Disposition": disposition})
