"""One connection with one deadline: no receiver, however slow each byte comes, gets more time than another."""

import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slider.webhook.target import Target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True)
class Deadline:
    """One moment by which everything must be done, on the monotonic clock."""

    at: float

    def left_s(self) -> float:
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connected(target: Target, addresses: list[str], deadline: Deadline, tls: ssl.SSLContext | None) -> socket.socket:
    """A connection to the first address that takes one, with TLS for the host's name if the scheme asks."""
    refused: OSError = OSError("no address was tried")
    for tried, address in enumerate(addresses):
        # One that swallows every packet must not use up the time of those behind it.
        part_s = deadline.left_s() / (len(addresses) - tried)
        try:
            line = socket.create_connection((address, target.port), timeout=part_s)
        except OSError as error:
            refused = error
            continue
        if target.scheme == "http":
            return line
        try:
            line.settimeout(deadline.left_s())
            return (tls or ssl.create_default_context()).wrap_socket(line, server_hostname=target.host)
        except OSError:
            line.close()
            raise
    raise refused


class Line:
    """What http.client needs of a socket, with the time that is left set before each step."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        self._line = line
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        self._line.settimeout(self._deadline.left_s())
        self._line.sendall(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._line, self._deadline))

    def close(self) -> None:
        """Nothing: the answer may still be read, and who connected closes."""


class _Incoming(io.RawIOBase):
    """Bytes from a socket; a receiver that drips one byte a second gets no more time than any other."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._line = line
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._line.settimeout(self._deadline.left_s())
        return self._line.recv_into(buffer)
