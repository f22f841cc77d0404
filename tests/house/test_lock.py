"""A lock that its sources have left behind is noticed; a newer release on the index is not a fault."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt")


@pytest.fixture(scope="module")
def lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / ".ci" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lock"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def problems(lock: ModuleType, folder: Path) -> list[str]:
    return [problem for one in lock.locks(folder) for problem in one.problems()]


def test_the_locks_are_current(lock: ModuleType, copy: Path) -> None:
    assert problems(lock, copy) == []


@pytest.mark.parametrize("source", ["requirements.in", "requirements-dev.in"])
def test_a_changed_source_is_noticed(lock: ModuleType, copy: Path, source: str) -> None:
    with (copy / source).open("a") as file:
        file.write("some-new-thing\n")
    found = problems(lock, copy)
    assert any("is not current" in problem and source in problem for problem in found)
    assert any("does not pin some-new-thing" in problem for problem in found)


def test_the_test_lock_follows_the_run_lock(lock: ModuleType, copy: Path) -> None:
    with (copy / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert problems(lock, copy) == [
        ("requirements-dev.txt is not current: requirements-dev.in or requirements.txt changed since. Run `make lock`.")
    ]


def test_a_pin_without_a_hash_is_noticed(lock: ModuleType, copy: Path) -> None:
    with (copy / "requirements-dev.txt").open("a") as file:
        file.write("loose==1.0\n")
    assert problems(lock, copy) == ["requirements-dev.txt pins loose==1.0 without a hash. Run `make lock`."]


def test_an_address_is_noticed(lock: ModuleType, copy: Path) -> None:
    with (copy / "requirements-dev.txt").open("a") as file:
        file.write("loose @ https://example.org/loose-1.0.tar.gz\n")
    assert any("names an address" in problem for problem in problems(lock, copy))
