"""Lines sent as a CSV file, one by one, that no spreadsheet takes for formulas."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

from slider.rows import cells


class _Echo:
    """What csv writes into when every row is to be sent at once."""

    def write(self, text: str) -> str:
        return text


def stream(
    lines: Iterable[list[str]], *, name: str, head: list[str] | None = None, as_is: bool = False
) -> StreamingHttpResponse:
    """A file of these lines, under this name; `as_is` where they are harmless already."""

    def rows() -> Iterator[str]:
        writer = csv.writer(_Echo())
        for line in [head] if head else []:
            yield writer.writerow(line)
        for line in lines:
            yield writer.writerow(
                line if as_is else [f"{cells.GUARD}{cell}" if cells.is_formula(cell) else cell for cell in line]
            )

    disposition = f'attachment; filename="{name}"'
    return StreamingHttpResponse(rows(), content_type="text/csv", headers={"Content-Disposition": disposition})
