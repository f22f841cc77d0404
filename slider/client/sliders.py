"""The slider: where it stands, another share, and what the audits say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import Preview, Slider, record


@dataclass(frozen=True, slots=True)
class Sliders:
    """The sliders of the project's tasks."""

    line: Line

    def get(self, task: str) -> Slider:
        return record(Slider, self.line.call("GET", f"/tasks/{task}/slider"))

    def preview(self, task: str, *, share: float | None = None, mode: str | None = None) -> Preview:
        """What another share would come to. It changes nothing."""
        query = {"share": share, "mode": mode}
        return record(Preview, self.line.call("GET", f"/tasks/{task}/slider/preview", query=query))

    def apply(
        self, task: str, share: float, *, reason: str, mode: str | None = None, expected: int | None = None
    ) -> Slider:
        """Ask for another share. `expected`: the policy it is based on; refused with 409 where it was moved since."""
        body = {"share": share, "mode": mode, "reason": reason, "expected": expected}
        return record(Slider, self.line.call("POST", f"/tasks/{task}/slider", body=body))

    def put_back(self, task: str, number: int, *, reason: str, expected: int) -> Slider:
        """Ask again for what an earlier policy asked."""
        body = {"number": number, "reason": reason, "expected": expected}
        return record(Slider, self.line.call("POST", f"/tasks/{task}/slider/put-back", body=body))

    def pull_back(self, task: str, *, reason: str) -> Slider:
        """Everything to people, now."""
        return record(Slider, self.line.call("POST", f"/tasks/{task}/slider/pull-back", body={"reason": reason}))

    def release(self, task: str, *, reason: str) -> Slider:
        """End a pull-back."""
        return record(Slider, self.line.call("POST", f"/tasks/{task}/slider/release", body={"reason": reason}))

    def history(self, task: str) -> Iterator[dict[str, Any]]:
        """Who moved it, when, from where to where and why; newest first."""
        return self.line.pages(f"/tasks/{task}/slider/history", "entries")

    def quality(self, task: str) -> dict[str, Any]:
        """What audits have found of the unattended lane, and what that bounds."""
        told: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/quality")
        return told
