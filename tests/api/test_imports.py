"""Files by the API: sent raw or in a form, mapped, tried out, brought in once under each name, listed and dropped."""

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.http import UnreadablePostError
from django.test import Client

from slider.flow import asking, files, imports
from slider.models import Entry, Import, ImportChunk, ImportState, Item, Past, Payload, Scope
from tests import casts, pasts
from tests.api.conftest import Caller, error

CSV = b"Ticket,Body,orders\nt1,Hello,3\nt2,,4\nt3,Bye,many\n"
MAPPING = {"external_id": "Ticket", "input": {"text": "Body", "orders": "orders"}}


@pytest.fixture
def caller(cast: casts.Company, make_key: Callable[..., str]) -> Caller:
    """A program's key, which acts for nobody."""
    return Caller(make_key(Scope.INTAKE))


def send(caller: Caller, cast: casts.Company, content: bytes = CSV, *, headers: Any = None, **said: Any) -> Any:
    query = {"name": "tickets.csv"} | {k: json.dumps(v) if isinstance(v, dict) else v for k, v in said.items()}
    return caller("POST", f"/tasks/{cast.task.slug}/imports?{urlencode(query)}", content, **(headers or {}))


def told(answer: Any, status: int = 202) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_file_with_its_mapping_comes_in_without_a_further_word(cast: casts.Company, caller: Caller) -> None:
    sent = told(send(caller, cast, mapping=MAPPING))
    assert (sent["state"], sent["bytes"], sent["rows"], sent["mapping"]["external_id"]) == (
        "waiting", len(CSV), None, "Ticket",
    )  # fmt: skip
    imports.run(sent["id"])
    done = told(caller("GET", f"/imports/{sent['id']}"), 200)
    assert (done["state"], done["rows"], done["added"], done["refused"]) == ("done", 3, 1, 2)
    assert Payload.objects.get().body == {"text": "Hello", "orders": 3}
    refused = told(caller("GET", f"/imports/{sent['id']}/refused?limit=1"), 200)
    assert refused["refused"] == [{"line": 3, "column": "Body", "reason": "is empty: every row needs it"}]
    rest = told(caller("GET", f"/imports/{sent['id']}/refused?after={refused['next']}"), 200)
    assert ([row["line"] for row in rest["refused"]], rest["next"]) == ([4], None)


def test_a_file_without_any_word_is_read_as_its_columns_are_called(cast: casts.Company, caller: Caller) -> None:
    sent = told(send(caller, cast, b'{"id": "a", "text": "x"}\n', name="a.jsonl"))
    imports.run(sent["id"])
    assert Item.objects.get().external_id == "a"


def test_a_form_carries_a_file_too(cast: casts.Company, caller: Caller) -> None:
    file = SimpleUploadedFile("tickets.csv", CSV, "text/csv")
    answer = Client().post(
        f"/api/v1/tasks/{cast.task.slug}/imports",
        {"file": file, "mapping": json.dumps(MAPPING), "dry_run": "1"},
        headers={"Authorization": f"Bearer {caller.key}"},
    )
    assert told(answer)["name"] == "tickets.csv"
    assert told(answer)["state"] == "trying"


def test_a_dry_run_counts_and_then_waits_for_a_word(cast: casts.Company, caller: Caller) -> None:
    sent = told(send(caller, cast, mapping=MAPPING, dry_run=1))
    imports.run(sent["id"])
    tried = told(caller("GET", f"/imports/{sent['id']}"), 200)
    assert (tried["state"], tried["tried"]["added"], tried["tried"]["refused"]) == ("asking", 1, 2)
    assert tried["columns"][0] == {"name": "Ticket", "kind": "text", "filled": 3, "examples": ["t1", "t2", "t3"]}
    assert tried["drops_at"] is not None
    assert not Item.objects.exists()
    started = told(caller("POST", f"/imports/{sent['id']}/start", {}))
    assert started["state"] == "waiting"
    imports.run(sent["id"])
    assert Item.objects.count() == 1
    again = caller("POST", f"/imports/{sent['id']}/start", {})
    assert (again.status_code, error(again)["code"]) == (409, "not_asking")


def test_a_file_that_asks_is_examined_and_a_word_may_say_it_otherwise(cast: casts.Company, caller: Caller) -> None:
    sent = told(send(caller, cast, ask=1))
    assert sent["state"] == "examining"
    imports.run(sent["id"])
    wrong = caller("POST", f"/imports/{sent['id']}/start", {"mapping": {"input": {"text": "Nothing"}}})
    assert (wrong.status_code, error(wrong)["code"], error(wrong)["where"]) == (422, "mapping", "/mapping/input/text")
    assert (
        told(caller("POST", f"/imports/{sent['id']}/start", {"mapping": MAPPING, "dry_run": True}))["state"] == "trying"
    )
    imports.run(sent["id"])
    assert told(caller("GET", f"/imports/{sent['id']}"), 200)["tried"]["rows"] == 3


def test_the_same_call_again_is_not_made_again_and_another_file_is_refused(cast: casts.Company, caller: Caller) -> None:
    named = {"Idempotency_Key": "march"}
    first = told(send(caller, cast, mapping=MAPPING, headers=named))
    assert told(send(caller, cast, mapping=MAPPING, headers=named), 200)["id"] == first["id"]
    other = send(caller, cast, CSV + b"t4,More,1\n", headers=named)
    assert (other.status_code, error(other)["code"]) == (422, "idempotency_key_reused")
    assert Import.objects.count() == 1


def test_the_same_file_with_another_word_of_it_is_another_call(cast: casts.Company, caller: Caller) -> None:
    """Else a file that was tried out under a key would seem to come in by the next call under it, and never did."""
    named = {"Idempotency_Key": "march"}
    first = told(send(caller, cast, mapping=MAPPING, dry_run=1, headers=named))
    other = {"text": "Body", "subject": "Ticket"}
    for said in ({"mapping": MAPPING}, {"dry_run": 1}, {"mapping": MAPPING, "ask": 1}, {"mapping": {"input": other}}):
        again = send(caller, cast, headers=named, **said)
        assert (again.status_code, error(again)["code"]) == (422, "idempotency_key_reused")
    imports.run(first["id"])
    again = told(send(caller, cast, mapping=MAPPING, dry_run=1, headers=named), 200)
    assert (again["id"], again["state"], Import.objects.count()) == (first["id"], "asking", 1)


def test_what_breaks_another_rule_of_the_database_is_not_told_as_underway(
    cast: casts.Company, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise IntegrityError('new row violates check constraint "import_state"')

    monkeypatch.setattr(files, "receive", refuses)
    answer = send(caller, cast, headers={"Idempotency_Key": "march"})
    assert (answer.status_code, error(answer)["code"]) == (500, "internal")


def test_the_same_call_while_the_first_is_arriving_is_told_to_wait(cast: casts.Company, caller: Caller) -> None:
    send(caller, cast, headers={"Idempotency_Key": "march"})
    Import.objects.update(state=ImportState.ARRIVING, lease_until=None)
    again = send(caller, cast, headers={"Idempotency_Key": "march"})
    assert (again.status_code, error(again)["code"], again.headers["Retry-After"]) == (409, "underway", "5")


def test_files_are_listed_newest_first(cast: casts.Company, caller: Caller) -> None:
    ids = [told(send(caller, cast, name=f"{n}.csv"))["id"] for n in range(3)]
    page = told(caller("GET", f"/tasks/{cast.task.slug}/imports?limit=2"), 200)
    assert [one["id"] for one in page["imports"]] == ids[:0:-1]
    rest = told(caller("GET", f"/tasks/{cast.task.slug}/imports?after={page['next']}"), 200)
    assert [one["id"] for one in rest["imports"]] == ids[:1]


def test_a_file_is_dropped_and_a_done_one_can_not_be(cast: casts.Company, caller: Caller) -> None:
    held = asking.receive(cast.task, name="a.csv", stream=io.BytesIO(CSV), by=cast.tuner.pk)
    assert told(caller("DELETE", f"/imports/{held.pk}"), 200)["state"] == "dropped"
    assert told(caller("DELETE", f"/imports/{held.pk}"), 200)["state"] == "dropped"
    assert not ImportChunk.objects.exists()
    sent = told(send(caller, cast, mapping=MAPPING))
    imports.run(sent["id"])
    over = caller("DELETE", f"/imports/{sent['id']}")
    assert (over.status_code, error(over)["code"]) == (409, "over")


def test_past_outputs_wait_for_a_word_of_their_own(cast: casts.Company, caller: Caller) -> None:
    content = pasts.jsonl(pasts.rows(60))
    sent = told(send(caller, cast, content, name="past.jsonl", purpose="history"))
    assert (sent["purpose"], sent["history"]) == ("history", Past.objects.get().pk)
    word = caller("POST", f"/imports/{sent['id']}/start", {})
    assert (word.status_code, f"/histories/{sent['history']}/confirm" in error(word)["hint"]) == (409, True)
    assert told(caller("DELETE", f"/imports/{sent['id']}"), 200)["state"] == "done"
    assert Past.objects.get().state == "dropped"
    entries = Entry.objects.count()
    assert told(caller("DELETE", f"/imports/{sent['id']}"), 200)["state"] == "done"
    assert Entry.objects.count() == entries, "once more does nothing, and the log does not tell it again"


@pytest.mark.parametrize(
    ("said", "content", "status", "code", "where"),
    [
        ({"name": ""}, CSV, 400, "missing", "name"),
        ({"purpose": "fun"}, CSV, 400, "value", "purpose"),
        ({"dry_run": "yes"}, CSV, 400, "value", "dry_run"),
        ({"color": "red"}, CSV, 400, "unknown_parameter", "color"),
        ({"mapping": "{"}, CSV, 400, "json", "mapping"),
        ({"mapping": "[]"}, CSV, 422, "mapping", "mapping"),
        ({"mapping": '{"input": {"text": 5}}'}, CSV, 422, "mapping", "mapping/input/text"),
        ({"mapping": '{"colour": "red"}'}, CSV, 422, "mapping", "mapping/colour"),
        ({"purpose": "history", "dry_run": "1"}, CSV, 422, "unfit", "purpose"),
        ({}, b"", 422, "unfit", "file"),
        ({"name": "photo.csv"}, b"\x89PNG\r\n\x1a\n" + bytes(64), 422, "unfit", "file"),
        ({"name": "a.doc"}, CSV, 422, "unfit", "file"),
        ({}, CSV.decode().encode("utf-16"), 422, "unfit", "file"),
    ],
)
def test_what_can_not_be_sent_says_where_and_leaves_nothing(
    cast: casts.Company, caller: Caller, said: dict[str, str], content: bytes, status: int, code: str, where: str
) -> None:
    answer = send(caller, cast, content, **said)
    assert (answer.status_code, error(answer)["code"], error(answer)["where"]) == (status, code, where)
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    cast: casts.Company, caller: Caller, settings: Any
) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    answer = send(caller, cast, b"text\n" + b"a\n" * 700_000)
    assert (answer.status_code, error(answer)["code"]) == (413, "too_large")
    assert not Import.objects.exists()


def test_a_file_that_is_cut_off_half_way_leaves_nothing(
    cast: casts.Company, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.handlers.wsgi import WSGIRequest

    whole = iter([CSV * 100])

    def read(_request: Any, *_size: int) -> bytes:
        for piece in whole:
            return piece
        raise UnreadablePostError("the sender went away")

    monkeypatch.setattr(WSGIRequest, "read", read)
    answer = send(caller, cast)
    assert (answer.status_code, error(answer)["code"]) == (400, "cut_off")
    assert not Import.objects.exists()
    assert not ImportChunk.objects.exists()


@pytest.mark.parametrize(
    "form", [b"", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"]
)
def test_a_form_without_a_file_is_said(cast: casts.Company, caller: Caller, form: bytes) -> None:
    answer = Client().generic(
        "POST",
        f"/api/v1/tasks/{cast.task.slug}/imports",
        form,
        "multipart/form-data; boundary=x",
        headers={"Authorization": f"Bearer {caller.key}"},
        CONTENT_LENGTH=str(len(form)),
    )
    assert answer.status_code == 400
    assert error(answer)["code"] in ("missing", "form", "unknown_field")
    assert not Import.objects.exists()
