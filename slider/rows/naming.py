"""Ids for rows that bring none: made of a row's content, so that the same file brings in the same items."""

from collections import Counter
from dataclasses import replace

from slider import strict
from slider.rows.records import Bad, Record


class Namer:
    """Gives each row without an id one, and counts equal rows to tell them apart; show it every row, in order."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def named(self, row: Record | Bad) -> Record | Bad:
        """The row under its own id, or under one made of its content."""
        if isinstance(row, Bad) or row.external_id is not None:
            return row
        try:
            digest = strict.digest(strict.check(row.body))[:16]
        except strict.StrictError:
            return row  # intake refuses it and says where
        self._seen[digest] += 1
        return replace(row, external_id=f"row-{digest.hex()}-{self._seen[digest]}")
