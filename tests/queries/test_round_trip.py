"""Export, import, export again: equal bytes, whatever the items hold."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from slider.flow import asking, imports, intake
from slider.flow.intake import Fate, Row
from slider.models import Import, Narrowed, RefusedRow, Task
from slider.queries import export
from slider.rows import ColumnMap, cells, outgoing, parquet_out
from slider.rows.shaped import USUAL
from slider.strict import JSON
from tests import casts

pytestmark = pytest.mark.django_db

SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"pair": {"type": ["array", "object"]}},
    "properties": {
        "text": {"type": ["string", "null"]},
        "whole": {"type": ["integer", "null"]},
        "amount": {"type": ["number", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "list": {"type": ["array", "object", "null"]},
        "one of": {"enum": [1, 2, None]},
        "pointed": {"$ref": "#/$defs/pair"},
        "any": {},
        "either": {"type": ["integer", "string", "boolean", "null"]},
        "=SUM(A1)": {},
        'a,b;"c"\n': {},
        " spaced ": {},
        "": {},
        "*": {},
        "external_id": {},
    },
}
NASTY = [
    *("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "'", "''", "'=1", "'json:null", "json:1", " ", ""),
    *("1", "1.0", "1e5", "true", "null", "007", "-0", "NaN", '"', '""', 'a"b', "a,b", "a;b", "a\r\nb", "a\rb"),
    *("\x01\x02\x1b[31m", "\x0b\x0c\x1c\x85\u2028\u2029", "\ufeffx", "é e\u0301 ☃ 𝕏 \u202e", "\x7f", "\\", "\\n"),
]
NUMBERS = [0, -0.0, 2**63 - 1, -(2**63), 1e300, -1e300, 5e-324, 1e16, 1e19, 123456789012345680000.0, 0.1, 5.0, -1.5]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
words = st.sampled_from(NASTY) | texts
whole = st.integers(-(2**63), 2**63 - 1)
numbers = st.sampled_from(NUMBERS) | whole | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
named = st.fixed_dictionaries(
    {},
    optional={
        "text": st.none() | words,
        "whole": st.none() | whole,
        "amount": st.none() | numbers,
        "flag": st.none() | st.booleans(),
        "list": st.none() | st.lists(values, max_size=3) | st.dictionaries(words, values, max_size=3),
        "either": st.none() | st.booleans() | whole | words,
        **{name: values for name, kind in SCHEMA["properties"].items() if kind == {}},
    },
)
bodies = st.builds(lambda free, own: free | own, st.dictionaries(texts, values, max_size=2), named).map(
    lambda body: {name: value for name, value in body.items() if fits(name, value)}
)
sets = st.lists(bodies, min_size=1, max_size=4)
prefixes = count()


def fits(name: str, value: Any) -> bool:
    """Whether the schema lets this field hold it: names of fields come up among the free ones, too."""
    if name not in SCHEMA["properties"] or SCHEMA["properties"][name] == {}:
        return True
    kinds = {str: "string", bool: "boolean", list: "array", dict: "object", type(None): "null", int: "integer"}
    allowed = SCHEMA["properties"][name]["type"]
    return kinds.get(type(value)) in allowed or ("number" in allowed and type(value) in (int, float))


@pytest.fixture
def places() -> tuple[Task, Task]:
    """Two tasks of one schema, as the database holds it."""
    cast = casts.company(input_schema=SCHEMA, title_field="")
    other = casts.task(cast.project, by=cast.admin, name="Again", slug="again", input_schema=SCHEMA, title_field="")
    first, second = Task.objects.filter(pk__in=[cast.task.pk, other.pk]).order_by("pk")
    return first, second


def brought(task: Task, rows: list[Any]) -> Narrowed:
    """The bodies as items of the task, and what narrows an export to them."""
    prefix = f"{next(prefixes)}-"
    due = [None, datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)]
    wanted = [Row(body, f"{prefix}{n}=é", n * 7 % 201 - 100, due[n % 3]) for n, body in enumerate(rows)]
    fates = [arrival.fate for arrival in intake.add(task, wanted, origin="a test")]
    assert set(fates) == {Fate.ADDED}
    return Narrowed(begins=prefix)


def again(task: Task, content: bytes, name: str) -> None:
    """Import a file; every row of it must come in."""
    by = task.policies.values_list("made_by", flat=True).first()
    received = imports.receive(task, name=name, stream=io.BytesIO(content), by=by or 0)
    assert imports.run(received.pk)
    done = Import.objects.get(pk=received.pk)
    refused = list(RefusedRow.objects.filter(of=done).values_list("line", "column", "reason"))
    assert (done.problem, refused, done.known) == ("", [], 0)


def table(task: Task, wanted: Narrowed, parts: tuple[str, ...] = ()) -> bytes:
    return "".join(export.table(task, parts=parts, wanted=wanted)).encode()


def lines(task: Task, wanted: Narrowed, parts: tuple[str, ...] = ()) -> bytes:
    return "".join(export.jsonl(task, parts=parts, wanted=wanted)).encode()


def parquet(task: Task, wanted: Narrowed) -> bytes:
    shape = export.shape_of(task, ())
    pages = export.pages(task, shape, wanted, export.boundary(task))
    pieces = (parquet_out.packed([parquet_out.batch(page.items, shape)], shape) for page in pages if page.items)
    return b"".join(parquet_out.together(pieces, shape))


def from_parquet(content: bytes) -> bytes:
    """JSON Lines of a Parquet file, by the code that the page gives its readers."""
    page = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    scope: dict[str, Any] = {}
    exec(compile(code, "exports.md", "exec"), scope)
    made: Iterator[str] = scope["lines"](io.BytesIO(content))
    return "".join(made).encode()


everything = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
odd = example([{"any": value, "either": value, "text": value} for value in NASTY])
numeric = example([{"any": value, "amount": value, "=SUM(A1)": [value]} for value in NUMBERS])
hollow = example([{}, {"text": "", "any": None}, {"text": None, "any": ""}, {"": 1, "*": {"*": 2}, " spaced ": " "}])


@pytest.mark.timeout(300)
@odd
@numeric
@hollow
@everything
@given(sets)
def test_csv_comes_back_to_the_letter(places: tuple[Task, Task], rows: list[Any]) -> None:
    wanted = brought(places[0], rows)
    again(places[1], table(places[0], wanted, USUAL), "out.csv")
    assert table(places[1], wanted) == table(places[0], wanted)
    assert lines(places[1], wanted) == lines(places[0], wanted)


@pytest.mark.timeout(300)
@odd
@numeric
@hollow
@everything
@given(sets)
def test_json_lines_come_back_to_the_letter(places: tuple[Task, Task], rows: list[Any]) -> None:
    wanted = brought(places[0], rows)
    again(places[1], lines(places[0], wanted, USUAL), "out.jsonl")
    assert lines(places[1], wanted) == lines(places[0], wanted)


@pytest.mark.timeout(300)
@odd
@numeric
@hollow
@everything
@given(sets)
def test_parquet_comes_back_by_way_of_json_lines(places: tuple[Task, Task], rows: list[Any]) -> None:
    wanted = brought(places[0], rows)
    first = parquet(places[0], wanted)
    again(places[1], from_parquet(first), "out.jsonl")
    assert parquet(places[1], wanted) == first
    assert lines(places[1], wanted) == lines(places[0], wanted)


@given(values, st.sampled_from(["string", "integer", "number", "boolean", "json"]))
def test_a_cell_is_read_as_it_was_written_and_is_no_formula(value: JSON, kind: str) -> None:
    text = cells.written(value, kind)
    assert not re.match(r"[=+@\t\r\n＝＋－＠]|-(?![0-9])", text)
    found = cells.read(text, kind)
    assert (json.dumps(found), type(found)) == (json.dumps(value), type(value))


def test_ids_that_a_spreadsheet_would_run_come_back_as_they_are(places: tuple[Task, Task]) -> None:
    names = ["=1+1", "'x", "-5", "@sum", "＝1", "a\u202eb", "‍", "x,y", '"', "007", "'json:1", "/../etc"]
    intake.add(places[0], [Row({"text": name}, name) for name in names], origin="a test")
    content = table(places[0], Narrowed())
    again(places[1], content, "out.csv")
    assert table(places[1], Narrowed()) == content
    assert [item.external_id for item in export.items(places[1])] == names


def test_an_export_that_waits_for_a_word_comes_back_by_the_mapping_that_is_proposed(places: tuple[Task, Task]) -> None:
    wanted = brought(places[0], [{"text": value, "any": value, " spaced ": value} for value in NASTY if value.strip()])
    by = places[1].policies.values_list("made_by", flat=True)[0] or 0
    held = asking.receive(places[1], name="out.csv", stream=io.BytesIO(table(places[0], wanted, USUAL)), by=by)
    assert imports.run(held.pk)
    held.refresh_from_db()
    asking.start(held, by=by)
    assert imports.run(held.pk)
    assert not RefusedRow.objects.exists()
    assert table(places[1], wanted) == table(places[0], wanted)


def test_an_export_that_comes_in_otherwise_than_proposed_is_still_read_as_one(places: tuple[Task, Task]) -> None:
    """Its guards stay guards, and what has no column of its own still comes in."""
    bodies = [{"text": value, "any": value, " spaced ": value, "*": value, "other": value} for value in NASTY]
    wanted = brought(places[0], bodies)
    by = places[1].policies.values_list("made_by", flat=True)[0] or 0
    held = asking.receive(places[1], name="out.csv", stream=io.BytesIO(table(places[0], wanted, USUAL)), by=by)
    assert imports.run(held.pk)
    held.refresh_from_db()
    proposed = ColumnMap.from_json(held.mapping)
    others = {name: column for name, column in proposed.fields.items() if name != "any"}
    other = replace(proposed, fields=others | {"either": "input.any"}, priority="")
    asking.start(held, other, by=by)
    assert imports.run(held.pk)
    assert not RefusedRow.objects.exists()
    came = list(export.items(places[1], wanted=wanted))
    named = [{"either" if name == "any" else name: value for name, value in body.items()} for body in bodies]
    assert [(item.body, item.priority) for item in came] == [(body, 0) for body in named]
    assert [item.external_id for item in came] == [item.external_id for item in export.items(places[0], wanted=wanted)]


def test_a_table_that_only_looks_like_an_export_is_read_as_any_other() -> None:
    cast = casts.company()
    again(cast.task, b"external_id,priority,due_at,text\nm1,5,,'=1\n", "mine.csv")
    (item,) = export.items(cast.task)
    assert (item.body, item.priority) == ({"text": "'=1"}, 5)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("input.orders", "many", "is no whole number"),
        ("input.*", "[1]", "must hold a JSON object"),
        ("priority", "1000", "from -100 to 100"),
        ("due_at", "yesterday", "is no time"),
        ("input.vip", "'json:{", "must hold JSON"),
        ("external_id", "'json:5", "must be text"),
    ],
)
def test_an_export_that_was_edited_by_hand_says_what_is_wrong_and_where(column: str, cell: str, reason: str) -> None:
    cast = casts.company()
    head = outgoing.head(export.shape_of(cast.task, ()))
    names = head.strip().split(",")
    row = [{"external_id": "x", "input.text": "a", column: cell}.get(name, "") for name in names]
    received = imports.receive(
        cast.task, name="out.csv", stream=io.BytesIO(f"{head}{','.join(row)}\n".encode()), by=cast.tuner.pk
    )
    assert imports.run(received.pk)
    refused = RefusedRow.objects.get()
    assert reason in refused.reason
    assert (refused.line, refused.column) == (2, column)
