"""What both pages that take a file do alike: refuse at the door, and show the first refused rows."""

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from slider.models import Import, Past, RefusedRow
from slider.queries import imports
from tests import casts, pasts, stages

pytestmark = pytest.mark.django_db

PAGES = ("import", "history")


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    signed_in = Client()
    signed_in.force_login(cast.tuner)
    return signed_in


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_too_large_is_refused_before_it_is_stored(
    cast: casts.Company, client: Client, settings: Settings, page: str
) -> None:
    settings.IMPORT_MAX_BYTES = 2 * 1024**2
    file = SimpleUploadedFile("big.csv", b"text\n" + b"a" * (2 * 1024**2 + 400_000))
    answer = client.post(reverse(page, args=[cast.task.pk]), {"file": file})
    said = answer.content.decode().split('id="file-error">')[1].split("</p>")[0]
    assert answer.status_code == 422
    assert said.startswith("The file has 2.4 MB; at most 2 MB are taken")
    assert not Import.objects.exists()
    assert not Past.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_the_form_says_how_large_a_file_may_be(
    cast: casts.Company, client: Client, settings: Settings, page: str
) -> None:
    settings.IMPORT_MAX_BYTES, settings.IMPORT_MAX_ROWS = 7 * 1024**2, 12_345
    assert "Up to 7 MB and 12,345 rows." in client.get(reverse(page, args=[cast.task.pk])).content.decode()


@pytest.mark.parametrize("kind", PAGES)
def test_the_first_refused_rows_are_shown_and_the_rest_are_counted(
    cast: casts.Company, client: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(imports, "SHOWN_ROWS", 2)
    past = pasts.bring(cast, pasts.jsonl([*pasts.rows(60), *({"id": n, "correct": "perhaps"} for n in range(3))]))
    assert past.file is not None
    row, address = past.file, reverse("history-show", args=[past.pk])
    if kind == "import":
        Import.objects.filter(pk=row.pk).update(purpose="items")
        address = reverse("import-show", args=[row.pk])
    page = client.get(address).content.decode()
    assert RefusedRow.objects.filter(of=row).count() == 3
    assert len(re.findall("neither right nor wrong", page.split("Refused rows</h2>")[1])) == 2
    assert "The first 2 of 3." in page
    assert reverse(f"{kind}-refused", args=[past.pk if kind == "history" else row.pk]) in page
