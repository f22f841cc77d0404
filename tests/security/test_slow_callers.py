"""Over raw sockets: whoever sends or takes next to nothing holds no thread, and others are answered meanwhile."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from slider import serving
from slider.management.local.children import WEB, free_port

ROOT = Path(__file__).parents[2]
PATIENCE_S = 1.0
THREADS = 2
GOOD = b"GET /quick HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
APP = f"""
from slider import serving
serving.PATIENCE_S = {PATIENCE_S}

def application(environ, start_response):
    read = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 50_000_000] if environ["PATH_INFO"] == "/long" else [b"read %d" % read]
"""


@contextmanager
def server(folder: Path, *, worker: str) -> Iterator[int]:
    """Gunicorn as deploy/ sets it up, with one process of two threads."""
    (folder / "slow_app.py").write_text(APP)
    port = free_port(0)
    command = ["-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.py"), f"--worker-class={worker}"]
    command += ["--workers=1", f"--threads={THREADS}", f"--bind=127.0.0.1:{port}", "slow_app:application"]
    env = os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *command], env=env, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(600):
                if asked(port, limit_s=5):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def asked(port: int, *, limit_s: float) -> bytes:
    """What a good caller gets within the limit."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=limit_s) as caller:
            caller.sendall(GOOD)
            return caller.recv(1000)
    except OSError:
        return b""


def dribble(port: int, begins: bytes, stop: threading.Event, closed: list[str]) -> None:
    """Begin a request, and add one byte whenever somebody has lost their patience."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(begins)
        while not stop.wait(0.1):
            try:
                caller.sendall(b"x")
            except OSError:
                closed.append("closed")
                return


def stall(port: int, begins: bytes, stop: threading.Event, closed: list[str]) -> None:
    """Ask for much and take nothing of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.sendall(begins)
        stop.wait(30)


SLOW = {
    "headers": (dribble, b"GET /quick HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
    "a body": (dribble, b"POST /quick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"),
    "a chunked body": (dribble, b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    "an answer": (stall, b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "silence": (stall, b""),
}


def answered_beside(port: int, kind: str, *, limit_s: float) -> bytes:
    """What a good caller gets while three times as many slow ones as there are threads are at it."""
    does, begins = SLOW[kind]
    stop, closed = threading.Event(), list[str]()
    with ExitStack() as stack:
        crowd = [threading.Thread(target=does, args=(port, begins, stop, closed)) for _ in range(3 * THREADS)]
        for one in crowd:
            stack.callback(one.join)
        stack.callback(stop.set)
        for one in crowd:
            one.start()
        time.sleep(0.3)
        return asked(port, limit_s=limit_s)


@pytest.mark.parametrize("kind", SLOW)
def test_slow_callers_hold_no_thread_for_ever(tmp_path: Path, kind: str) -> None:
    with server(tmp_path, worker="slider.serving.Worker") as port:
        assert answered_beside(port, kind, limit_s=20).startswith(b"HTTP/1.1 200")


def test_the_control_with_gunicorns_own_threads_answers_nobody(tmp_path: Path) -> None:
    with server(tmp_path, worker="gthread") as port:
        assert answered_beside(port, "a body", limit_s=4) == b""


def test_a_quick_caller_has_all_the_time_that_a_size_needs() -> None:
    left, right = socket.socketpair()
    with serving.TimedSocket(left) as timed, right:
        right.sendall(b"x" * 1000)
        assert timed.recv(4096) == b"x" * 1000
        timed._heard, timed._heard_s = 10 * 2**20, 600.0  # ten minutes for ten mebibytes: still in time
        right.sendall(b"y")
        assert timed.recv(1) == b"y"
        timed._heard_s = 700.0
        with pytest.raises(ConnectionResetError, match="too slowly"):
            timed.recv(1)
        timed.begin()
        right.sendall(b"z")
        assert timed.recv(1) == b"z"


def test_every_way_of_serving_has_these_limits() -> None:
    assert "--worker-class=slider.serving.Worker" in WEB
    assert 'worker_class = "slider.serving.Worker"' in (ROOT / "deploy" / "gunicorn.py").read_text()
    assert "read_header 10s" in (ROOT / "deploy" / "Caddyfile").read_text()
