"""The line to the server: one call with its retries, and pages one after the other."""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from slider import retry_after
from slider.client.problems import Refused, Unreachable

_AGAIN = frozenset({408, 425, 429, 502, 503, 504})
_UNDERWAY = "underway"
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried, and how long is waited between: longer each time, or what the server says."""

    tries: int = 6
    first_s: float = 0.5
    most_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, tried: int, told: str | None) -> None:
        """Wait after the try number `tried`; `told` is the server's Retry-After."""
        asked = retry_after.seconds(told, now=datetime.now(UTC), most_s=self.most_s) or 0.0
        grown = min(self.most_s, self.first_s * 2 ** (tried - 1)) * (0.5 + self.chance() / 2)
        self.sleep(max(asked, grown))


@dataclass(frozen=True, slots=True)
class Line:
    """Calls the API with one key."""

    http: httpx2.Client
    patience: Patience

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> Any:
        """The answer's JSON, or None where it has none. `once`: the Idempotency-Key; each POST has one of its own."""
        headers = {"Idempotency-Key": once or uuid.uuid4().hex} if method == "POST" else {}
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        return self._tried(
            f"{method} {path}", lambda: self.http.request(method, path, json=body, params=asked, headers=headers)
        )

    def send(self, path: str, file: Path, *, query: Mapping[str, Any], once: str | None = None) -> Any:
        """Post a file as it is, piece by piece, from its beginning at each try."""
        headers = {"Idempotency-Key": once or uuid.uuid4().hex, "Content-Type": "application/octet-stream"}
        asked = {name: value for name, value in query.items() if value is not None}

        def sent() -> httpx2.Response:
            with file.open("rb") as stream:
                length = {"Content-Length": str(os.fstat(stream.fileno()).st_size)}
                pieces = iter(lambda: stream.read(_PIECE_BYTES), b"")
                return self.http.post(path, content=pieces, params=asked, headers=headers | length)

        return self._tried(f"POST {path}", sent)

    def _tried(self, what: str, make: Callable[[], httpx2.Response]) -> Any:
        trouble = ""
        for tried in range(1, self.patience.tries + 1):
            told = None
            try:
                answer = make()
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if not _is_worth_another(answer):
                    return _read(answer)
                told = answer.headers.get("Retry-After")
                trouble = f"it answered {answer.status_code}"
            if tried < self.patience.tries:
                self.patience.wait(tried, told)
        raise Unreachable(f"{what} failed {self.patience.tries} times; last: {trouble}")

    def pages(self, path: str, name: str, *, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page by page; `name` is the list's in the answer."""
        after: str | None = None
        while True:
            page = self.call("GET", path, query={**(query or {}), "after": after})
            yield from page[name]
            after = page["next"]
            if after is None:
                return

    def stream(self, path: str, *, query: Mapping[str, Any]) -> Iterator[bytes]:
        """A file, piece by piece. It is not tried again: a second try would begin anew."""
        asked = {name: value for name, value in query.items() if value is not None}
        try:
            with self.http.stream("GET", path, params=asked) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    _read(answer)
                yield from answer.iter_bytes()
        except httpx2.TransportError as error:
            raise Unreachable(f"the file broke off: {type(error).__name__}: {error}") from error


def _is_worth_another(answer: httpx2.Response) -> bool:
    if answer.status_code == 409:
        return bool(_json(answer).get("code") == _UNDERWAY)
    return answer.status_code in _AGAIN


def _read(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        raise Refused(answer.status_code, _json(answer))
    if answer.status_code == 204:
        return None
    try:
        return answer.json()
    except ValueError:
        raise Refused(answer.status_code, {"detail": "What answers there is no Slider: it gives no JSON."}) from None


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
