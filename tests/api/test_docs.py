"""The API's page: its examples answer what it says, and every call and every code of a refusal stands on it."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.test import Client

from slider.flow import keys
from slider.models import Scope, Task
from slider.strict import Code
from tests import casts
from tests.api.calls import TERMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "api.md"
EXAMPLE = re.compile(
    r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<rest>.*?)```\n\n```json (?P<status>\d+)\n(?P<answer>.*?)```", re.S
)
NOT_FIXED = {
    *("created_at", "due_at", "finished_at", "request_id", "next", "prefix", "words", "why", "more"),
}


def test_every_example_answers_what_the_page_says(db: None) -> None:
    cast = casts.company()
    whole = keys.make(
        cast.project, name="docs", scopes=list(Scope), expires_at=None, by=cast.admin.pk, person=cast.admin.pk
    ).whole
    Task.objects.filter(pk=cast.task.pk).update(undo_s=0)
    cast.task.refresh_from_db()
    casts.one(cast.task, "mail-3")
    casts.decide(cast.reviewer, cast.task)  # the result that the page collects
    ids: dict[Any, Any] = {}
    found = list(EXAMPLE.finditer(PAGE.read_text()))
    assert len(found) == PAGE.read_text().count("```http") == 14
    for example in found:
        path = re.sub(r"/items/(\d+)", lambda m: f"/items/{ids[int(m[1])]}", example["path"])
        body = example["rest"].partition("\n\n")[2]
        answer = Client().generic(
            example["method"], path, body.encode(), "application/json", headers={"Authorization": f"Bearer {whole}"}
        )
        said, told = json.loads(example["answer"]), answer.json()
        if "id" in said:
            ids[said["id"]] = told["id"]
        assert answer.status_code == int(example["status"]), answer.content
        assert plain(told) == plain(said), example["path"]


def plain(value: Any, name: str = "") -> Any:
    """The answer without what differs from one installation to the next: numbers of rows, moments, cursors."""
    if (name in NOT_FIXED or (name == "key" and value != "docs")) and value is not None:
        return "..."
    if name in ("id", "item") and value is not None:
        return "a row"
    if isinstance(value, dict):
        return {key: plain(child, key) for key, child in value.items()}
    return [plain(child) for child in value] if isinstance(value, list) else value


def test_every_call_stands_on_the_page_with_its_scope() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \| (?:`(\w+)`|any key) \|", PAGE.read_text(), re.MULTILINE)
    told = {(method, path): scope or None for method, path, scope in rows}
    assert len(told) == len(rows)
    assert told == {call: scope.value if scope else None for call, (scope, _) in TERMS.items()}


def test_every_code_of_a_refusal_stands_on_the_page_with_its_status() -> None:
    section = PAGE.read_text().partition("## Refusals")[2].partition("\n## ")[0]
    told = set()
    for statuses, codes in re.findall(r"^\| (\d{3}(?:, \d{3})*) \| (.*) \|$", section, re.MULTILINE):
        names = re.findall(r"`([a-z][a-z0-9_]+)(?:\.\.\.)?`", codes)
        told |= {(int(status), name) for status in statuses.split(", ") for name in names}
    known = set(refusals())
    assert [one for one in sorted(known) if one not in told and (one[0], beginning(one[1])) not in told] == []
    assert {name for _, name in told} <= {name for _, code in known for name in (code, beginning(code))}


def beginning(code: str) -> str:
    """What a code shares with others, by which the page names them together."""
    return f"{code.partition('_')[0]}_"


def refusals() -> Iterator[tuple[int, str]]:
    """Each status and code that the API's modules refuse with."""
    for path in sorted((ROOT / "slider" / "api").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault"):
                continue
            status, code = node.args[:2]
            either = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
            for one in either:
                if isinstance(status, ast.Constant) and isinstance(one, ast.Constant):
                    yield int(str(status.value)), str(one.value)
    for code_of_body in Code:
        yield (413 if code_of_body in (Code.TOO_LARGE, Code.NODES) else 400), code_of_body.value
