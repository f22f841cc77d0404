"""Items come in by the API: once an id, whole or row by row, and nothing that breaks a rule."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import UnreadablePostError

from slider.models import ApiKey, Item, Move, Payload
from tests import casts
from tests.api.conftest import Program, error


def test_an_item_comes_in_and_the_same_again_is_the_same(program: Program) -> None:
    sent = {"external_id": "o-1", "priority": -5, "input": {"text": "Where is my parcel?", "orders": 2}}
    first, again = program.post(sent), program.post(sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"status": "added", "id": Item.objects.get().pk, "external_id": "o-1"}
    assert again.json() == first.json() | {"status": "known"}
    item = Item.objects.get()
    assert (item.priority, Payload.objects.get().body) == (-5, sent["input"])
    assert Payload.objects.get().origin == "key crm"
    assert ApiKey.objects.get().last_used_at is not None


def test_the_order_of_keys_and_the_way_numbers_are_written_do_not_make_another_body(program: Program) -> None:
    assert program.post(b'{"external_id": "o", "input": {"text": "a", "orders": 2}}').status_code == 201
    assert program.post(b'\xef\xbb\xbf{"input":{"orders":2.0,"text":"a"},"external_id":"o"}').status_code == 200


def test_an_id_with_another_body_is_refused_and_names_the_first_item(program: Program) -> None:
    program.post({"external_id": "o", "input": {"text": "a"}})
    answer = program.post({"external_id": "o", "input": {"text": "b"}})
    assert answer.status_code == 422
    found = error(answer)
    assert (found["code"], found["where"]) == ("key_reused", "/external_id")
    assert f"item {Item.objects.get().pk}" in found["message"]
    assert Payload.objects.get().body == {"text": "a"}


def test_an_item_without_an_id_gets_one(program: Program) -> None:
    first, second = (program.post({"input": {"text": "a"}}).json() for _ in range(2))
    assert first["external_id"] != second["external_id"]
    assert Item.objects.count() == 2


@pytest.mark.parametrize(
    "external_id",
    ["x", "x" * 255, "a/b?c#d", "🙂" * 60, "\u202eabc", "a\u200db", "café", "cafe\u0301"],
    ids=["one", "255", "slashes", "emoji", "rtl", "joiner", "composed", "decomposed"],
)
def test_odd_ids_are_kept_as_they_are(program: Program, external_id: str) -> None:
    assert program.post({"external_id": external_id, "input": {"text": "a"}}).json()["external_id"] == external_id


def test_two_ids_that_look_alike_stay_two(program: Program) -> None:
    for external_id in ("café", "cafe\u0301"):
        assert program.post({"external_id": external_id, "input": {"text": "a"}}).status_code == 201


GOOD = b'{"input": {"text": "a"}}'
BROKEN: dict[str, tuple[bytes, int, str, str]] = {
    "no body": (b"", 400, "json_empty", ""),
    "cut": (b'{"input": {', 400, "json_syntax", "line 1"),
    "a list": (b"[1]", 400, "json_not_object", ""),
    "a text": (b'"x"', 400, "json_not_object", ""),
    "null": (b"null", 400, "json_not_object", ""),
    "NaN": (b'{"input": {"orders": NaN}}', 400, "json_number", "/input/orders"),
    "-Infinity": (b'{"input": {"orders": -Infinity}}', 400, "json_number", "/input/orders"),
    "1e400": (b'{"input": {"orders": 1e400}}', 400, "json_number", "/input/orders"),
    "5,000 digits": (b'{"input": {"orders": ' + b"9" * 5000 + b"}}", 400, "json_number", "/input/orders"),
    "beyond bigint": (b'{"input": {"orders": 9223372036854775808}}', 400, "json_number", "/input/orders"),
    "NUL": (b'{"input": {"text": "a\\u0000b"}}', 400, "text_nul", "/input/text"),
    "NUL in id": (b'{"external_id": "a\\u0000", "input": {"text": "a"}}', 400, "text_nul", "/external_id"),
    "lone surrogate": (b'{"input": {"text": "\\ud800"}}', 400, "text_surrogate", "/input/text"),
    "lone surrogate in key": (b'{"input": {"\\ud800": 1}}', 400, "text_surrogate", "/input"),
    "not UTF-8": (b'{"input": {"text": "\xff\xfe"}}', 400, "utf8", "byte 20"),
    "UTF-16": ('{"input": {}}'.encode("utf-16"), 400, "utf8", "byte 0"),
    "deep lists": (b"[" * 10_000 + b"]" * 10_000, 400, "json_depth", ""),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "json_depth", ""),
    "duplicate key": (b'{"input": {"text": "a", "text": "b"}}', 400, "json_duplicate_key", "/input/text"),
    "a million keys": (b"{" + b",".join(b'"%d":1' % n for n in range(900_000)) + b"}", 413, "json_nodes", ""),
    "3 MB": (b'{"input": {"text": "' + b"a" * 3_000_000 + b'"}}', 413, "too_large", ""),
    "11 MB": (b'{"items": ["' + b"a" * 11_000_000 + b'"]}', 413, "too_large", ""),
    "unknown field": (b'{"input": {"text": "a"}, "lane": "unattended"}', 400, "unknown_field", "/lane"),
    "no input": (b'{"external_id": "a"}', 400, "missing", "/input"),
    "input no object": (b'{"input": "a"}', 400, "type", "/input"),
    "priority as text": (b'{"input": {"text": "a"}, "priority": "9"}', 400, "type", "/priority"),
    "priority as truth": (b'{"input": {"text": "a"}, "priority": true}', 400, "type", "/priority"),
    "priority too far": (b'{"input": {"text": "a"}, "priority": 101}', 400, "type", "/priority"),
    "id as number": (b'{"input": {"text": "a"}, "external_id": 5}', 400, "type", "/external_id"),
    "id empty": (b'{"input": {"text": "a"}, "external_id": " "}', 400, "external_id", "/external_id"),
    "id too long": (
        b'{"input": {"text": "a"}, "external_id": "' + b"x" * 10_000 + b'"}', 400, "external_id", "/external_id"
    ),
    "breaks the schema": (b'{"input": {"text": "a", "orders": -1}}', 400, "refused", "/input/orders"),
    "date of year 10000": (b'{"input": {"text": "a", "received": "10000-01-01"}}', 400, "refused", "/input/received"),
    "date of no month": (b'{"input": {"text": "a", "received": "9999-99-99"}}', 400, "refused", "/input/received"),
    "field of no schema": (b'{"input": {"text": "a", "state": "done"}}', 400, "refused", "/input"),
    "empty batch": (b'{"items": []}', 400, "empty_batch", "/items"),
    "1,001 items": (b'{"items": [' + b",".join([GOOD] * 1001) + b"]}", 413, "batch_too_long", "/items"),
    "batch no list": (b'{"items": {}}', 400, "type", "/items"),
    "batch with more": (b'{"items": [], "task": 1}', 400, "unknown_field", "/task"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_refused_with_its_place_and_changes_nothing(program: Program, name: str) -> None:
    raw, status, code, where = BROKEN[name]
    answer = program.post(raw)
    found = error(answer)
    assert (answer.status_code, found["code"]) == (status, code)
    assert found["where"].startswith(where)
    assert len(found["message"]) < 500
    assert not Item.objects.exists()
    assert not Move.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_another_content_type_is_refused(program: Program, kind: str) -> None:
    answer = program.post(GOOD, Content_Type=kind)
    assert (answer.status_code, error(answer)["code"]) == (415, "content_type")


def test_a_compressed_body_is_not_unpacked(program: Program) -> None:
    answer = program.post(GOOD, Content_Encoding="gzip")
    assert (answer.status_code, error(answer)["code"]) == (415, "encoding")


def test_minus_zero_is_zero(program: Program) -> None:
    assert program.post(b'{"external_id": "z", "input": {"text": "a", "orders": -0}}').status_code == 201
    assert program.post(b'{"external_id": "z", "input": {"text": "a", "orders": 0}}').status_code == 200


def test_a_batch_tells_what_became_of_each_row(program: Program) -> None:
    program.post({"external_id": "old", "input": {"text": "a"}})
    answer = program.post(
        {
            "items": [
                {"external_id": "new", "input": {"text": "a"}},
                {"external_id": "old", "input": {"text": "a"}},
                {"external_id": "old", "input": {"text": "other"}},
                {"external_id": "bad", "input": {"text": 5}},
                {"input": {"text": "a"}, "colour": "red"},
                7,
            ]
        }
    )
    assert answer.status_code == 207
    told = answer.json()
    assert {name: told[name] for name in ("added", "known", "refused", "conflict")} == {
        "added": 1, "known": 1, "refused": 3, "conflict": 1
    }  # fmt: skip
    assert [(row["status"], row["where"]) for row in told["rows"]] == [
        ("added", ""),
        ("known", ""),
        ("conflict", "/items/2/external_id"),
        ("refused", "/items/3/input/text"),
        ("refused", "/items/4/colour"),
        ("refused", "/items/5"),
    ]
    assert all(row["message"] for row in told["rows"][2:])
    assert Item.objects.count() == 2


def test_a_whole_batch_comes_in_or_nothing_of_it(program: Program) -> None:
    good, bad = {"input": {"text": "a"}}, {"input": {"text": ""}}
    answer = program.post({"items": [good, bad, good]}, query="?atomic=1")
    found = error(answer)
    assert (answer.status_code, found["code"], found["where"]) == (422, "batch_refused", "/items/1/input/text")
    assert not Item.objects.exists()
    answer = program.post({"items": [good, good]}, query="?atomic=1")
    assert (answer.status_code, answer.json()["added"]) == (201, 2)
    assert error(program.post({"items": [good]}, query="?atomic=yes"))["code"] == "flag"
    assert error(program.post({"items": [good]}, query="?atmic=1"))["code"] == "unknown_parameter"


def test_a_batch_of_known_items_answers_200(program: Program) -> None:
    batch = {"items": [{"external_id": str(n), "input": {"text": "a"}} for n in range(1000)]}
    assert program.post(batch).status_code == 201
    again = program.post(batch)
    assert (again.status_code, again.json()["known"], Item.objects.count()) == (200, 1000, 1000)


def test_a_body_that_does_not_arrive_whole_changes_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_request: Any) -> bytes:
        raise UnreadablePostError("the line went dead")

    monkeypatch.setattr("django.http.HttpRequest.body", property(cut_off))
    answer = program.post(GOOD)
    assert (answer.status_code, error(answer)["code"]) == (400, "cut_off")
    assert not Item.objects.exists()


def test_a_paused_task_still_takes_items(program: Program, cast: casts.Company) -> None:
    type(cast.task).objects.filter(pk=cast.task.pk).update(paused=True)
    assert program.post(GOOD).status_code == 201


@pytest.mark.parametrize("due_at", ["soon", "2026-03-01", "2026-03-01T12:00:00", "0001-01-01T00:00:00Z", 5, True, ""])
def test_a_due_time_without_a_zone_or_that_is_none_is_refused(program: Program, due_at: Any) -> None:
    answer = program.post({"input": {"text": "x"}, "due_at": due_at})
    assert answer.status_code == 400
    assert error(answer)["where"] == "/due_at"
    assert not Item.objects.exists()


def test_a_due_time_is_kept_with_the_item(program: Program) -> None:
    answer = program.post({"input": {"text": "x"}, "due_at": "2026-03-01T12:00:00+02:00"})
    assert answer.status_code == 201
    assert Item.objects.get().due_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_zone_that_postgresql_does_not_know_is_taken_all_the_same(program: Program) -> None:
    answer = program.post({"input": {"text": "x"}, "due_at": "2026-03-02T09:41:00+22:41"})
    assert answer.status_code == 201
    assert Item.objects.get().due_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
