"""Bringing items in by hand: the form, the upload, the progress page and the refused rows."""

import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from slider.flow import asking, imports
from slider.models import Import, ImportState, Item, RefusedRow, Task
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Company:
    return casts.company()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def an_import(cast: Company, **fields: Any) -> Import:
    given = {"name": "items.csv", "format": "csv", "bytes": 2048, "sha256": b"0" * 32, "state": ImportState.DONE}
    return Import.objects.create(task=cast.task, by=cast.admin, **(given | fields))


FORM = {"f.subject": "Hello", "f.text": "One\r\ntwo", "f.orders": "3", "f.vip": "true", "f.lines": '["a"]'}


def test_each_page_is_for_people_who_may_bring_items_in(cast: Company) -> None:
    row = an_import(cast)
    task = cast.task.pk
    addresses = (f"/tasks/{task}/items/new", f"/tasks/{task}/import", f"/tasks/{task}/import/sample.csv")
    imports = (f"/imports/{row.pk}/", f"/imports/{row.pk}/progress", f"/imports/{row.pk}/refused.csv")
    for address in addresses + imports:
        for name, status in {"tuner": 200, "admin": 200, "reviewer": 403, "viewer": 403, "outsider": 404}.items():
            assert signed_in(getattr(cast, name)).get(address).status_code == status, (address, name)


def test_a_filled_in_form_becomes_an_item(cast: Company) -> None:
    client = signed_in(cast.tuner)
    response = client.post(f"/tasks/{cast.task.pk}/items/new", FORM | {"external_id": "h-1"})
    item = Item.objects.get(external_id="h-1")
    assert response.headers["Location"] == f"/items/{item.pk}/"
    expected = {"subject": "Hello", "text": "One\ntwo", "orders": 3, "vip": True, "lines": ["a"]}
    assert item.payload.body == expected
    assert item.payload.origin == "tuner by hand"


def test_errors_stand_at_their_fields_and_nothing_is_lost(cast: Company) -> None:
    response = signed_in(cast.tuner).post(
        f"/tasks/{cast.task.pk}/items/new", FORM | {"f.orders": "many", "f.text": "", "external_id": "h-2"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "no number here" in page
    assert 'value="many"' in page
    assert 'value="h-2"' in page
    assert not Item.objects.exists()


def test_what_the_schema_refuses_is_said_at_the_field(cast: Company) -> None:
    page = signed_in(cast.tuner).post(f"/tasks/{cast.task.pk}/items/new", FORM | {"f.text": ""}).content.decode()
    assert 'id="error-2"' in page
    assert not Item.objects.exists()


def test_the_same_id_with_other_contents_names_the_first_item(cast: Company) -> None:
    (first,) = casts.bring_in(cast.task, {"h-1": {"text": "another"}})
    client = signed_in(cast.tuner)
    response = client.post(f"/tasks/{cast.task.pk}/items/new", FORM | {"external_id": "h-1"})
    assert response.status_code == 409
    assert f'href="/items/{first.pk}/"' in response.content.decode()
    known = client.post(f"/tasks/{cast.task.pk}/items/new", {"f.text": "another", "external_id": "h-1"}, follow=True)
    assert "was here already" in known.content.decode()
    assert Item.objects.count() == 1


def test_an_upload_is_received_and_leads_to_its_progress(cast: Company) -> None:
    file = SimpleUploadedFile("rows.csv", b"id,text\na,hello\n", "text/csv")
    response = signed_in(cast.tuner).post(f"/tasks/{cast.task.pk}/import", {"file": file})
    row = Import.objects.get()
    assert response.headers["Location"] == f"/imports/{row.pk}/"
    assert (row.name, row.by) == ("rows.csv", cast.tuner)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("photo.csv", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "photo.csv"), ("empty.csv", b"", "empty")],
)
def test_a_file_that_is_none_is_refused_in_words(cast: Company, name: str, content: bytes, words: str) -> None:
    client = signed_in(cast.tuner)
    response = client.post(f"/tasks/{cast.task.pk}/import", {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert words in response.content.decode().split('id="file-error"')[1][:400]


def test_no_file_at_all_is_said(cast: Company) -> None:
    response = signed_in(cast.tuner).post(f"/tasks/{cast.task.pk}/import", {})
    assert "Choose a file first" in response.content.decode()


def test_the_page_asks_again_only_while_the_file_runs(cast: Company) -> None:
    client = signed_in(cast.tuner)
    running = an_import(cast, state=ImportState.RUNNING, total=10, seen=4, added=4)
    done = an_import(cast, total=10, seen=10, added=10)
    page = client.get(f"/imports/{running.pk}/").content.decode()
    assert f'hx-get="/imports/{running.pk}/progress"' in page
    assert 'max="10" value="4"' in page
    assert page.count('http-equiv="refresh"') == 1, "the page follows it without a script, too"
    asking_ = an_import(cast, state=ImportState.ASKING, total=10, columns=[], mapping={})
    for still in (done, asking_):
        assert "http-equiv" not in client.get(f"/imports/{still.pk}/").content.decode()
    assert "hx-get" not in client.get(f"/imports/{done.pk}/progress").content.decode()


def test_refused_rows_are_shown_and_downloaded_without_formulas(cast: Company) -> None:
    row = an_import(cast, total=2, seen=2, refused=2)
    RefusedRow.objects.create(of=row, line=2, column="orders", reason='"many" is no whole number')
    RefusedRow.objects.create(of=row, line=3, column="=1+1", reason="@SUM(1)")
    RefusedRow.objects.create(of=row, line=4, column="＝1", reason="-1+1")
    client = signed_in(cast.tuner)
    assert "is no whole number" in client.get(f"/imports/{row.pk}/").content.decode()
    response = client.get(f"/imports/{row.pk}/refused.csv")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]  # a streaming response
    told = 'line,column,reason\r\n2,orders,"""many"" is no whole number"\r\n3,\'=1+1,\'@SUM(1)\r\n4,\'＝1,\'-1+1\r\n'
    assert text == told


def test_the_sample_file_is_one_that_the_task_takes(cast: Company) -> None:
    client = signed_in(cast.tuner)
    response = client.get(f"/tasks/{cast.task.pk}/import/sample.csv")
    sample = b"".join(response.streaming_content)  # type: ignore[attr-defined]  # a streaming response
    assert sample.startswith(b"id,subject,text,")
    received = client.post(f"/tasks/{cast.task.pk}/import", {"file": SimpleUploadedFile("s.csv", sample)})
    assert received.status_code == 302


@pytest.mark.parametrize(
    "properties",
    [
        {"@type": {"type": "string"}},
        {"n": {"type": "integer", "minimum": -10}, "x": {"type": "number", "maximum": -2}},
        {"topic": {"enum": ["=other", "refund"]}, "more": {"type": "array"}},
        {"id": {"type": "integer"}},
    ],
)
def test_the_sample_file_comes_in_whatever_the_fields_are_called(properties: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    cast = casts.company(input_schema=schema, title_field="")
    response = signed_in(cast.tuner).get(f"/tasks/{cast.task.pk}/import/sample.csv")
    sample = b"".join(response.streaming_content)  # type: ignore[attr-defined]  # a streaming response
    assert not re.search(rb"(^|,)[=+@]", sample, re.M)
    held = imports.receive(cast.task, name="s.csv", stream=io.BytesIO(sample), by=cast.tuner.pk)
    assert imports.run(held.pk)
    held.refresh_from_db()
    assert (held.problem, list(RefusedRow.objects.values_list("column", "reason")), held.added) == ("", [], 1)


def test_a_further_field_is_called_something(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(input_schema={"type": "object"})
    cast.task.refresh_from_db()
    held = asking.receive(cast.task, name="a.csv", stream=io.BytesIO(b"text,mood\na,good\n"), by=cast.tuner.pk)
    imports.run(held.pk)
    said = {"deed": "start", "c0": "+", "n0": "text", "c1": "+", "n1": "  "}
    response = signed_in(cast.tuner).post(f"/imports/{held.pk}/word", said)
    assert response.status_code == 422
    assert "say what the field is called" in response.content.decode()
    held.refresh_from_db()
    assert held.state == ImportState.ASKING


@pytest.mark.parametrize(
    ("head", "words", "primary"),
    [
        (b"Title,Message", "Every item needs <b>subject</b> and <b>text</b>. Choose the column", "look"),
        (b"subject,Message", "Every item needs <b>text</b>. Choose the column that becomes it.", "look"),
        (b"subject,text", "", "start"),
    ],
)
def test_what_no_column_becomes_yet_is_said_before_anybody_is_asked_to_bring_it_in(
    cast: Company, head: bytes, words: str, primary: str
) -> None:
    schema = cast.task.input_schema | {"required": ["subject", "text"]}
    Task.objects.filter(pk=cast.task.pk).update(input_schema=schema)
    cast.task.refresh_from_db()
    held = asking.receive(cast.task, name="a.csv", stream=io.BytesIO(head + b"\na,b\n"), by=cast.tuner.pk)
    imports.run(held.pk)
    page = " ".join(signed_in(cast.tuner).get(f"/imports/{held.pk}/").content.decode().split())
    assert words in page
    assert ("Every item needs" in page) is bool(words)
    assert re.findall(r'btn-primary" type="submit" name="deed" value="(\w+)"', page) == [primary]
