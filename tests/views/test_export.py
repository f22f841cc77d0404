"""The export pages: what they ask for, who gets the file, under which name, and what they say when there is none."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from slider.flow import exports as writing
from slider.models import Export, ExportPiece, ExportState, Format, Membership, Role, Task
from slider.queries import exports
from slider.rows import parquet_out
from tests import casts, files_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    casts.one(made.task, "m1")
    return made


def client(who: User) -> Client:
    made = Client()
    made.force_login(who)
    return made


def page(who: User, row: Export) -> str:
    return client(who).get(reverse("export-show", args=[row.pk])).content.decode()


def download(who: User, row: Export) -> Any:
    return client(who).post(reverse("export-file", args=[row.pk]))


def test_what_is_chosen_is_what_is_asked_for(cast: casts.Company) -> None:
    chosen = {
        "format": "csv.gz", "state": "done", "lane": "people", "begins": " a\"b ", "came_since": "2026-11-01",
        "came_until": "2026-11-28", "done_since": "", "done_until": "2026-12-31", "parts": ["looks", "state"],
    }  # fmt: skip
    answer = client(cast.tuner).post(reverse("export", args=[cast.task.pk]), chosen)
    row = Export.objects.get()
    assert answer.headers["Location"] == reverse("export-show", args=[row.pk]) + "?go=1"
    assert (row.by, row.format, row.state, sorted(row.parts)) == (cast.tuner, "csv.gz", "waiting", ["looks", "state"])
    assert row.narrowed == {
        "state": "done", "lane": "people", "begins": 'a"b', "came_since": "2026-11-01T00:00:00+00:00",
        "came_until": "2026-11-29T00:00:00+00:00", "done_until": "2027-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert row.wanted.came_until == datetime(2026, 11, 29, tzinfo=UTC)
    shown = page(cast.tuner, row)
    assert "lane: people" in shown
    assert "came in from 1 Nov 2026, came in before 29 Nov 2026" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("format", "pdf", "There is no such choice"),
        ("state", "lost", "There is no such choice"),
        ("lane", "fast", "There is no such choice"),
        ("parts", "everything", "There is no such choice"),
        ("came_since", "yesterday", "Give a day as 2026-11-28"),
        ("begins", "x" * 256, "at most 255 characters"),
        ("begins", "a\x00b", "Null characters are not allowed"),
        ("done_until", "2026-11-01", "before the first day"),
    ],
)
def test_a_wish_that_can_not_be_met_is_refused_in_words_beside_its_field(
    cast: casts.Company, field: str, value: str, words: str
) -> None:
    chosen = {"format": "csv", "done_since": "2026-11-02"} | {field: value}
    answer = client(cast.tuner).post(reverse("export", args=[cast.task.pk]), chosen)
    assert (answer.status_code, Export.objects.count()) == (422, 0)
    assert words in answer.content.decode()


def test_the_form_begins_as_the_list_was_narrowed(cast: casts.Company) -> None:
    who, address = client(cast.tuner), reverse("export", args=[cast.task.pk])
    listed = who.get(reverse("items", args=[cast.task.pk]) + "?show=people").content.decode()
    assert f'href="{address}?show=people&amp;id="' in listed
    form = who.get(address + "?show=people&id=m%221").content.decode()
    assert re.findall(r'<option value="(\w+)"\s+selected>', form) == ["done", "people", "csv"]
    assert 'value="m&quot;1"' in form
    assert who.get(address + "?show=nonsense&id=" + "x" * 3000).status_code == 200


def test_a_download_is_the_file_with_its_name_and_length(cast: casts.Company) -> None:
    row = files_out.made(cast.task, by=cast.tuner, kind=Format.CSV)
    answer = download(cast.tuner, row)
    assert answer.streaming
    content = b"".join(answer.streaming_content)
    assert content == files_out.content(row)
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Content-Length")} == {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="sort-messages-{row.pk}-{row.created_at:%Y-%m-%d}.csv"',
        "Content-Length": str(len(content)),
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("slug", ['a"; x="', "../../etc/passwd", "a\r\nSet-Cookie: x=1", "a/b", "..", "ä☃"])
def test_no_name_leaves_its_folder_or_breaks_the_header(cast: casts.Company, slug: str) -> None:
    """A short name is letters, digits and hyphens at every door; this one went past them, by hand in the database."""
    Task.objects.filter(pk=cast.task.pk).update(slug=slug)
    row = files_out.made(cast.task, by=cast.tuner)
    answer = download(cast.tuner, row)
    said = answer.headers["Content-Disposition"]
    name = said.removeprefix('attachment; filename="').removesuffix('"')
    assert name.replace("-", "").replace(".jsonl", "").isalnum(), said
    assert name.isascii()
    assert "Set-Cookie" not in answer.headers


def test_rights_are_asked_at_each_download(cast: casts.Company) -> None:
    row = files_out.made(cast.task, by=cast.tuner)
    people = (cast.tuner, cast.admin, cast.viewer, cast.reviewer, cast.outsider)
    assert [download(who, row).status_code for who in people] == [200, 200, 403, 403, 404]
    Membership.objects.filter(user=cast.tuner).update(role=Role.VIEWER)
    assert download(cast.tuner, row).status_code == 403, "also where it is one's own"
    Membership.objects.filter(user=cast.tuner).delete()
    assert download(cast.tuner, row).status_code == 404
    assert client(cast.admin).get(reverse("export-file", args=[row.pk])).status_code == 405


def test_there_is_no_file_before_it_is_whole_nor_after_it_is_dropped(cast: casts.Company) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    for _ in range(2):
        answer = download(cast.tuner, row)
        assert (answer.status_code, answer.headers["Location"]) == (302, reverse("export-show", args=[row.pk]))
        row = files_out.run(row)
        writing.cancel(row, by=cast.tuner.pk)
    assert "The file is not here any longer: it was deleted." in page(cast.tuner, row)


def test_a_file_that_is_dropped_while_it_is_downloaded_breaks_off(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than the announced length comes, so whoever downloads notices."""
    row = files_out.made(cast.task, by=cast.tuner)
    piece = row.pieces.get()
    ExportPiece.objects.create(of=row, number=1, content=piece.content, first=0, last=0)
    stream = writing.download(row)
    next(stream)
    writing.cancel(row, by=cast.admin.pk)
    with pytest.raises(writing.Lost):
        list(stream)


def test_cancel_and_delete_say_what_they_did(cast: casts.Company) -> None:
    for prepare, words, state in (
        (files_out.asked, "It is cancelled.", ExportState.CANCELLED),
        (files_out.made, "It is deleted.", ExportState.DROPPED),
    ):
        row = prepare(cast.task, by=cast.tuner)
        answer = client(cast.admin).post(reverse("export-cancel", args=[row.pk]), follow=True)
        assert words in answer.content.decode()
        row.refresh_from_db()
        assert row.state == state
        assert client(cast.admin).post(reverse("export-cancel", args=[row.pk])).status_code == 302
    assert not ExportPiece.objects.exists()


def test_the_page_says_how_far_it_is_and_asks_again_only_until_it_is_over(cast: casts.Company) -> None:
    row = files_out.asked(cast.task, by=cast.tuner)
    address = reverse("export-progress", args=[row.pk])
    shown = page(cast.tuner, row)
    assert f'hx-get="{address}"' in shown
    assert '<meta http-equiv="refresh"' in shown
    assert "waits for its turn" in shown
    Export.objects.filter(pk=row.pk).update(
        state="running", started_at=Now() - timedelta(seconds=10), total=4000, looked=1000, rows=900, lease_until=Now()
    )
    piece = client(cast.tuner).get(address).content.decode()
    assert 'max="4000" value="1000"' in piece
    assert re.search(r"<dt>items a second</dt>\s*<dd>\s*(89|90)\s*</dd>", piece)
    done = files_out.made(cast.task, by=cast.tuner)
    shown = page(cast.tuner, done)
    assert "hx-get" not in shown.partition('id="progress"')[2]
    assert "refresh" not in shown
    assert "The file is ready: 1 item." in shown
    assert bytes(done.sha256 or b"").hex() in shown
    assert "data-download" not in shown
    assert (
        f'data-download="{done.pk}"'
        in client(cast.tuner).get(address.replace(str(row.pk), str(done.pk)) + "?go=1").content.decode()
    )


def test_a_project_that_has_too_many_under_way_is_told(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_OWED", 1)
    files_out.asked(cast.task, by=cast.tuner)
    answer = client(cast.tuner).post(reverse("export", args=[cast.task.pk]), {"format": "csv", "begins": "m"})
    assert answer.status_code == 409
    assert "let them end, or cancel one" in answer.content.decode()
    assert 'value="m"' in answer.content.decode(), "what was chosen is kept"


def test_without_pyarrow_the_choice_is_absent_and_the_page_says_why(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("export", args=[cast.task.pk])
    assert 'value="parquet"' in client(cast.tuner).get(address).content.decode()
    row = files_out.asked(cast.task, by=cast.tuner, kind=Format.PARQUET)
    monkeypatch.setattr(parquet_out, "is_here", lambda: False)
    shown = client(cast.tuner).get(address).content.decode()
    assert 'value="parquet"' not in shown
    assert "pip install -r requirements-parquet.in" in shown
    assert client(cast.tuner).post(address, {"format": "parquet"}).status_code == 422
    row = files_out.run(row)
    assert row.state == ExportState.FAILED, "another host of the fleet may lack it"
    assert "requirements-parquet.in" in exports.progress(row).words


def test_what_people_wrote_is_shown_as_text(cast: casts.Company) -> None:
    bad = "<img src=x onerror=alert(1)>"
    client(cast.tuner).post(reverse("export", args=[cast.task.pk]), {"format": "csv", "begins": bad})
    row = Export.objects.get()
    for shown in (
        page(cast.tuner, row),
        client(cast.tuner).get(reverse("export", args=[cast.task.pk])).content.decode(),
    ):
        assert bad not in shown
        assert "&lt;img" in shown


def test_how_long_it_is_kept_is_said(cast: casts.Company, settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_EXPORT_DAYS": 3})
    row = files_out.made(cast.task, by=cast.tuner)
    assert row.expires_at is not None
    assert row.finished_at is not None
    assert row.expires_at - row.finished_at == timedelta(days=3)
    assert f"kept until {row.expires_at:%-d %b %Y}" in page(cast.tuner, row)
