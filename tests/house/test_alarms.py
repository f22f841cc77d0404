"""Alarms and the dashboard speak of metrics and labels that exist, and each alarm has its runbook."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from slider.exposition import Family
from slider.queries import metrics

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"] for rule in group["rules"]
]
BOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/slider.json").read_text())

pytestmark = pytest.mark.django_db


@pytest.fixture
def known() -> dict[str, Family]:
    return {family.name: family for family in metrics.families()}


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"].removeprefix("label_values")


def names(expression: str) -> set[str]:
    return set(re.findall(r"\bslider_\w+", expression))


def problems(expression: str, known: dict[str, Family]) -> list[str]:
    """What an expression names that does not exist: metrics, and labels in braces or behind `by` and `on`."""
    found = [name for name in sorted(names(expression)) if name not in known]
    for name, braces in re.findall(r"\b(slider_\w+)\{([^}]*)\}", expression):
        labels = set(re.findall(r"(\w+)\s*(?:=~|!=|=|!~)", braces))
        found += [f"{name}{{{label}}}" for label in sorted(labels - set(known[name].labels)) if name in known]
    every = {label for family in known.values() for label in family.labels}
    for listed in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        found += [label for label in re.findall(r"\w+", listed) if label not in every]
    return found


def test_every_metric_and_label_that_is_named_exists(known: dict[str, Family]) -> None:
    named = list(expressions())
    assert len(named) > 40
    assert {where: wrong for where, text in named if (wrong := problems(text, known))} == {}
    assert all(names(text) for _, text in named)


def test_a_wrong_name_would_be_found(known: dict[str, Family]) -> None:
    assert problems('sum by (tusk) (slider_share{witch="asked"}) + slider_sharp', known) == [
        "slider_sharp",
        "slider_share{witch}",
        "tusk",
    ]


def test_what_a_summary_says_of_an_alarm_is_among_the_labels_of_its_metrics(known: dict[str, Family]) -> None:
    for rule in RULES:
        said = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        there = {label for name in names(rule["expr"]) for label in known[name].labels}
        assert said <= there, rule["alert"]


def test_each_alarm_has_a_runbook_that_says_what_it_means_where_to_look_and_what_to_do() -> None:
    page = (ROOT / "docs/operations.md").read_text().partition("## Runbooks")[2]
    books = {part.partition("\n")[0].strip(): part for part in page.split("\n### ")[1:]}
    assert sorted(books) == sorted(rule["alert"] for rule in RULES)
    for rule in RULES:
        book = books[rule["alert"]]
        assert all(f"*{word}:*" in book for word in ("Means", "Look", "Do")), rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "notice")


def test_no_two_panels_lie_on_each_other_and_each_has_a_name_of_its_own() -> None:
    cells = [
        (x, y)
        for panel in BOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    titles = [panel["title"] for panel in BOARD["panels"]]
    assert len(titles) == len(set(titles)) == len({panel["id"] for panel in BOARD["panels"]})
