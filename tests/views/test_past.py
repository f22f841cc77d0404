"""Bring your history: the upload, what is asked, what is found, and the button that puts it into force."""

import re
from collections.abc import Callable, Mapping

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from slider.models import Gauge, Mode, Past, PastState
from tests import casts, pasts, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.05))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(cast: casts.Company, past: Past, who: User | None = None) -> str:
    answer = signed_in(who or cast.tuner).get(reverse("history-show", args=[past.pk]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(
    cast: casts.Company, name: str, past: Past, sent: Mapping[str, object], who: User | None = None
) -> HttpResponse:
    answer = signed_in(who or cast.tuner).post(reverse(name, args=[past.pk]), dict(sent))
    assert isinstance(answer, HttpResponse)
    return answer


def flipped(count: int = 300) -> bytes:
    return pasts.jsonl([row | {"correct": 1 - row["correct"]} for row in pasts.rows(count)])


def test_each_page_is_for_people_who_may_bring_items_in(cast: casts.Company) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    addresses = [reverse("history", args=[cast.task.pk])]
    addresses += [reverse(name, args=[past.pk]) for name in ("history-show", "history-progress", "history-refused")]
    for address in addresses:
        for name, status in {"tuner": 200, "admin": 200, "reviewer": 403, "viewer": 403, "outsider": 404}.items():
            assert signed_in(getattr(cast, name)).get(address).status_code == status, (address, name)


@pytest.mark.parametrize("name", ["history-read", "history-confirm", "history-drop"])
def test_nobody_else_can_change_one(cast: casts.Company, name: str) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    sent = {"reason": "because", "expected": "1", "reading": "flipped"}
    for who, status in {"reviewer": 403, "viewer": 403, "outsider": 404}.items():
        assert post(cast, name, past, sent, getattr(cast, who)).status_code == status
    past.refresh_from_db()
    assert past.state == PastState.READY


def test_it_goes_from_an_upload_to_a_share_by_pages_alone(cast: casts.Company) -> None:
    client = signed_in(cast.tuner)
    file = SimpleUploadedFile("march.jsonl", pasts.jsonl(pasts.rows(1200)))
    answer = client.post(reverse("history", args=[cast.task.pk]), {"file": file})
    past = Past.objects.get()
    assert answer.headers["Location"] == reverse("history-show", args=[past.pk])
    assert "The file is being read" in page(cast, past)
    past = pasts.read(past)
    shown = page(cast, past)
    assert re.search(r"1,200 rows vouch for \d+ % unattended: at most \d+ % wrong", shown)
    expected = re.search(r'name="expected" value="(\d+)"', shown)
    assert expected is not None
    sent = {"reason": "all of March was judged", "expected": expected[1]}
    moved = post(cast, "history-confirm", past, sent)
    assert (moved.status_code, moved.headers["Location"]) == (302, reverse("slider", args=[cast.task.pk]))
    slider = client.get(reverse("slider", args=[cast.task.pk])).content.decode()
    assert "1,200 rows of history allow" in slider
    assert "from history: 1,200 rows of march.jsonl: all of March was judged" in slider
    assert Gauge.objects.get(pk=cast.task.pk).policy.effective > 0.5


def test_the_door_is_where_there_is_no_evidence_and_where_files_come_in(cast: casts.Company) -> None:
    link = f'href="{reverse("history", args=[cast.task.pk])}"'
    slider, upload = reverse("slider", args=[cast.task.pk]), reverse("import", args=[cast.task.pk])
    assert link in signed_in(cast.tuner).get(slider).content.decode()
    assert link in signed_in(cast.tuner).get(upload).content.decode()
    assert link not in signed_in(cast.viewer).get(slider).content.decode()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(60))), cast)
    assert link not in signed_in(cast.tuner).get(slider).content.decode()


def test_a_question_shows_both_readings_in_numbers_and_offers_no_button(cast: casts.Company) -> None:
    past = pasts.bring(cast, flipped())
    shown = page(cast, past)
    assert "Does a right answer say right in this file?" in shown
    right, wrong = past.findings["right"], past.findings["wrong"]
    assert f'<th scope="row">right</th> <td class="num">{right}</td><td class="num">{wrong}</td>' in shown
    assert f'<th scope="row">wrong</th> <td class="num">{wrong}</td><td class="num">{right}</td>' in shown
    assert "Put it into force" not in shown
    assert post(cast, "history-confirm", past, {"reason": "x", "expected": "1"}).status_code == 422


def test_an_answer_has_the_file_read_anew(cast: casts.Company) -> None:
    past = pasts.bring(cast, flipped())
    assert post(cast, "history-read", past, {"reading": "flipped"}).status_code == 302
    past = pasts.read(past)
    assert (past.state, past.answers["reading"]) == (PastState.READY, "flipped")
    assert "Put it into force" in page(cast, past)


@pytest.mark.parametrize("sent", [{}, {"reading": "perhaps"}])
def test_no_answer_is_no_answer(cast: casts.Company, sent: dict[str, object]) -> None:
    past = pasts.bring(cast, flipped())
    assert post(cast, "history-read", past, sent).status_code == 422
    past.refresh_from_db()
    assert past.state == PastState.ASKING


def columns(**said: object) -> dict[str, object]:
    return {"columns": "yes", "correct": "thumbs", "says": "right", "id": "id"} | said


def test_columns_can_be_named_by_hand(cast: casts.Company) -> None:
    lines = "".join(f"{n},{n % 97 + 1},{'no' if n % 9 else 'yes'}\n" for n in range(200))
    past = pasts.bring(cast, f"id,sureness,thumbs\n{lines}".encode(), "odd.csv")
    assert past.findings["questions"] == ["outcome"]
    sent = columns(says="wrong", signal_token_logodds="sureness", way_token_logodds="percent")
    assert post(cast, "history-read", past, sent).status_code == 302
    past = pasts.read(past)
    assert (past.state, past.findings["right"]) == (PastState.READY, 177)
    assert past.answers["signals"] == {"token_logodds": {"column": "sureness", "way": "percent"}}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"correct": ""}, "Say which column holds right or wrong"),
        ({}, "Say which column tells how sure the worker was"),
        ({"signal_stated": "sureness", "signal_agreement": "sureness"}, "One column can be one signal only"),
        ({"correct": "sureness", "signal_stated": "sureness"}, "can&#x27;t be a signal as well"),
        ({"correct": "elsewhere"}, "Select a valid choice"),
    ],
)
def test_columns_that_can_not_be_are_said_at_their_field(
    cast: casts.Company, said: dict[str, object], words: str
) -> None:
    past = pasts.bring(cast, b"id,sureness,thumbs\n1,2,up\n2,3,down\n", "odd.csv")
    answer = post(cast, "history-read", past, columns(**said))
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_reason_is_asked_for(cast: casts.Company) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    answer = post(cast, "history-confirm", past, {"reason": " ", "expected": "1"})
    assert (answer.status_code, "Say why these rows are a fair sample" in answer.content.decode()) == (422, True)
    assert cast.task.policies.count() == 1


def test_a_slider_that_was_moved_meanwhile_is_shown_and_not_overruled(cast: casts.Company) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    client = signed_in(cast.tuner)
    client.post(
        reverse("apply", args=[cast.task.pk]), {"percent": 5, "mode": "guarded", "reason": "less", "expected": 1}
    )
    answer = post(cast, "history-confirm", past, {"reason": "fair", "expected": "1"})
    assert (answer.status_code, "moved meanwhile (less)" in answer.content.decode()) == (409, True)
    assert 'name="expected" value="2"' in answer.content.decode()
    assert post(cast, "history-confirm", past, {"reason": "fair", "expected": "2"}).status_code == 302


def test_a_dropped_one_is_gone_from_the_list(cast: casts.Company) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)), "old.jsonl")
    assert post(cast, "history-drop", past, {}).status_code == 302
    assert (
        "old.jsonl"
        not in signed_in(cast.tuner)
        .get(reverse("history", args=[cast.task.pk]))
        .content.decode()
        .split("Earlier histories")[1]
    )
    assert "This history was dropped" in page(cast, past)
    assert post(cast, "history-read", past, {"reading": "flipped"}).status_code == 302
    past.refresh_from_db()
    assert past.state == PastState.DROPPED


def test_what_can_not_be_a_history_is_refused_at_the_door(cast: casts.Company) -> None:
    client, address = signed_in(cast.tuner), reverse("history", args=[cast.task.pk])
    assert "Choose a file first" in client.post(address, {}).content.decode()
    answer = client.post(address, {"file": SimpleUploadedFile("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50))})
    assert (answer.status_code, "is an image" in answer.content.decode()) == (422, True)
    assert not Past.objects.exists()


def test_a_history_is_no_import_of_items(cast: casts.Company) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)), "old.jsonl")
    client = signed_in(cast.tuner)
    assert client.get(reverse("import-show", args=[past.file_id])).status_code == 404
    assert "old.jsonl" not in client.get(reverse("import", args=[cast.task.pk])).content.decode()


def test_refused_rows_come_as_a_file_that_no_spreadsheet_takes_for_formulas(cast: casts.Company) -> None:
    rows = b"".join(b"%d,%d,yes\n" % (n, n) for n in range(20))
    past = pasts.bring(cast, b"id,token_logodds,correct\n" + rows + b"x,1,=1+1\n", "a.csv")
    answer = signed_in(cast.tuner).get(reverse("history-refused", args=[past.pk]))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines == ["line,column,reason", "22,correct,'=1+1' is neither right nor wrong"]


@pytest.mark.parametrize("past_id", [0, 999_999, 2**63, 10**30])
def test_a_history_that_is_none_is_a_404(cast: casts.Company, past_id: int) -> None:
    assert signed_in(cast.admin).get(f"/histories/{past_id}/").status_code == 404
