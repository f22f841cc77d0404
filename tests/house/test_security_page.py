"""Every security case has its test or its reason, and every test that the page names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::([\w.*]+)`")
CASES = PAGE.partition("## The cases")[2]
ROWS = [
    (case.strip(), held.strip())
    for case, held in re.findall(r"^\| (.+?) \| (.+) \|$", CASES, re.MULTILINE)
    if case not in ("case", "---")
]
# What a case is about, in a word that its row has: of the list that this page answers.
ASKED = (
    *("tries to sign in", "who exists", "another session", "second step", "new password", "cookies", "forged requests"),
    *(
        "no change by GET",
        "in a frame",
        "forged host",
        "`next=`",
        "every role",
        "another project",
        "a form does not have",
    ),
    *(
        "another person's claim",
        "audits and known answers",
        "one scope",
        "expired, revoked",
        "removed member",
        "markup",
    ),
    *(
        "CSS and SVG",
        "content security policy",
        "SQL",
        "template syntax",
        "log injection",
        "formulas",
        "header splitting",
    ),
    *("paths in the names", "patterns that never end", "XML entities", "zip slip", "webhooks", "models' endpoints"),
    *("secrets in logs", "debug", "error pages", "/metrics", "limits of calls", "unpacked", "uploads", "list of known"),
    *("the container", "database role", '"approved"', "recipient", "the reviewer's cookie", "nonsense", "a suffix"),
    *("a lesson planted", "sway", "anchoring", "fatigue", "always agree"),
)


@cache
def defined(file: str) -> frozenset[str]:
    """The tests of a file; those of a class with its name before them."""
    tree = ast.parse((ROOT / file).read_text())
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition(".")[2].startswith("test_"))


def missing(text: str) -> list[str]:
    """What is named and not there; `*` is all tests of a file."""
    wrong = []
    for file, name in NAMED.findall(text):
        known = defined(file) if (ROOT / file).is_file() else frozenset()
        if not known or (name != "*" and name not in known):
            wrong.append(f"{file}::{name}")
    return wrong


def test_every_test_that_is_named_is_there() -> None:
    assert missing(PAGE) == []
    assert len(NAMED.findall(PAGE)) > 120


@pytest.mark.parametrize(("case", "held"), ROWS, ids=[case[:50] for case, _ in ROWS])
def test_every_case_has_a_test_or_a_reason(case: str, held: str) -> None:
    assert NAMED.search(held) or (len(held.split()) > 10 and ("No test:" in held or "`make " in held)), case


def test_every_case_that_was_asked_for_has_a_row() -> None:
    cases = " | ".join(case for case, _ in ROWS)
    assert [word for word in ASKED if word not in cases] == []


def test_what_is_not_there_would_be_found() -> None:
    assert missing("`tests/house/test_security_page.py::test_gone` `tests/gone.py::test_x`") == [
        "tests/house/test_security_page.py::test_gone",
        "tests/gone.py::test_x",
    ]
    assert missing("`tests/house/test_security_page.py::test_what_is_not_there_would_be_found`") == []
