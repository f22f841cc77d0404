"""A reviewer at the desk over HTTP, as the page's own script speaks: looks ahead, verdicts, each under its claim."""

import re
import time
import uuid
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import aiohttp
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.urls import reverse

from slider.flow.sign_ins import BEGAN

AHEAD = 3
TOOK = "X-Took-Ms"  # see bench.desk_server


@dataclass(frozen=True, slots=True)
class Look:
    """What a page has in hands."""

    review: int
    token: int


@dataclass(slots=True)
class Seen:
    """What one reviewer was given and what they said that was saved."""

    given: list[Look] = field(default_factory=list)
    saved: dict[int, str] = field(default_factory=dict)
    refused: int = 0


class Reviewer:
    """One signed-in person with one open page."""

    def __init__(self, address: str, session: str) -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # the host is a bare IP address
        cookies = {settings.SESSION_COOKIE_NAME: session}
        self._session = aiohttp.ClientSession(address, cookies=cookies, cookie_jar=jar)
        self._page = str(uuid.uuid4())
        self._csrf = ""
        self.hand: list[Look] = []
        self.seen = Seen()

    async def open(self) -> None:
        """Open the desk as a browser does: the page carries the token against forged requests."""
        async with self._session.get(reverse("desk")) as answer:
            text = await answer.text()
            found = re.search(r'<meta name="csrf-token" content="([^"]+)"', text)
            if answer.status != 200 or found is None:
                raise RuntimeError(f"The desk answered {answer.status}: {text[:300]}")
            self._csrf = found.group(1)

    async def close(self) -> None:
        await self._session.close()

    async def ahead(self, want: int) -> tuple[int, float]:
        """Ask for so many looks; how many came, and the server's own milliseconds."""
        have = [("have", f"{look.review}:{look.token}") for look in self.hand]
        body, took = await self._post(reverse("desk-ahead"), [("want", str(want)), *have])
        fresh = [Look(one["review"], one["token"]) for one in body["looks"]]
        self.hand += fresh
        self.seen.given += fresh
        return len(fresh), took

    async def decide(self, verdict: str, reason: str = "") -> float:
        """Decide the first look in hand; the server's own milliseconds."""
        look = self.hand.pop(0)
        said = [("token", str(look.token)), ("verdict", verdict), ("reason", reason), ("seen_ms", "900")]
        try:
            _, took = await self._post(reverse("desk-decide", args=[look.review]), said)
        except aiohttp.ClientResponseError as error:
            if error.status not in (409, 422):
                raise
            self.seen.refused += 1
            return 0.0
        self.seen.saved[look.review] = verdict
        return took

    async def _post(self, path: str, fields: list[tuple[str, str]]) -> tuple[Any, float]:
        headers = {"X-CSRFToken": self._csrf, "HX-Request": "true"}
        data = aiohttp.FormData([("page", self._page), *fields])
        async with self._session.post(path, data=data, headers=headers, allow_redirects=False) as answer:
            if answer.status >= 300:
                answer.raise_for_status()
                raise RuntimeError(f"{path} sent us away with {answer.status}")
            kind = answer.content_type
            body = await answer.json() if kind == "application/json" else await answer.text()
            return body, float(answer.headers.get(TOOK, "0"))


def sign_in(username: str) -> str:
    """A session of this person, made without the door: that lets nobody in thirty times a minute from one address."""
    user = User.objects.get(username=username)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[BEGAN] = int(time.time())
    store.create()
    return str(store.session_key)
