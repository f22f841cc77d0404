"""Those who use it while it breaks: programs that push items, people who decide, and one who moves the slider.

Each says what it was told and nothing that it guesses. Whatever has no answer is said again until it has one, as a
program with retries and the desk's own page do.
"""

import http.client
import json
import random
import re
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.db import DatabaseError, InterfaceError, connections

from tests.faults.history import History

ANSWER_S = 10.0
REASONS = ("wrong", "policy")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """HTTP to one address over one connection, which is made anew after each trouble."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port, self._headers = port, headers
        self._cookies = dict(one.split("=", 1) for one in headers.get("Cookie", "").split("; ") if one)
        self._open: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Raises OSError or HTTPException when nobody knows what became of it."""
        if self._open is None:
            self._open = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._open.request(method, path, body or None, self._headers | named)
            answer = self._open.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
                self._headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            self._open.close()
            self._open = None
            raise


def push(
    history: History,
    *,
    port: int,
    key: str,
    task: str,
    number: int,
    seed: int,
    crowded: threading.Event,
    stop: threading.Event,
) -> None:
    """Push items one by one: a tenth again, and a tenth under a name that others use; none while it is crowded."""
    line = Line(port, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    chance, me, count = random.Random(seed), f"program-{number}", 0
    while not stop.is_set():
        count += 1
        name = f"k{number}-{count}"
        if chance.random() < 0.1 and count > 2:
            name = f"k{number}-{count - 1}"
        if chance.random() < 0.1:
            name = f"shared0-{count}"
        body = json.dumps({"external_id": name, "input": {"text": f"item {name}", "subject": name}}).encode()
        history.add(me, "invoke", "push", name)
        while not stop.is_set():
            try:
                answer = line.ask("POST", f"/api/v1/tasks/{task}/items", body)
            except (OSError, http.client.HTTPException) as error:
                history.add(me, "info", "push", name, type(error).__name__)
            else:
                if answer.status in (200, 201):
                    history.add(me, "ok", "push", name, json.loads(answer.body)["id"])
                    break
                history.add(me, "fail" if answer.status < 500 else "info", "push", name, answer.status)
            stop.wait(0.1)
        stop.wait(0.25)
        while crowded.is_set() and not stop.is_set():
            stop.wait(0.25)


class Reviewer:
    """A person at an open desk: what they decided is sent again until it is answered, as the page does it."""

    def __init__(self, history: History, *, port: int, name: str, session: str, seed: int) -> None:
        self._history, self._name = history, name
        self._line = Line(port, {"Cookie": session, "HX-Request": "true"})
        self._chance = random.Random(seed)
        self._page = str(uuid.uuid4())
        self._csrf = ""

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                look = self._take()
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                self._history.add(self._name, "info", "take", value=f"{type(error).__name__}: {error}"[:200])
                stop.wait(0.2)
                continue
            if look is None:
                stop.wait(0.3)
                continue
            stop.wait(25.0 if self._chance.random() < 0.01 else self._chance.uniform(0.01, 0.05))
            self._decide(look, stop)

    def _take(self) -> tuple[int, int] | None:
        if not self._csrf:
            page = self._line.ask("GET", "/desk/tasks").body.decode()
            found = re.search(r'<meta name="csrf-token" content="([^"]+)"', page)
            if found is None:
                raise RuntimeError("the desk gave no page")
            self._csrf = found[1]
        answer = self._post("/desk/ahead", want="1")
        if answer.status != 200:
            raise RuntimeError(f"the desk answered {answer.status}")
        looks = json.loads(answer.body)["looks"]
        return (looks[0]["review"], looks[0]["token"]) if looks else None

    def _decide(self, look: tuple[int, int], stop: threading.Event) -> None:
        """`note` is ours alone: by it we know our own words again in the tables."""
        review, token = look
        note = f"{self._name} {uuid.uuid4()}"
        said = {"token": str(token), "verdict": "accept", "note": note}
        if self._chance.random() < 0.2:
            said |= {"verdict": "reject", "reason": self._chance.choice(REASONS)}
        self._history.add(self._name, "invoke", "decide", str(review), note)
        again = self._chance.random() < 0.05
        ends = False
        while not ends:
            ends = stop.is_set()  # whoever was away for long says their last word at the end: it comes too late
            try:
                answer = self._post(f"/desk/{review}/decide", **said)
            except (OSError, http.client.HTTPException) as error:
                self._history.add(self._name, "info", "decide", str(review), type(error).__name__)
                stop.wait(0.3)
                continue
            if answer.status >= 500 or answer.status == 429:
                self._history.add(self._name, "info", "decide", str(review), answer.status)
                stop.wait(0.3)
                continue
            saved = answer.status == 200 and answer.headers.get("x-desk-outcome") == "saved"
            kind: Any = "ok" if saved else "fail"
            self._history.add(self._name, kind, "decide", str(review), note)
            if not (saved and again):
                return
            again = False

    def _post(self, path: str, **fields: str) -> Answer:
        body = urlencode({"page": self._page, "csrfmiddlewaretoken": self._csrf, **fields}).encode()
        return self._line.ask(
            "POST", path, body, Content_Type="application/x-www-form-urlencoded", X_CSRFToken=self._csrf
        )


def tune(history: History, *, task_id: int, by: int, seed: int, stop: threading.Event) -> None:
    """Pull the slider back and let it go, again and again. After «ok» nothing may finish unattended until «invoke»."""
    from slider.flow import steer

    chance = random.Random(seed)
    while not stop.wait(chance.uniform(3.0, 6.0)):
        for what, act in (("pull back", steer.pull_back), ("release", steer.release)):
            history.add("tuner", "invoke", what)
            while True:
                try:
                    act(task_id, reason=f"{what} by chance", by=by)
                    history.add("tuner", "ok", what)
                    break
                except (DatabaseError, InterfaceError) as error:
                    history.add("tuner", "info", what, value=type(error).__name__)
                    connections["default"].close()
                    time.sleep(0.2)
            time.sleep(chance.uniform(0.5, 1.5))
    connections["default"].close()


def watch_the_guard(history: History, *, connect: Any, task_id: int, stop: threading.Event) -> None:
    """Write down the guard's sign of life as it stands in the table, over and over."""
    line: Any = None
    while not stop.wait(0.1):
        try:
            line = line or connect()
            found = line.execute(
                "SELECT extract(epoch FROM checked_at)::float8 FROM slider_gauge WHERE task_id = %s", [task_id]
            ).fetchone()
            history.add("watch", "seen", "guard", value=float(found[0]))
        except psycopg.Error as error:
            history.add("watch", "info", "guard", value=type(error).__name__)
            line = None
