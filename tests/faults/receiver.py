"""The webhook's far end: takes results, sometimes fails, and sometimes takes one and loses its own answer."""

import base64
import hashlib
import hmac
import random
import threading
import time
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came over the wire; `taken` is whether the receiver kept it, whatever it answered."""

    at: float
    webhook_id: str
    body: bytes
    taken: bool
    is_signed: bool


class Receiver:
    """Listens on loopback in threads of its own; `secret` is the endpoint's, once it is known."""

    def __init__(self, *, seed: int, failing: float = 0.03, losing: float = 0.03) -> None:
        self.secret = ""
        self.failing, self.losing = failing, losing
        self.deliveries: list[Delivery] = []
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its own name
                """What came in stands in the list."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/results"
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        with self._lock:
            draw = self._chance.random()
            fails = draw < self.failing
            found = Delivery(
                time.time(), request.headers["webhook-id"], body, not fails, self._is_signed(request.headers, body)
            )
            self.deliveries.append(found)
        if not fails and draw < self.failing + self.losing:
            request.close_connection = True
            request.connection.close()  # it is kept here, and the sender will never know
            return
        request.send_response(500 if fails else 200)
        request.send_header("content-length", "0")
        request.end_headers()

    def _is_signed(self, headers: Message, body: bytes) -> bool:
        """The Standard Webhooks signature, worked out without the product's own code."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return wanted in str(headers["webhook-signature"]).split()
