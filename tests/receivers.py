"""A real receiver of webhooks on this machine, and the clock's hand for what waits in the outbox."""

import http.server
import threading
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook

from slider.models import Endpoint, Parcel, sealing

Said = int | str | tuple[int, str]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Receiver:
    """`script` says what it does with each call, and 200 with `answer` when it has run out."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.script: list[Said] = []
        self.usual: Said = 200
        self.answer = b""
        self.release = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers.items()), body))
                said = outer.script.pop(0) if outer.script else outer.usual
                if said == "hang":
                    outer.release.wait(30)
                    return
                if said == "lose the answer":
                    self.close_connection = True
                    return
                status, more = said if isinstance(said, tuple) else (int(said), "")
                self.send_response(status)
                if more:
                    self.send_header("Location" if 300 <= status < 400 else "Retry-After", more)
                self.send_header("Content-Length", str(len(outer.answer)))
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


def secret(endpoint: Endpoint) -> str:
    """The signing secret as the receiver has it."""
    return sealing.unseal(Endpoint.objects.get(pk=endpoint.pk).secret)


def verified(secret: str, call: tuple[dict[str, str], bytes]) -> Any:
    """What a receiver makes of a call, with the scheme's own package; raises where the signature is wrong."""
    headers, body = call
    return Webhook(secret).verify(body, headers)


def hours_pass(hours: float = 1.0) -> None:
    """Time travel: all that waits or rests has done so for that much longer."""
    passed = timedelta(hours=hours)
    Parcel.objects.update(
        due_at=F("due_at") - passed, next_try_at=F("next_try_at") - passed, created_at=F("created_at") - passed
    )
    Endpoint.objects.update(
        rest_until=F("rest_until") - passed,
        failing_since=F("failing_since") - passed,
        old_until=F("old_until") - passed,
        removed_at=F("removed_at") - passed,
    )


def due_again() -> None:
    """Every pause is over, and no more."""
    Parcel.objects.update(next_try_at=Now() - timedelta(seconds=1))
    Endpoint.objects.update(rest_until=None)


def wait_s(parcel: Parcel) -> float:
    """Seconds from now until the next try."""
    left = Parcel.objects.annotate(now=Now()).get(pk=parcel.pk)
    return float((left.next_try_at - left.now).total_seconds())
