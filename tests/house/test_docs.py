"""The words around the code are true in what a machine can look up: paths, links, commands, settings, pictures."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.management import get_commands

from slider.celery import QUEUES
from slider.environment import Environment
from slider.management.commands import seed_demo

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if ".venv" not in path.parts
)
FOLDERS = ("slider", "tasks", "tests", "templates", "docs", "bench", "deploy", ".ci")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
# What begins with SLIDER_ and is no setting of the product: placeholders that a page explains.
NOT_SETTINGS = {"SLIDER_KEY"}
MOST_PICTURE_BYTES = 200 * 1024

each_page = pytest.mark.parametrize("page", PAGES, ids=str)


def text(page: Path) -> str:
    return (ROOT / page).read_text()


def links(page: Path) -> list[str]:
    """What a page points to: Markdown links, and the addresses of its HTML."""
    found = re.findall(r"\]\(([^)\s]+)\)", text(page)) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text(page))
    return [unquote(link) for link in found]


def named_paths(page: Path) -> set[str]:
    """Every path of the repository that stands in code quotes."""
    quoted = re.findall(r"`([^`\n]+)`", text(page))
    return {word for word in quoted if re.fullmatch(rf"({'|'.join(map(re.escape, FOLDERS))})/[\w./-]*", word)}


def test_the_pages_that_everybody_looks_for_are_there() -> None:
    names = {str(page) for page in PAGES}
    assert {"README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"} <= names
    assert {"docs/architecture.md", "docs/operations.md", "docs/house.md", "docs/engine.md"} <= names


@each_page
def test_every_link_inside_the_repository_resolves(page: Path) -> None:
    inside = [link for link in links(page) if not link.startswith(("http://", "https://", "mailto:", "#"))]
    missing = [link for link in inside if not (ROOT / page.parent / link.partition("#")[0]).exists()]
    assert missing == []


@each_page
def test_every_path_that_is_named_exists(page: Path) -> None:
    assert [path for path in sorted(named_paths(page)) if not (ROOT / path).exists()] == []


@each_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text(page), re.MULTILINE))
    assert named <= TARGETS


@each_page
def test_every_management_command_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", text(page)))
    assert named <= set(get_commands())


@each_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\bSLIDER_[A-Z_]*[A-Z]\b", text(page)))
    assert named - NOT_SETTINGS <= set(Environment.model_fields)


@each_page
def test_no_page_names_a_path_of_one_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.:/])/(?:home|root|tmp|work|Users|mnt|opt|srv|var)/\S*", text(page)) == []


@each_page
def test_every_line_of_a_table_has_as_many_cells_as_its_head(page: Path) -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", text(page), re.MULTILINE):
        rows = [len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row))) for row in table.splitlines()]
        assert len(set(rows)) == 1, table


def test_the_queues_are_explained_in_the_words_of_the_code() -> None:
    page = text(Path("docs/operations.md"))
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert {name: told.get(name) for name in QUEUES} == QUEUES


def test_the_defaults_in_the_tables_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (`SLIDER_[^|]*) \| ([^|]*) \|", text(Path("docs/operations.md")), re.MULTILINE)
    assert rows
    for names, values in rows:
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(", "), strict=True):
            assert str(Environment.model_fields[name].default) == value.strip(), name


def test_the_readme_tells_the_demo_as_it_is() -> None:
    page = " ".join(text(Path("README.md")).split())
    assert f"works on {len(seed_demo.messages())} messages" in page
    assert f"starts on trial at {seed_demo.SHARE * 100:g} %" in page
    assert f"with a limit of {seed_demo.ERROR_LIMIT * 100:g} % wrong" in page


def test_the_decisions_are_numbered_without_a_gap() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        assert page.read_text().startswith(f"# {page.name[:4]} ")
        assert all(f"**{part}.**" in page.read_text() for part in ("Question", "Decision", "Why", "Price")), page.name


def test_pictures_are_small_and_every_picture_is_described() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > MOST_PICTURE_BYTES] == []
    undescribed = [tag for page in PAGES for tag in re.findall(r"<img[^>]*>", text(page)) if 'alt="' not in tag]
    assert undescribed == []
