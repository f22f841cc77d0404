"""Notices: what was told about sliders."""

from collections.abc import Iterator
from dataclasses import dataclass

from slider.client.line import Line
from slider.client.records import record
from slider.client.records_board import Notice


@dataclass(frozen=True, slots=True)
class Notices:
    """The notices of the key's project."""

    line: Line

    def all(self, task: str) -> Iterator[Notice]:
        """A task's notices, newest first."""
        for one in self.line.pages(f"/tasks/{task}/notices", "notices"):
            yield record(Notice, one)

    def news(self) -> list[Notice]:
        """The newest that the key's person has not put away."""
        return [record(Notice, one) for one in self.line.call("GET", "/notices")["notices"]]

    def see(self, notice_id: int) -> None:
        """Put one away, for the key's person alone."""
        self.line.call("POST", f"/notices/{notice_id}/seen")
