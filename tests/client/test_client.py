"""The client does what the API does, typed; it tries again where that is safe, and does nothing twice."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.contrib.auth.models import User

from slider.client import Client, NewItem, Patience, Refused, TooSlow, Unreachable, Withdrawn
from slider.client.records import Item as Told
from slider.models import Item
from tests import casts

RIGHT = {"topic": "refund", "urgent": False}
Clients = Callable[[User], Client]


def test_it_imports_neither_django_nor_the_server() -> None:
    code = "import sys, slider.client; print([m for m in sys.modules if m.split('.')[0] in ('django', 'pydantic')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_an_item_goes_in_and_its_result_is_waited_for(cast: casts.Company, client_of: Clients) -> None:
    admin, anna = client_of(cast.admin), client_of(cast.reviewer)
    taken = admin.items.push(cast.task.slug, {"text": "I want my money back."}, external_id="m1")
    assert (taken.status, admin.items.push(cast.task.slug, {"text": "I want my money back."}, external_id="m1").id) == (
        "added", taken.id
    )  # fmt: skip
    with pytest.raises(TooSlow, match="ready"):
        admin.items.wait_for_result(taken.id, timeout_s=0)
    casts.answer_all(cast.task, {"m1": casts.says(RIGHT)})
    look = anna.reviews.next(cast.task.slug)
    assert look is not None
    assert look.proposal == RIGHT
    assert isinstance(look.lease_until, datetime)
    decided = anna.reviews.fix(look, RIGHT | {"urgent": True}, note="she is in a hurry")
    assert decided.verdict == "fix"
    result = admin.items.wait_for_result(taken.id)
    assert (result.ending, result.answer, result.due_at.tzinfo) == ("fixed", RIGHT | {"urgent": True}, UTC)
    assert [one.external_id for one in admin.items.all_results(cast.task.slug)] == ["m1"]
    assert anna.reviews.next() is None


def test_a_withdrawn_item_is_waited_for_no_longer(cast: casts.Company, client_of: Clients) -> None:
    admin = client_of(cast.admin)
    taken = admin.items.push(cast.task.slug, {"text": "a"})
    assert admin.items.withdraw(taken.id, reason="sent twice").state == "withdrawn"
    with pytest.raises(Withdrawn):
        admin.items.wait_for_result(taken.id)


def test_many_items_go_in_batches_and_come_back_page_by_page(cast: casts.Company, client_of: Clients) -> None:
    admin = client_of(cast.admin)
    told = list(
        admin.items.push_many(cast.task.slug, (NewItem({"text": "a"}, f"m{n}") for n in range(1203)), batch=500)
    )
    assert [row.external_id for row in told] == [f"m{n}" for n in range(1203)]
    found = list(admin.items.all(cast.task.slug))
    assert [one.external_id for one in found] == [f"m{n}" for n in reversed(range(1203))]
    assert isinstance(found[0], Told)
    one = admin.items.find(cast.task.slug, "m77")
    assert one is not None
    assert one.created_at.tzinfo is UTC
    assert admin.items.find(cast.task.slug, "nobody") is None


def test_a_refusal_says_what_and_where(cast: casts.Company, client_of: Clients) -> None:
    with pytest.raises(Refused) as caught:
        client_of(cast.admin).items.push(cast.task.slug, {"text": ""})
    assert (caught.value.status, caught.value.code, caught.value.where) == (400, "refused", "/input/text")
    assert caught.value.request_id
    with pytest.raises(Refused) as caught:
        client_of(cast.viewer).sliders.apply(cast.task.slug, 0.5, reason="a")
    assert (caught.value.status, caught.value.code) == (403, "role")


def _webhooks(admin: Client, cast: casts.Company) -> None:
    slug, hooks = cast.task.slug, admin.webhooks
    made = hooks.make(slug, "https://hooks.example.org/a", description="CRM", events=["item.corrected"])
    number = made["id"]
    assert made["secret"] != hooks.rotate(slug, number, overlap_h=1)["secret"]
    assert hooks.change(slug, number, events=["item.finished"], on=False, why="a move")["on"] is False
    assert hooks.change(slug, number, on=True)["on"]
    assert [one["description"] for one in hooks.all(slug)] == ["CRM"]
    assert hooks.get(slug, number)["events"] == ["item.finished"]
    told = hooks.test(slug, number, timeout_s=0)
    assert (told["event"], told["state"], told["log"]) == ("webhook.test", "due", [])
    assert [one["id"] for one in hooks.deliveries(slug, number, state="due")] == [told["id"]]
    dry = hooks.would_replay(slug, number)
    assert dry["count"] == hooks.replay(slug, number, upto=dry["upto"], reason="it is back") == 0
    hooks.remove(slug, number)
    assert hooks.all(slug) == []


def test_a_slider_a_task_a_webhook_and_keys_are_handled(cast: casts.Company, client_of: Clients) -> None:
    admin, slug = client_of(cast.admin), cast.task.slug
    assert admin.me().person == "admin"
    assert admin.sliders.preview(slug, share=0.3, mode="trial").effective == 0.3
    assert admin.sliders.apply(slug, 0.3, mode="trial", reason="a week").policy == 2
    assert admin.sliders.pull_back(slug, reason="wrong").held
    assert not admin.sliders.release(slug, reason="right").held
    assert [one["policy"] for one in admin.sliders.history(slug)] == [4, 3, 2, 1]
    assert admin.sliders.quality(slug)["audited"] == 0
    assert admin.tasks.change(slug, undo_s=3)["undo_s"] == 3
    assert admin.tasks.pause(slug, reason="a move").paused
    assert not admin.tasks.resume(slug, reason="moved").paused
    assert [one.slug for one in admin.tasks.all()] == [slug]
    _webhooks(admin, cast)
    made = admin.keys.make("crm", ["read"])
    assert (made.key or "").startswith("sl_")
    assert [one.name for one in admin.keys.all()] == ["crm", "client"]
    admin.keys.revoke(made.id)
    assert b"".join(admin.items.export(slug)) == b""


class Whims(BaseHTTPRequestHandler):
    """A server before the server: answers what it is told to, then passes the call on or not."""

    plan: list[tuple[int, dict[str, str]]] = []
    seen: list[tuple[str, str | None]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.headers.get("Idempotency-Key")))
        status, headers = self.plan.pop(0)
        body = b'{"sent": 1}' if status == 200 else b"busy"
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def whims() -> object:
    Whims.plan, Whims.seen = [], []
    server = HTTPServer(("127.0.0.1", 0), Whims)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def patient(address: str, waits: list[float]) -> Client:
    return Client(address, key="sl_x", patience=Patience(tries=4, sleep=waits.append, chance=lambda: 1.0))


def test_it_waits_as_long_as_it_is_told_and_longer_each_time_and_names_a_post_once(
    whims: str, waits: list[float]
) -> None:
    Whims.plan = [(503, {}), (429, {"Retry-After": "7"}), (502, {"Retry-After": "nonsense"}), (200, {})]
    with patient(whims, waits) as client:
        assert client.webhooks.replay("a", 1, upto=1, reason="b") == 1
    assert waits == [0.5, 7.0, 2.0]
    names = {name for _, name in Whims.seen}
    assert len(Whims.seen) == 4
    assert len(names) == 1
    assert None not in names


def test_it_gives_up_and_says_after_what(whims: str, waits: list[float]) -> None:
    Whims.plan = [(503, {})] * 4
    with patient(whims, waits) as client, pytest.raises(Unreachable, match="4 times; last: it answered 503"):
        client.me()
    with patient("http://127.0.0.1:9", waits) as client, pytest.raises(Unreachable, match="ConnectError"):
        client.me()


def test_a_refusal_is_not_tried_again(whims: str, waits: list[float]) -> None:
    Whims.plan = [(404, {}), (500, {})]
    with patient(whims, waits) as client:
        for status in (404, 500):
            with pytest.raises(Refused) as caught:
                client.me()
            assert caught.value.status == status
    assert waits == []


def test_what_was_done_before_the_answer_was_lost_is_not_done_again(cast: casts.Company, client_of: Clients) -> None:
    """The name of a call makes it once, also where the client that lost the answer sends it again."""
    admin = client_of(cast.admin)
    said = {"input": {"text": "a"}}
    told = [admin.line.call("POST", f"/tasks/{cast.task.slug}/items", body=said, once="mine") for _ in range(2)]
    assert told[0] == told[1]
    assert Item.objects.count() == 1
