"""The stand-in as its callers meet it: the real client, raw connections, and faults on demand."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from slider.llm.standin import wire
from slider.llm.standin.completions import FINGERPRINT

SCHEMA = {
    "type": "object",
    "properties": {"fruit": {"enum": ["apple", "pear"]}, "ripe": {"type": "boolean"}},
    "required": ["fruit", "ripe"],
    "additionalProperties": False,
}
BODY: dict[str, Any] = {
    "model": "standin-1",
    "messages": [{"role": "system", "content": "Which fruit?"}, {"role": "user", "content": "A ripe pear."}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "fruit", "strict": True, "schema": SCHEMA}},
    "temperature": 0,
}


async def call(url: str, fault: str = "", **changes: Any) -> httpx2.Response:
    """One call in the product's way: the real client, the raw response, no retries."""
    async with AsyncOpenAI(base_url=url, api_key="any", max_retries=0, timeout=20) as client:
        options: Any = {"headers": {"X-Standin-Fault": fault}} if fault else {}
        return await client.post(
            "/chat/completions", body={**BODY, **changes}, cast_to=httpx2.Response, options=options
        )


def choices(response: httpx2.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.json()["choices"]
    return found


@contextmanager
def connection(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as raw:
        yield raw


def request_bytes(path: str, body: bytes = b"", *, method: str = "POST", headers: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def all_of(raw: socket.socket) -> bytes:
    parts = []
    while part := raw.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def test_the_real_client_gets_typed_completions(standin_url: str) -> None:
    async def ask() -> None:
        async with AsyncOpenAI(base_url=standin_url, api_key="any", max_retries=0) as client:
            models = await client.models.list()
            assert [(model.id, "no real LLM" in model.owned_by) for model in models.data] == [("standin-1", True)]
            done = await client.chat.completions.create(**BODY, n=2, logprobs=True, top_logprobs=2)
            assert [json.loads(choice.message.content or "")["fruit"] for choice in done.choices] == ["pear", "pear"]
            first = done.choices[0]
            assert first.logprobs is not None
            tokens = first.logprobs.content or []
            assert "".join(token.token for token in tokens) == first.message.content
            assert all(len(token.top_logprobs) <= 2 for token in tokens)
            assert bytes(tokens[3].bytes or []).decode() == tokens[3].token
            assert done.usage is not None
            assert done.usage.completion_tokens == 2 * len(tokens)
            assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens

    asyncio.run(ask())


def test_every_answer_says_that_it_is_a_stand_in(standin_url: str) -> None:
    response = asyncio.run(call(standin_url))
    assert "no real LLM" in response.headers["server"]
    assert response.json()["system_fingerprint"] == FINGERPRINT
    assert response.json()["model"] == "standin-1"


def test_no_logprobs_are_sent_unasked(standin_url: str) -> None:
    assert choices(asyncio.run(call(standin_url)))[0]["logprobs"] is None


def test_max_tokens_cuts_the_answer(standin_url: str) -> None:
    choice = choices(asyncio.run(call(standin_url, max_tokens=3)))[0]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == '{"fruit'


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({"model": "gpt-9"}, openai.NotFoundError),
        ({"temperature": 9}, openai.BadRequestError),
        ({"stream": True}, openai.BadRequestError),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": []}}}},
            openai.BadRequestError,
        ),
    ],
)
def test_errors_have_the_form_of_the_api(
    standin_url: str, changes: dict[str, Any], raised: type[openai.APIStatusError]
) -> None:
    with pytest.raises(raised) as error:
        asyncio.run(call(standin_url, **changes))
    body = error.value.response.json()["error"]
    assert set(body) == {"message", "type", "param", "code"}
    assert body["message"]


def test_a_rate_limit_says_when_to_come_back(standin_url: str) -> None:
    with pytest.raises(openai.RateLimitError) as error:
        asyncio.run(call(standin_url, "rate_limit=7"))
    assert error.value.response.headers["retry-after"] == "7"


def test_a_server_error_is_a_500(standin_url: str) -> None:
    with pytest.raises(openai.InternalServerError):
        asyncio.run(call(standin_url, "error"))


def test_a_reset_breaks_the_connection(standin_url: str) -> None:
    with pytest.raises(openai.APIConnectionError):
        asyncio.run(call(standin_url, "reset"))


def test_a_hang_lasts_until_the_caller_gives_up(standin_url: str) -> None:
    async def ask() -> None:
        async with asyncio.timeout(0.5):
            await call(standin_url, "hang")

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    assert asyncio.run(call(standin_url)).status_code == 200


def test_a_drip_comes_whole_in_the_end(standin_url: str) -> None:
    assert json.loads(choices(asyncio.run(call(standin_url, "drip=1")))[0]["message"]["content"])


def test_a_web_page_comes_with_status_200(standin_url: str) -> None:
    response = asyncio.run(call(standin_url, "html"))
    assert (response.status_code, response.text[:6]) == (200, "<html>")


def test_faults_of_the_answer_are_in_the_answer(standin_url: str) -> None:
    async def contents() -> dict[str, Any]:
        names = ("refuse", "empty", "truncate", "malformed", "break_schema", "huge")
        return {name: choices(await call(standin_url, name))[0] for name in names}

    found = asyncio.run(contents())
    assert found["refuse"]["message"]["content"] is None
    assert found["refuse"]["message"]["refusal"]
    assert found["empty"]["message"]["content"] == ""
    assert found["truncate"]["finish_reason"] == "length"
    assert len(found["huge"]["message"]["content"]) > 10_000_000
    assert "fruit" not in json.loads(found["break_schema"]["message"]["content"])
    for name in ("truncate", "malformed"):
        with pytest.raises(ValueError, match="line 1"):
            json.loads(found[name]["message"]["content"])


def test_faults_of_the_process_hold_until_they_are_ended(standin_url: str) -> None:
    faults_url = standin_url.removesuffix("/v1") + "/faults"
    try:
        shown = httpx2.post(faults_url, json={"regress": {"rate": 1.0}}).json()
        assert shown["regress"] == {"rate": 1.0, "quiet": True}
        assert httpx2.get(faults_url).json() == shown
        wrong = json.loads(choices(asyncio.run(call(standin_url)))[0]["message"]["content"])
    finally:
        httpx2.post(faults_url, json={})
    right = json.loads(choices(asyncio.run(call(standin_url)))[0]["message"]["content"])
    assert (wrong["fruit"], right["fruit"]) == ("apple", "pear")
    assert httpx2.post(faults_url, json={"explode": 1}).status_code == 400


def test_requests_in_a_pipeline_are_answered_in_order(standin_url: str) -> None:
    first = request_bytes("/v1/models", method="GET")
    second = request_bytes("/nowhere", method="GET")
    third = request_bytes("/v1/chat/completions", json.dumps(BODY).encode(), headers="Connection: close\r\n")
    with connection(standin_url) as raw:
        raw.sendall(first + second + third)
        answers = all_of(raw).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"404", b"200"]
    assert b"chat.completion" in answers[2]


def test_a_body_may_come_in_chunks(standin_url: str) -> None:
    body = json.dumps(BODY).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
    head = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with connection(standin_url) as raw:
        raw.sendall(head + chunks)
        assert all_of(raw).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"POST /faults HTTP/1.1\r\nContent-Length: {wire.LARGEST_BODY + 1}\r\n\r\n".encode(), b"413"),
        (b"POST /faults HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /faults HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /faults HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * (wire.LONGEST_HEAD + 10) + b"\r\n\r\n", b"431"),
    ],
)
def test_bytes_that_are_no_request_are_refused_and_the_connection_ends(
    standin_url: str, sent: bytes, status: bytes
) -> None:
    with connection(standin_url) as raw:
        raw.sendall(sent)
        assert raw.recv(12) == b"HTTP/1.1 " + status


def test_a_key_is_checked_where_one_is_set(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "slider.llm.standin", "--api-key", "s3", "--uds", str(tmp_path / "s")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().endswith(f"unix:{tmp_path / 's'}")
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(tmp_path / "s"))) as client:
            statuses = [
                client.get("http://x/v1/models", headers={"Authorization": f"Bearer {key}"}).status_code
                for key in ("s3", "other")
            ]
        process.terminate()
    assert statuses == [200, 401]


def test_a_taken_port_is_said_in_words(standin_url: str) -> None:
    port = str(urlsplit(standin_url).port)
    done = subprocess.run(
        [sys.executable, "-m", "slider.llm.standin", "--port", port], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Choose another --port" in done.stderr
