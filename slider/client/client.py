"""The client: a line to one Slider with one key, and what can be done through it."""

from types import TracebackType
from typing import Any, Self

import httpx2

from slider.client.exports import Exports
from slider.client.fleet import Fleet
from slider.client.histories import Histories
from slider.client.imports import Imports
from slider.client.items import Items
from slider.client.keys import Keys
from slider.client.lead import Lead
from slider.client.line import Line, Patience
from slider.client.log import Log
from slider.client.notices import Notices
from slider.client.people import Invitations, Seats
from slider.client.privacy import Privacy
from slider.client.records import Me, record
from slider.client.reviewers import Reviewers
from slider.client.reviews import Reviews
from slider.client.sliders import Sliders
from slider.client.tasks import Tasks
from slider.client.webhooks import Webhooks


class Client:
    """A Slider at `address`, seen through one key. Use it as a context, or `close` it."""

    def __init__(
        self,
        address: str,
        *,
        key: str,
        timeout_s: float = 30.0,
        patience: Patience | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = httpx2.Client(
            base_url=f"{address.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}", "User-Agent": "slider-client/1"},
            timeout=timeout_s,
            transport=transport,
        )
        self.line = Line(self._http, patience or Patience())
        self.tasks = Tasks(self.line)
        self.items = Items(self.line)
        self.exports = Exports(self.line)
        self.imports = Imports(self.line)
        self.histories = Histories(self.line)
        self.reviews = Reviews(self.line)
        self.lead = Lead(self.line)
        self.reviewers = Reviewers(self.line)
        self.sliders = Sliders(self.line)
        self.notices = Notices(self.line)
        self.webhooks = Webhooks(self.line)
        self.privacy = Privacy(self.line)
        self.fleet = Fleet(self.line)
        self.keys = Keys(self.line)
        self.seats = Seats(self.line)
        self.invitations = Invitations(self.line)
        self.log = Log(self.line)
        self.site_log = Log(self.line, "/site/log")

    def me(self) -> Me:
        """Which key this is and what it may."""
        return record(Me, self.line.call("GET", "/me"))

    def members(self) -> list[dict[str, Any]]:
        """Everybody of the project, with what they know."""
        found: list[dict[str, Any]] = self.line.call("GET", "/members")["members"]
        return found

    def teach(self, member_id: int, skills: list[str]) -> dict[str, Any]:
        """Say what somebody knows."""
        told: dict[str, Any] = self.line.call("PUT", f"/members/{member_id}/skills", body={"skills": skills})
        return told

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
