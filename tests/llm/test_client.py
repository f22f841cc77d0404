"""Everything an endpoint can do to a call ends as a named outcome."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from slider.llm import client
from slider.llm.records import Message, Outcome
from tests.llm.conftest import Exchange, choice, completion, http, question

GOOD = http(completion(choice('{"label":"spam"}')))


def test_it_answers_with_value_tokens_and_latency(exchange: Exchange) -> None:
    answered = exchange(GOOD)
    assert answered.outcome is Outcome.ANSWERED, answered.detail
    assert answered.answer == {"label": "spam"}
    assert (answered.tokens_in, answered.tokens_out) == (12, 5)
    assert answered.latency_ms > 0


def test_it_sends_only_what_was_asked_for(exchange: Exchange) -> None:
    exchange(GOOD)
    assert exchange.endpoint.sent == {
        "model": "tiny",
        "messages": [{"role": "user", "content": '{"text":"hello"}'}],
    }
    assert "authorization: bearer sk-secret" in exchange.endpoint.requests[0][0].lower()
    assert exchange.endpoint.requests[0][0].startswith("POST /v1/chat/completions ")


def test_it_sends_every_parameter_by_its_name(exchange: Exchange) -> None:
    exchange(GOOD, question(temperature=0.0, n=3, max_tokens=9, logprobs=True, top_logprobs=5, seed=7))
    sent = {name: value for name, value in exchange.endpoint.sent.items() if name not in ("model", "messages")}
    assert sent == {
        "temperature": 0.0,
        "n": 3,
        "max_tokens": 9,
        "logprobs": True,
        "top_logprobs": 5,
        "seed": 7,
    }


def test_it_sends_the_same_bytes_for_the_same_question(exchange: Exchange) -> None:
    exchange(GOOD)
    exchange(GOOD)
    assert exchange.endpoint.requests[0][1] == exchange.endpoint.requests[1][1]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("400 Bad Request", Outcome.BAD_REQUEST),
        ("401 Unauthorized", Outcome.UNAUTHORISED),
        ("402 Payment Required", Outcome.UNAUTHORISED),
        ("403 Forbidden", Outcome.UNAUTHORISED),
        ("404 Not Found", Outcome.UNKNOWN_MODEL),
        ("408 Request Timeout", Outcome.TIMEOUT),
        ("413 Too Large", Outcome.BAD_REQUEST),
        ("422 Unprocessable", Outcome.BAD_REQUEST),
        ("429 Too Many Requests", Outcome.RATE_LIMITED),
        ("500 Internal Server Error", Outcome.SERVER_ERROR),
        ("503 Service Unavailable", Outcome.SERVER_ERROR),
        ("302 Found", Outcome.BAD_RESPONSE),
    ],
)
def test_it_names_each_status(exchange: Exchange, status: str, outcome: Outcome) -> None:
    answered = exchange(http(b'{"error":{"message":"because"}}', status=status))
    assert answered.outcome is outcome
    assert answered.detail == f"The endpoint answered {status[:3]}: because"
    assert len(exchange.endpoint.requests) == 1, "retries belong to the pump"


def test_it_names_a_bad_gateway_with_a_page(exchange: Exchange) -> None:
    answered = exchange(http(b"<html>502</html>", status="502 Bad Gateway", headers=("Content-Type: text/html",)))
    assert answered.outcome is Outcome.SERVER_ERROR
    assert answered.detail == "The endpoint answered 502: no reason given"


def test_it_does_not_follow_a_redirect(exchange: Exchange) -> None:
    answered = exchange(http(b"", status="307 Moved", headers=("Location: /v1/elsewhere",)))
    assert answered.outcome is Outcome.BAD_RESPONSE
    assert len(exchange.endpoint.requests) == 1


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ((), None),
        (("Retry-After: 7",), 7.0),
        (("Retry-After: 0",), 0.0),
        (("Retry-After: -5",), None),
        (("Retry-After: 999999999",), 3600.0),
        (("Retry-After: nan",), None),
        (("Retry-After: soon",), None),
        (("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",), 0.0),
    ],
)
def test_it_reads_retry_after(exchange: Exchange, header: tuple[str, ...], wait_s: float | None) -> None:
    answered = exchange(http(b"{}", status="429 Too Many Requests", headers=header))
    assert answered.outcome is Outcome.RATE_LIMITED
    assert answered.retry_after_s == wait_s


def test_it_reads_retry_after_as_a_date(exchange: Exchange) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    answered = exchange(http(b"{}", status="503 Busy", headers=(f"Retry-After: {later}",)))
    assert answered.retry_after_s is not None
    assert 240 < answered.retry_after_s <= 300


def test_it_ends_a_slow_drip_at_the_deadline(exchange: Exchange) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    answered = exchange(drip, timeout_s=0.3)
    assert answered.outcome is Outcome.TIMEOUT
    assert 250 < answered.latency_ms < 5000


def test_it_ends_a_silent_endpoint_at_the_deadline(exchange: Exchange) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    assert exchange(silent, timeout_s=0.2).outcome is Outcome.TIMEOUT


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_it_stops_reading_an_endless_answer(exchange: Exchange, status: str) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        while True:
            writer.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
            await writer.drain()

    answered = exchange(endless, cap=1_000_000)
    assert answered.outcome is Outcome.TOO_LONG
    assert answered.detail == "The endpoint's answer has more than 1,000,000 bytes."


def test_it_refuses_a_compressed_answer(exchange: Exchange) -> None:
    answered = exchange(http(b"\x1f\x8b", headers=("Content-Encoding: gzip",)))
    assert answered.outcome is Outcome.BAD_RESPONSE


@pytest.mark.parametrize(
    "cut",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"choices"'],
    ids=["before the answer", "in the head", "in the body"],
)
def test_it_names_a_lost_connection(exchange: Exchange, cut: bytes) -> None:
    async def reset(writer: asyncio.StreamWriter) -> None:
        writer.write(cut)
        await writer.drain()
        writer.transport.abort()

    answered = exchange(reset)
    assert answered.outcome is Outcome.CONNECTION_LOST
    assert answered.outcome.retryable


def test_it_names_an_endpoint_that_does_not_speak_http(exchange: Exchange) -> None:
    assert exchange(b"220 mail.example ESMTP\r\n").outcome is Outcome.BAD_RESPONSE


def test_it_names_an_endpoint_that_is_not_there() -> None:
    async def ask() -> Outcome:
        server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with client.Client(f"http://127.0.0.1:{port}/v1", api_key="") as one:
            return (await one.ask(question())).outcome

    assert asyncio.run(ask()) is Outcome.CONNECTION_LOST


def test_it_keeps_the_key_out_of_every_word(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"error": {"message": "no such key: sk-secret"}}).encode()
    ask = question(messages=(Message("user", "a private text"),))
    answered = exchange(http(body, status="401 Unauthorized"), ask)
    assert answered.outcome.needs_a_person
    assert answered.detail == "The endpoint answered 401: no such key: (the key)"
    assert "sk-secret" not in caplog.text
    assert "a private text" not in caplog.text


@pytest.mark.parametrize("key", ["sk secret", "sk-\nsecret", "sk-gehe\u00efm"])
def test_it_refuses_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="copy it once more"):
        client.Client("http://127.0.0.1/v1", api_key=key)


def test_it_refuses_an_address_of_another_scheme() -> None:
    with pytest.raises(ValueError, match="must begin with http"):
        client.Client("file:///etc", api_key="")


def test_it_serves_many_questions_over_one_client(exchange: Exchange) -> None:
    exchange.endpoint.script = GOOD

    async def ask_twenty() -> list[Outcome]:
        server = await asyncio.start_server(exchange.endpoint.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, client.Client(f"http://127.0.0.1:{port}/v1", api_key="k") as one:
            return [done.outcome for done in await asyncio.gather(*(one.ask(question()) for _ in range(20)))]

    assert asyncio.run(ask_twenty()) == [Outcome.ANSWERED] * 20


def test_what_all_calls_have_in_common_and_their_last_message_make_the_same_bytes_as_a_whole_question(
    exchange: Exchange,
) -> None:
    parts = {"temperature": 0.5, "n": 2, "max_tokens": 9, "logprobs": True, "top_logprobs": 5, "model": 'a"ü'}
    system, last = Message("system", 'say "ü"\n\\'), Message("user", '{"text":"\u2028 \\" \U0001f600"}')
    exchange.endpoint.script = GOOD

    async def ask_each() -> None:
        server = await asyncio.start_server(exchange.endpoint.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            for before in ((), (system,)):
                for messages, end in (((*before, last), None), (before, last.content)):
                    async with client.Client(f"http://127.0.0.1:{port}/v1", api_key="k") as one:
                        await one.ask(question(messages=messages, **parts), last=end)

    asyncio.run(ask_each())
    whole, parted, whole_too, parted_too = (body for _, body in exchange.endpoint.requests)
    assert whole == parted
    assert whole_too == parted_too
    assert json.loads(whole_too)["messages"] == [
        {"role": "system", "content": system.content},
        {"role": "user", "content": last.content},
    ]


def test_a_proxy_of_the_environment_is_asked_unless_the_address_is_excepted(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.endpoint.script = GOOD

    async def ask_through(port: int) -> Outcome:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        async with client.Client("http://model.example/v1", api_key="k") as one:
            return (await one.ask(question())).outcome

    async def serve() -> Outcome:
        server = await asyncio.start_server(exchange.endpoint.serve, "127.0.0.1", 0)
        async with server:
            return await ask_through(server.sockets[0].getsockname()[1])

    assert asyncio.run(serve()) is Outcome.ANSWERED
    assert exchange.endpoint.requests[0][0].startswith("POST http://model.example/v1/chat/completions ")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert exchange(GOOD).outcome is Outcome.ANSWERED


def test_a_name_and_password_in_the_address_are_what_it_asks_with(exchange: Exchange) -> None:
    exchange.endpoint.script = GOOD

    async def ask() -> Outcome:
        server = await asyncio.start_server(exchange.endpoint.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, client.Client(f"http://me:secret@127.0.0.1:{port}/v1", api_key="sk-secret") as one:
            return (await one.ask(question())).outcome

    assert asyncio.run(ask()) is Outcome.ANSWERED
    head = exchange.endpoint.requests[0][0].lower()
    assert head.count("authorization:") == 1
    assert "authorization: basic bwu6c2vjcmv0" in head
