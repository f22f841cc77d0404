"""What each address answers to each role: the table that the permission matrix is held against."""

from dataclasses import dataclass

ROLES = ("nobody", "outsider", "viewer", "reviewer", "lead", "tuner", "admin", "superuser")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# One letter a role, in that order:  L led to the door   N does not exist   F refused with words   O let through
TABLE = """
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One address: the verbs that it knows, and what each role gets."""

    verbs: frozenset[str]
    cells: dict[str, str]


def read() -> dict[str, Row]:
    """The table by name of the address."""
    rows: dict[str, Row] = {}
    for line in TABLE.strip().splitlines():
        name, verbs, letters = line.split()
        assert name not in rows, f"{name} stands in the table twice"
        assert len(letters) == len(ROLES), f"{name} has {len(letters)} letters for {len(ROLES)} roles"
        rows[name] = Row(frozenset(verbs.split(",")), dict(zip(ROLES, letters, strict=True)))
    return rows
