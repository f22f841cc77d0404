"""`manage.py subject` hands out what is held under an id, and the log says who asked."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from slider.flow import emptying, erasing
from slider.models import Entry
from slider.models.emptied import asked_digest
from tests import casts, logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    casts.one(made.task, "m1", subject="Mrs Robinson")
    logs.link_now()
    return made


def told(*arguments: str) -> str:
    said = io.StringIO()
    call_command("subject", *arguments, stdout=said)
    return said.getvalue()


def test_all_of_it_is_written_and_who_asked_stands_in_the_log(cast: casts.Company, tmp_path: Path) -> None:
    file = tmp_path / "held.json"
    assert "1 item of" in told(cast.project.slug, "m1", str(file), "--by", "admin")
    (one,) = json.loads(file.read_text())["items"]
    assert one["held"]["payload"][0]["body"]["subject"] == "Mrs Robinson"
    entry = Entry.objects.filter(kind="export").latest("pk")
    assert (entry.by_id, entry.facts["what"], entry.facts["format"]) == (cast.admin.pk, "subject", "command")
    guess = hashlib.sha256(b"m1").hexdigest()[:16]
    assert entry.facts["id"] == asked_digest(emptying.key(cast.task.pk), "m1") != guess
    assert logs.found() == []


def test_what_was_erased_is_said_to_be(cast: casts.Company) -> None:
    erasing.erase(cast.task.items.get().pk, by=cast.admin.pk, words="asked")
    (one,) = json.loads(told(cast.project.slug, "m1", "--by", "admin"))["items"]
    assert one["deleted"]["why"] == "request"
    assert json.loads(told(cast.project.slug, "m2", "--by", "admin"))["items"] == []
    assert "id" not in Entry.objects.filter(kind="export").latest("pk").facts, "what nobody has, nobody need find"


@pytest.mark.parametrize(("by", "words"), [("tuner", "may not do this"), ("nobody", "There is nobody called nobody")])
def test_who_may_not_gets_nothing(cast: casts.Company, by: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        told(cast.project.slug, "m1", "--by", by)
    assert not Entry.objects.filter(facts__what="subject").exists()
