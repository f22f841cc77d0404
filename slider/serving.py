"""How the web server hears its callers: who sends or takes nothing for too long loses the connection, not a thread."""

import errno
import socket
import time
from typing import Any

from gunicorn.workers import gthread

PATIENCE_S = 15.0
"""How long a request may keep a thread waiting for its bytes, in all, besides what its size allows."""

SLOWEST_BYTES_S = 16 * 1024
"""A caller who is at least as quick as this may take as long as the size of a body or an answer needs."""

PIECE_BYTES = 16 * 1024
"""So much of an answer is sent before it is looked at how it goes."""

AT_ONCE_S = 0.05
"""A new connection that says nothing for so long waits for its bytes outside of the threads."""


class TimedSocket(socket.socket):
    """A connection that counts how long it keeps its thread waiting: the time of the application is not counted."""

    def __init__(self, taken: socket.socket) -> None:
        super().__init__(fileno=taken.detach())
        self.begin()

    def begin(self) -> None:
        """Another request begins: the counts with it."""
        self._heard = self._told = 0
        self._heard_s = self._told_s = 0.0

    def recv(self, *given: Any) -> bytes:
        began = self._hold(self._heard_s, self._heard, "sends")
        try:
            found = super().recv(*given)
        except TimeoutError:
            raise _too_slow("sends") from None
        finally:
            self._heard_s += time.monotonic() - began
        self._heard += len(found)
        return found

    def sendall(self, told: Any, *given: int) -> None:
        whole = memoryview(told).cast("B")
        for begins in range(0, len(whole), PIECE_BYTES):
            piece = whole[begins : begins + PIECE_BYTES]
            began = self._hold(self._told_s, self._told + len(piece), "takes")
            try:
                super().sendall(piece, *given)
            except TimeoutError:
                raise _too_slow("takes") from None
            finally:
                self._told_s += time.monotonic() - began
            self._told += len(piece)

    def _hold(self, waited_s: float, size: int, does: str) -> float:
        """Let the next step take what is left of the time; says when it begins."""
        left = PATIENCE_S + size / SLOWEST_BYTES_S - waited_s
        if left <= 0:
            raise _too_slow(does)
        # What the kernel has taken for a caller counts as told: at once they may be waited for no longer than this.
        self.settimeout(min(left, PATIENCE_S))
        return time.monotonic()


class Worker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's threads, none of which waits for ever for somebody else."""

    def enqueue_req(self, conn: Any) -> None:
        """Each connection comes by here before it is heard for the first time."""
        if not isinstance(conn.sock, TimedSocket) and not self.cfg.is_ssl:
            conn.sock = TimedSocket(conn.sock)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        if not conn.initialized and not conn.wait_for_data(AT_ONCE_S):
            return gthread._DEFER
        if isinstance(conn.sock, TimedSocket):
            conn.sock.begin()
        return super().handle(conn)


def _too_slow(does: str) -> ConnectionResetError:
    """As if the caller had gone: the server closes the connection and makes no fuss of it."""
    return ConnectionResetError(errno.ECONNRESET, f"the caller {does} too slowly")
