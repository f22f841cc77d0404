"""What can go wrong with a call."""

from collections.abc import Sequence
from typing import Any


class Problem(Exception):
    """A call that did not do what was asked."""


class Unreachable(Problem):
    """The server did not answer, or was busy, through all tries. What was sent may have been done.

    Items that are pushed under an `external_id` may be pushed again: they are the same items.
    """


class TooSlow(Problem):
    """The result was not there in the time that was given. The item goes on."""


class NotMade(Problem):
    """An export that is waited for and will not come: it failed, was cancelled or is not kept."""


class Withdrawn(Problem):
    """The item was withdrawn: no result comes."""


class Refused(Problem):
    """The server refused: `code` is for programs, `where` a JSON pointer into what was sent."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        self.status = status
        self.code = str(told.get("code", ""))
        self.detail = str(told.get("detail") or f"The server answered {status}.")
        self.where = str(told.get("where", ""))
        self.hint = str(told.get("hint", ""))
        self.request_id = str(told.get("request_id", ""))
        errors = told.get("errors", [])
        self.errors: Sequence[dict[str, Any]] = errors if isinstance(errors, list) else []
        place = f" (at {self.where})" if self.where else ""
        super().__init__(f"{status} {self.code}: {self.detail}{place} {self.hint}".rstrip())
