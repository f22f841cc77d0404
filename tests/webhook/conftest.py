"""A receiver on loopback that answers as each test says."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

# A self-signed certificate for receiver.test with its key: good for a hundred years and for nothing but tests.
CERTIFICATE = Path(__file__).parent / "receiver.pem"

Script: TypeAlias = Callable[[socket.socket], None]


class Receiver:
    """Takes connections one after the other; keeps each request and plays its script."""

    def __init__(self) -> None:
        self.script: bytes | Script = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.requests: list[tuple[str, bytes]] = []
        self.tls: ssl.SSLContext | None = None
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=slider"

    def close(self) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while not self.over.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                line.settimeout(10)
                try:
                    self._answer(self.tls.wrap_socket(line, server_side=True) if self.tls else line)
                except OSError:
                    continue  # the client went away, as some of the tests want

    def _answer(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as incoming:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                got = incoming.readline()
                if not got:
                    return
                head += got
            headers = head.decode()
            length = next(int(one[15:]) for one in headers.lower().split("\r\n") if one.startswith("content-length:"))
            self.requests.append((headers, incoming.read(length)))
            if isinstance(self.script, bytes):
                line.sendall(self.script)
            else:
                self.script(line)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
