"""A delivery ends as delivered, failed or refused, whatever the receiver, the network or DNS does."""

import itertools
import socket
import ssl
import threading
from collections.abc import Mapping

import pytest

from slider import webhook
from slider.webhook import Delivered, Failed, Reason, Refused, Resolver, target
from tests.webhook.conftest import CERTIFICATE, Receiver

HEADERS = {"Content-Type": "application/json", "webhook-id": "pub_1"}
LOOPBACK = ("127.0.0.1", "receiver.test", "other.test")


def send(
    url: str,
    *,
    body: bytes = b"{}",
    headers: Mapping[str, str] = HEADERS,
    timeout_s: float = 10.0,
    resolver: Resolver = target.resolve,
    tls: ssl.SSLContext | None = None,
) -> webhook.Outcome:
    return webhook.post(
        url, body=body, headers=headers, allow_hosts=LOOPBACK, timeout_s=timeout_s, resolver=resolver, tls=tls
    )


def failed(url: str, *, timeout_s: float = 10.0, resolver: Resolver = target.resolve) -> Failed:
    outcome = send(url, timeout_s=timeout_s, resolver=resolver)
    assert isinstance(outcome, Failed), outcome
    return outcome


def at_loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_it_sends_body_and_headers_as_they_are(receiver: Receiver) -> None:
    outcome = send(receiver.url, body=b'{"answer":"\xc3\xa9"}')
    assert isinstance(outcome, Delivered)
    assert (outcome.status, outcome.excerpt) == (200, "ok")
    assert outcome.latency_ms > 0
    ((head, body),) = receiver.requests
    assert body == b'{"answer":"\xc3\xa9"}'
    assert head.startswith("POST /hook?from=slider HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{receiver.port}\r\n" in head
    assert "webhook-id: pub_1\r\n" in head
    assert "Content-Type: application/json\r\n" in head


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_status_of_success_delivers(receiver: Receiver, status: int) -> None:
    receiver.script = f"HTTP/1.1 {status} Fine\r\nContent-Length: 0\r\n\r\n".encode()
    outcome = send(receiver.url)
    assert isinstance(outcome, Delivered)
    assert outcome.status == status


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, Reason.REDIRECT),
        (302, Reason.REDIRECT),
        (307, Reason.REDIRECT),
        (400, Reason.STATUS),
        (404, Reason.STATUS),
        (410, Reason.GONE),
        (500, Reason.STATUS),
    ],
)
def test_every_other_status_fails(receiver: Receiver, status: int, reason: Reason) -> None:
    location = f"http://127.0.0.1:{receiver.port}/elsewhere"
    receiver.script = f"HTTP/1.1 {status} No\r\nLocation: {location}\r\nContent-Length: 3\r\n\r\nwhy".encode()
    outcome = failed(receiver.url)
    assert (outcome.status, outcome.reason, outcome.excerpt) == (status, reason, "why")
    assert outcome.gone == (status == 410)
    assert str(status) in outcome.detail
    assert len(receiver.requests) == 1, "a redirect is never followed"


@pytest.mark.parametrize(("header", "wait_s"), [("120", 120.0), ("-5", None), ("999999999", 86400.0), ("soon", None)])
@pytest.mark.parametrize("status", [429, 503])
def test_it_passes_on_how_long_to_wait(receiver: Receiver, status: int, header: str, wait_s: float | None) -> None:
    receiver.script = f"HTTP/1.1 {status} Busy\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()
    assert failed(receiver.url).retry_after_s == wait_s


def test_a_receiver_that_hangs_up_after_the_body_has_failed(receiver: Receiver) -> None:
    receiver.script = b""
    assert failed(receiver.url).reason is Reason.CONNECTION
    assert len(receiver.requests) == 1


def test_a_receiver_that_is_silent_fails_at_the_deadline(receiver: Receiver) -> None:
    def silent(_line: socket.socket) -> None:
        receiver.over.wait(10)

    receiver.script = silent
    outcome = failed(receiver.url, timeout_s=0.3)
    receiver.over.set()
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.latency_ms < 3000


def test_a_head_that_drips_fails_at_the_deadline(receiver: Receiver) -> None:
    def drip(line: socket.socket) -> None:
        for sign in itertools.chain(b"HTTP/1.1 200 OK\r\nX: ", itertools.repeat(120)):
            line.sendall(bytes([sign]))
            if receiver.over.wait(0.02):
                return

    receiver.script = drip
    assert failed(receiver.url, timeout_s=0.4).reason is Reason.TIMEOUT


def test_a_body_without_end_is_read_no_further_than_needed(receiver: Receiver) -> None:
    sent = 0

    def flood(line: socket.socket) -> None:
        nonlocal sent
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            sent += line.send(b"x" * 65536)

    receiver.script = flood
    outcome = send(receiver.url)
    assert isinstance(outcome, Delivered)
    assert len(outcome.excerpt) == 2000
    assert sent < 100_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    ],
    ids=["not HTTP", "headers without end", "a header without end"],
)
def test_an_answer_that_is_no_http_fails(receiver: Receiver, answer: bytes) -> None:
    receiver.script = answer
    assert failed(receiver.url).reason is Reason.PROTOCOL


def test_a_body_cut_short_still_delivers(receiver: Receiver) -> None:
    receiver.script = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok"
    assert isinstance(send(receiver.url), Delivered)


def test_an_excerpt_can_be_stored(receiver: Receiver) -> None:
    receiver.script = b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\n\x00\xffx"
    assert failed(receiver.url).excerpt == "\ufffd\ufffdx"


def test_a_port_where_nobody_listens_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert failed(f"http://127.0.0.1:{port}/").reason is Reason.CONNECTION


def test_it_tries_the_next_address_when_one_refuses(receiver: Receiver) -> None:
    def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    assert isinstance(send(f"http://receiver.test:{receiver.port}/", resolver=two), Delivered)


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.create_connection
    waited: list[float] = []

    def swallowing(place: tuple[str, int], timeout: float) -> socket.socket:
        if place[0] != "127.0.0.1":
            waited.append(timeout)
            raise TimeoutError
        return connect(place, timeout=timeout)

    def three(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.3", "127.0.0.1"]

    monkeypatch.setattr(socket, "create_connection", swallowing)
    outcome = send(f"http://receiver.test:{receiver.port}/", resolver=three, timeout_s=9.0)
    assert isinstance(outcome, Delivered)
    assert waited == [pytest.approx(3.0, abs=0.5), pytest.approx(4.5, abs=0.7)]


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "https://169.254.169.254/", "https://user:pw@example.com/", "https://example.com/\r\nX: 1"],
)
def test_a_bad_address_is_refused_before_any_name_is_resolved(url: str) -> None:
    def never(_host: str, _port: int) -> list[str]:
        raise AssertionError("it asked DNS")

    assert isinstance(send(url, resolver=never), Refused)


def test_a_name_that_answers_private_is_refused(receiver: Receiver) -> None:
    outcome = send(f"https://public.example:{receiver.port}/", resolver=at_loopback)
    assert isinstance(outcome, Refused)
    assert outcome.code == "url_private"
    assert receiver.requests == []


def test_a_second_answer_of_dns_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["1.1.1.1"], ["127.0.0.1"]])
    connected: list[tuple[str, int]] = []

    def refusing(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refusing)
    outcome = failed("https://rebinding.example/", resolver=lambda _host, _port: next(answers))
    assert outcome.reason is Reason.CONNECTION
    assert connected == [("1.1.1.1", 443)]
    assert list(answers) == [["127.0.0.1"]], "it asked once, and connected to what it was told and vetted"


def test_a_name_that_is_not_there_fails() -> None:
    def nothing(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = failed("https://nowhere.example/", resolver=nothing)
    assert outcome.reason is Reason.DNS
    assert "nowhere.example" in outcome.detail


def test_a_resolver_that_hangs_fails_at_the_deadline() -> None:
    let_go = threading.Event()

    def hanging(_host: str, _port: int) -> list[str]:
        let_go.wait(10)
        return []

    outcome = failed("https://slow.example/", resolver=hanging, timeout_s=0.2)
    let_go.set()
    assert outcome.reason is Reason.TIMEOUT


def secured(receiver: Receiver) -> None:
    receiver.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    receiver.tls.load_cert_chain(CERTIFICATE)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def over_tls(
    host: str, receiver: Receiver, *, tls: ssl.SSLContext | None = None, timeout_s: float = 10.0
) -> webhook.Outcome:
    url = f"https://{host}:{receiver.port}/"
    return send(url, resolver=at_loopback, tls=tls, timeout_s=timeout_s)


def test_it_delivers_over_tls_to_the_name_on_the_certificate(receiver: Receiver) -> None:
    secured(receiver)
    assert isinstance(over_tls("receiver.test", receiver, tls=trusting()), Delivered)
    assert f"Host: receiver.test:{receiver.port}\r\n" in receiver.requests[0][0]


def test_a_certificate_of_another_name_fails(receiver: Receiver) -> None:
    secured(receiver)
    outcome = over_tls("other.test", receiver, tls=trusting())
    assert isinstance(outcome, Failed)
    assert outcome.reason is Reason.TLS
    assert "other.test" in outcome.detail
    assert receiver.requests == []


def test_a_certificate_that_nobody_vouches_for_fails(receiver: Receiver) -> None:
    secured(receiver)
    outcome = over_tls("receiver.test", receiver)
    assert isinstance(outcome, Failed)
    assert outcome.reason is Reason.TLS
    assert receiver.requests == []


def test_a_receiver_without_tls_fails_as_such(receiver: Receiver) -> None:
    receiver.script = lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    outcome = over_tls("receiver.test", receiver, timeout_s=1.0)
    assert isinstance(outcome, Failed)
    assert outcome.reason in (Reason.TLS, Reason.TIMEOUT)


def test_a_header_with_a_line_break_is_never_sent(receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="Invalid header value"):
        send(receiver.url, headers={"X-A": "1\r\nX-B: 2"})
    assert receiver.requests == []
