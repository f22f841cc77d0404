"""The tables of one test run: the first of its processes migrates, the others copy. It takes ten seconds of a core."""

import fcntl
import os
from pathlib import Path
from typing import IO

import psycopg
from django.db import connection, connections


class Tables:
    """The right to make them, from the beginning until `keep`; one process at a time has it."""

    def __init__(self, folder: Path, file: IO[str]) -> None:
        self.name = copy_of(folder)
        self._file = file
        fcntl.flock(file, fcntl.LOCK_EX)

    def are_made(self) -> bool:
        return os.fstat(self._file.fileno()).st_size > 0

    def keep(self) -> None:
        """Put this process's tables aside for those who come later, and let the next have its turn."""
        if not self.are_made():
            connections.close_all()
            with _server() as session:
                own = str(connection.settings_dict["NAME"])
                session.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{own}"')
            self._file.write("made")
            self._file.flush()
        fcntl.flock(self._file, fcntl.LOCK_UN)


def copy_of(folder: Path) -> str:
    """The name of the database that is copied, by the folder of the run."""
    return f"{folder.name}-tables"


def forget(folder: Path) -> None:
    """Remove what was put aside, where the server stays."""
    with _server() as session:
        session.execute(f'DROP DATABASE IF EXISTS "{copy_of(folder)}"')


def _server() -> "psycopg.Connection[tuple[object, ...]]":
    """A session outside of every test's database."""
    return psycopg.connect(**{**connection.get_connection_params(), "dbname": "postgres"}, autocommit=True)
