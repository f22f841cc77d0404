"""Whatever way an item takes to a model: nothing that its task's rules keep back leaves, and answers come whole."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from slider import redaction
from slider.engine.stragglers import Stragglers
from slider.flow import batches as hand
from slider.flow import erasing, setup
from slider.models import Attempt, Batch, Item, Outcome, State, Task, Worker
from tasks import caller, fallback
from tasks.asking import Asking
from tasks.batches import batches
from tests import casts, pumps

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("anna@example.com", "DE89 3704 0044 0532 0130 00", "Anna Schmidt", "top secret")
BODY = {"subject": "Anna Schmidt", "text": f"Anna Schmidt asks: anna@example.com, {SECRETS[1]}", "channel": "mail"}
RULES = {"left_out": ["/lines"], "masked": ["/subject"], "detect": ["email", "iban"], "patterns": []}
TAUGHT = {"subject": "Bo Li", "text": "Bo Li, bo@example.org"}
EXAMPLE = {
    "input": TAUGHT,
    "output": {"topic": "other", "urgent": False, "reply": "Dear Bo Li"},
}
SAYS = {"topic": "refund", "urgent": False, "reply": "Dear [FIELD_2], we wrote to [EMAIL_2]. Not [EMAIL_9]."}


class Endpoint:
    """Answers every question with the same words, and keeps all that it was ever sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status, self.slow_s, self.files = 200, 0.0, {}  # type: ignore[var-annotated]
        made = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                made.heard.append(body.decode(errors="replace"))
                self.answer(*made.posted(self.path, body))

            def do_GET(self) -> None:
                self.answer(*made.got(self.path))

            def do_DELETE(self) -> None:
                self.answer(200, json.dumps({"id": "x", "object": "file", "deleted": True}).encode())

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def posted(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path.endswith("/files"):
            self.files["in"] = body.decode()
            told = {"id": "in", "object": "file", "bytes": 1, "created_at": 1, "filename": "x", "purpose": "batch"}
            return 200, json.dumps(told | {"status": "processed"}).encode()
        if path.endswith("/batches"):
            return 200, self._batch("in_progress")
        if len(self.heard) % 2 and self.slow_s:
            time.sleep(self.slow_s)
        if self.status != 200:
            return self.status, b'{"error": {"message": "no"}}'
        asked = json.loads(body)
        return 200, json.dumps(self._completion(asked.get("n") or 1)).encode()

    def got(self, path: str) -> tuple[int, bytes]:
        if path.endswith("/content"):
            rows = [json.loads(line) for line in self.files["in"].splitlines() if line.startswith('{"custom_id"')]
            answers = [
                {"custom_id": row["custom_id"], "response": {"status_code": 200, "body": self._completion(1)}}
                for row in rows
            ]
            return 200, "\n".join(map(json.dumps, answers)).encode()
        return 200, self._batch("completed") if "/batches/" in path else json.dumps(
            {"object": "list", "data": []}
        ).encode()

    def _batch(self, status: str) -> bytes:
        told = {
            "id": "b",
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": 1,
        }
        return json.dumps(told | {"input_file_id": "in", "status": status, "output_file_id": "out"}).encode()

    def _completion(self, samples: int) -> dict[str, Any]:
        message = {"role": "assistant", "content": json.dumps(SAYS)}
        choices = [{"index": n, "finish_reason": "stop", "message": message} for n in range(samples)]
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}


@pytest.fixture
def endpoint(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    made = Endpoint()
    pumps.quick(settings, monkeypatch, SLIDER_SHIFT_S=3, OPENAI_BASE_URL=made.base_url, SLIDER_BATCH_GATHER_S=0)
    monkeypatch.setattr(hand, "POLL_S", 0.0)
    yield made
    made.stop()


def company(rules: dict[str, Any] | None = None, **worker: Any) -> casts.Company:
    """A task with these rules, an item that tells much, and a worker that was taught by an example."""
    cast = pumps.company(0, worker={"logprobs": False, "examples": [EXAMPLE], **worker})
    setup.save_privacy(cast.task, redaction=RULES if rules is None else rules, contents_days=None, by=cast.admin.pk)
    casts.bring_in(cast.task, {"m1": BODY | {"lines": ["top secret"]}})
    return cast


def leaves_nothing(endpoint: Endpoint) -> None:
    assert endpoint.heard, "something was asked"
    whole = "\n".join(endpoint.heard)
    for secret in (*SECRETS, "Bo Li", "bo@example.org"):
        assert secret not in whole
    assert "[FIELD_2] asks: [EMAIL_2], [IBAN_1]" in whole, "the item has other tokens than the example before it"
    assert "Dear [FIELD_1]" in whole, "the example was masked, too"
    assert "write it exactly as it stands" in whole


def comes_whole(attempt: Attempt) -> None:
    reply = "Dear Anna Schmidt, we wrote to anna@example.com. Not [EMAIL_9]."
    assert attempt.outcome == Outcome.ANSWERED, attempt.detail
    assert attempt.answer == SAYS | {"reply": reply}
    assert all(one == attempt.answer for one in attempt.samples)
    assert attempt.masked == {"email": 1, "field": 2, "iban": 1, "left_out": 1}


def test_without_rules_it_leaves_as_it_is(endpoint: Endpoint) -> None:
    """The control: else the others prove nothing."""
    cast = company({})
    pumps.run(cast, pumps=1)
    assert all(secret in "\n".join(endpoint.heard) for secret in SECRETS)
    assert Attempt.objects.get().masked == {}
    assert Attempt.objects.get().answer == SAYS


def test_one_call(endpoint: Endpoint) -> None:
    pumps.run(company(), pumps=1)
    leaves_nothing(endpoint)
    comes_whole(Attempt.objects.get())


def test_several_samples(endpoint: Endpoint) -> None:
    pumps.run(company(samples=3), pumps=1)
    leaves_nothing(endpoint)
    assert len(Attempt.objects.get().samples) == 2
    comes_whole(Attempt.objects.get())


def test_a_second_call_for_a_straggler(endpoint: Endpoint) -> None:
    cast = company(hedge=True)
    usual = caller._usual[Worker.objects.get(task=cast.task, retired_at=None).pk] = Stragglers()
    for _ in range(400):
        usual.took(0.05)
    endpoint.slow_s = 2.0
    pumps.run(cast, pumps=1)
    assert len(endpoint.heard) == 2
    assert endpoint.heard[0] == endpoint.heard[1], "byte by byte the same"
    leaves_nothing(endpoint)
    comes_whole(Attempt.objects.get())


def test_a_fallback(endpoint: Endpoint) -> None:
    other = Endpoint()
    other.status = 400
    cast = company(base_url=other.base_url, fallback_on=["rejected"])
    setup.save_fallback(
        cast.task,
        {"name": "Fallback", "model": "m", "base_url": endpoint.base_url, "instructions": "Say the topic."}
        | {"examples": [EXAMPLE], "logprobs": False},
    )
    pumps.run(cast, pumps=1)
    other.stop()
    leaves_nothing(other)
    leaves_nothing(endpoint)
    comes_whole(Attempt.objects.get(instead_of="rejected"))


def test_a_batch_is_read_by_the_rules_that_it_was_written_under(endpoint: Endpoint) -> None:
    cast = company(batch=True)
    for _ in range(2):
        Batch.objects.update(next_at="2020-01-01T00:00Z")
        batches()
    assert Batch.objects.get().redaction == RULES
    Task.objects.filter(pk=cast.task.pk).update(redaction={"detect": ["email"]})
    for _ in range(4):
        Batch.objects.exclude(state="ended").update(next_at="2020-01-01T00:00Z")
        batches()
    leaves_nothing(endpoint)
    comes_whole(Attempt.objects.get())


def test_a_batch_is_read_past_the_examples_that_it_was_written_with(endpoint: Endpoint) -> None:
    """Else a token of an example that was erased since would be taken for one of the item's."""
    cast = company(batch=True)
    for _ in range(2):
        Batch.objects.update(next_at="2020-01-01T00:00Z")
        batches()
    (taught,) = casts.bring_in(cast.task, {"m0": TAUGHT})
    erasing.erase(taught.pk, by=cast.admin.pk, words="asked")
    assert not Worker.objects.exclude(examples=[]).exists()
    for _ in range(4):
        Batch.objects.exclude(state="ended").update(next_at="2020-01-01T00:00Z")
        batches()
    leaves_nothing(endpoint)
    comes_whole(Attempt.objects.get())


def test_under_other_rules_nothing_goes_out_by_the_old_ones(endpoint: Endpoint) -> None:
    """A shift that began before has a worker that was replaced: it begins nothing any more."""
    from tasks.shift import Shift

    cast = company({})
    old = Shift(cast.task, Worker.objects.get(task=cast.task, retired_at=None))
    setup.save_privacy(cast.task, redaction=RULES, contents_days=None, by=cast.admin.pk)
    assert old.claim(5, 0) == []
    assert old.watch(1, 0) == "paused", "what it has claimed before waits for the new worker"
    pumps.run(cast, pumps=1)
    leaves_nothing(endpoint)


def test_a_fallback_is_read_together_with_the_rules_that_its_version_goes_by(
    endpoint: Endpoint, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cast = company(fallback_on=["unusable"])
    Worker.objects.create(
        task=cast.task, name="second reader", rung=2, model="standin-1", instructions="Say its topic."
    )
    live = Worker.objects.get(task=cast.task, retired_at=None, rung=1)
    with django_assert_num_queries(1):
        found = fallback.of(live)
        assert found is not None
        assert found.task.redaction == RULES


def test_rules_that_can_not_be_read_send_nothing(endpoint: Endpoint) -> None:
    cast = company()
    Task.objects.filter(pk=cast.task.pk).update(redaction={"detect": ["everything"]})
    cast.task.refresh_from_db()
    with pytest.raises(redaction.RulesError):
        Asking(cast.task, Worker.objects.get(task=cast.task, retired_at=None))
    assert Item.objects.get().state == State.READY
    assert endpoint.heard == []


def test_an_answer_that_would_grow_beyond_all_bounds_is_refused(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SAYS, "reply", "[FIELD_2]" * 200)
    monkeypatch.setitem(BODY, "text", "x" * 4000)
    cast = company({"masked": ["/text"]})
    pumps.run(cast, pumps=1)
    assert Attempt.objects.latest("pk").outcome == Outcome.TOO_LONG
