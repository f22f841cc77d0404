"""What a site bears while it is changed: programs that push, people who read, a receiver that takes results.

No client tries a request again: what fails, failed.
"""

import http.client
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIMIT_S = 30.0


def body(name: str) -> dict[str, str]:
    """The input of the item of this name."""
    return {"text": f"where is my parcel number {name}"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as its client saw it."""

    path: str
    began: float
    took_s: float
    problem: str  # "" when it was answered as it should be


@dataclass(slots=True)
class Traffic:
    """Clients in threads until `end`; every call is kept."""

    address: tuple[str, int]
    calls: list[Call] = field(default_factory=list)
    pushed: dict[str, float] = field(default_factory=dict)  # external id: when it was acknowledged
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def push(self, *, slug: str, key: str, name: str, every_s: float, keep: bool) -> None:
        """One program that pushes an item at a time, on one connection (`keep`) or on a new one for each."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

        def once(number: int) -> tuple[str, str, dict[str, str], bytes]:
            content = {"external_id": f"{name}-{number}", "input": body(f"{name}-{number}")}
            return "POST", f"/api/v1/tasks/{slug}/items", headers, json.dumps(content).encode()

        def took(number: int) -> None:
            self.pushed[f"{name}-{number}"] = time.monotonic()

        self._begin(lambda: self._loop(once, wanted=201, every_s=every_s, keep=keep, took=took))

    def read(self, *, paths: Sequence[str], cookie: str, every_s: float, keep: bool) -> None:
        """One person who reads these pages in turn."""

        def once(number: int) -> tuple[str, str, dict[str, str], bytes]:
            return "GET", paths[number % len(paths)], {"Cookie": cookie}, b""

        self._begin(lambda: self._loop(once, wanted=200, every_s=every_s, keep=keep, took=lambda _: None))

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def failed(self) -> list[Call]:
        return [call for call in self.calls if call.problem]

    def p95_s(self, *, since: float, until: float) -> float:
        return p95([call.took_s for call in self.calls if since <= call.began < until])

    def _begin(self, act: Callable[[], None]) -> None:
        thread = threading.Thread(target=act, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _loop(
        self,
        once: Callable[[int], tuple[str, str, dict[str, str], bytes]],
        *,
        wanted: int,
        every_s: float,
        keep: bool,
        took: Callable[[int], None],
    ) -> None:
        number, line = 0, http.client.HTTPConnection(*self.address, timeout=LIMIT_S)
        while not self._over.wait(every_s):
            method, path, headers, body = once(number)
            began, problem = time.monotonic(), ""
            try:
                line.request(method, path, body, headers if keep else {**headers, "Connection": "close"})
                answer = line.getresponse()
                content = answer.read()
                if answer.status != wanted:
                    problem = f"{answer.status}: {content[:200]!r}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
                line.close()
            if not keep:
                line.close()
            self.calls.append(Call(path, began, time.monotonic() - began, problem))
            if not problem:
                took(number)
            number += 1


@dataclass(frozen=True, slots=True)
class Taken:
    """One webhook as it came in."""

    at: float
    body: bytes

    @property
    def item(self) -> str:
        return str(json.loads(self.body)["data"]["external_id"])


class Receiver:
    """Takes every webhook, and remembers under which id it came; or refuses all."""

    def __init__(self) -> None:
        self.taken: dict[str, list[Taken]] = defaultdict(list)
        self.refuses = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not receiver.refuses:
                    receiver.taken[self.headers["webhook-id"]].append(Taken(time.monotonic(), body))
                self.send_response(503 if receiver.refuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def repeated(self) -> dict[str, int]:
        """The ids that came more than once."""
        return {name: len(taken) for name, taken in self.taken.items() if len(taken) > 1}

    def results(self) -> list[str]:
        """The item of each id that came, in no order."""
        return [taken[0].item for taken in self.taken.values()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


def p95(values: Sequence[float]) -> float:
    assert values, "nothing was measured"
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]
