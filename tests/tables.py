"""The tables of one test run: the first of its processes migrates, the others copy. It takes ten seconds of a core.

A later run over the same migrations takes up what an earlier one has put aside, in a second.
"""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path
from typing import IO

import psycopg
from django.db import connection, connections

from slider.embedded import programs

ROOT = Path(__file__).resolve().parent.parent
ASIDE = ROOT / ".pytest_cache" / "tables"


class Tables:
    """The right to make them, from the beginning until `keep`; one process at a time has it."""

    def __init__(self, folder: Path, file: IO[str]) -> None:
        self.name = copy_of(folder)
        self._file = file
        fcntl.flock(file, fcntl.LOCK_EX)

    def are_made(self) -> bool:
        return os.fstat(self._file.fileno()).st_size > 0

    def recall(self) -> bool:
        """Make them from what an earlier run has put aside; False where there is nothing of these migrations."""
        if not (aside := _aside()).exists():
            return False
        with _server() as session:
            session.execute(f'CREATE DATABASE "{self.name}" TEMPLATE template0')
        if fill(self.name):
            self._say_made()
            return True
        aside.unlink()
        with _server() as session:
            session.execute(f'DROP DATABASE "{self.name}"')
        return False

    def keep(self) -> None:
        """Put this process's tables aside for those who come later, and let the next have its turn."""
        if not self.are_made():
            connections.close_all()
            with _server() as session:
                own = str(connection.settings_dict["NAME"])
                session.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{own}"')
            self._put_aside()
            self._say_made()
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def _say_made(self) -> None:
        self._file.write("made")
        self._file.flush()

    def _put_aside(self) -> None:
        """For later runs; what is there of other migrations goes."""
        aside = _aside()
        aside.parent.mkdir(parents=True, exist_ok=True)
        for old in aside.parent.iterdir():
            old.unlink(missing_ok=True)
        whole = aside.with_suffix(f".{os.getpid()}")
        if _tool("pg_dump", "--format=custom", f"--file={whole}", "--dbname", _address(self.name)):
            whole.rename(aside)


def fill(database: str) -> bool:
    """Restore what an earlier run has put aside into this empty database; False where there is nothing of the kind."""
    aside = _aside()
    whole = ("--exit-on-error", "--single-transaction", "--no-owner")
    return aside.exists() and _tool("pg_restore", *whole, "--dbname", _address(database), str(aside))


def copy_of(folder: Path) -> str:
    """The name of the database that is copied, by the folder of the run."""
    return f"{folder.name}-tables"


def forget(folder: Path) -> None:
    """Remove what was put aside, where the server stays."""
    with _server() as session:
        session.execute(f'DROP DATABASE IF EXISTS "{copy_of(folder)}"')


def _aside() -> Path:
    """Where tables of these migrations, and of those of the packages, are put aside."""
    digest = hashlib.sha256()
    for file in (*sorted((ROOT / "slider" / "migrations").glob("*.py")), ROOT / "requirements.txt"):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return ASIDE / f"{digest.hexdigest()[:16]}.dump"


def _tool(name: str, *arguments: str) -> bool:
    """One of PostgreSQL's own programs; a server of another version than theirs may make them fail."""
    done = subprocess.run(
        [programs.postgres_programs() / name, *arguments],
        env=os.environ | {"PGPASSWORD": connection.settings_dict["PASSWORD"]},
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.returncode == 0


def _address(name: str) -> str:
    given = connection.get_connection_params()
    known = {key: given.get(key) for key in ("host", "port", "user")}
    return psycopg.conninfo.make_conninfo(dbname=name, **{key: value for key, value in known.items() if value})


def _server() -> "psycopg.Connection[tuple[object, ...]]":
    """A session outside of every test's database."""
    return psycopg.connect(**{**connection.get_connection_params(), "dbname": "postgres"}, autocommit=True)
