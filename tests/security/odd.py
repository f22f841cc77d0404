"""What strangers put into a field, and which fields a request reads at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.http import QueryDict

# As few as will do, since each is tried everywhere: one that PostgreSQL can't keep, one that it can't count, one that
# is no number, and one of all that means something to a page, a template, a statement, a header or a terminal.
VALUES: dict[str, str] = {
    "NUL": "a\x00b",
    "beyond bigint": str(2**63),
    "no number": "NaN",
    "all at once": "<script>alert(1)</script>{{7|add:7}}' OR 1=1;--\r\nSet-Cookie: evil=1\x1b[31m\u202e\U000e0041../..",
}


@contextmanager
def read_names() -> Iterator[set[str]]:
    """The names that are asked of a query or a form meanwhile."""
    found: set[str] = set()
    usual = {name: getattr(QueryDict, name) for name in ("get", "getlist", "__getitem__", "__contains__")}

    def heard(name: str) -> object:
        def ask(self: QueryDict, key: str, *more: object, **named: object) -> object:
            found.add(str(key))
            return usual[name](self, key, *more, **named)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for name in usual:
            patch.setattr(QueryDict, name, heard(name))
        yield found
