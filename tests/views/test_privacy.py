"""The pages of privacy: rules are tried and saved, an id is looked up, an item is erased; each with its errors."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import erasing, retaining
from slider.models import Emptied, Entry, Item, Policy, Task, Verdict, Worker
from tests import archives, casts, files_out, logs
from tests.archives import grow_old

pytestmark = pytest.mark.django_db
BODY: dict[str, Any] = {
    "subject": "Refund",
    "text": "Write to anna@example.com or call +49 170 1234567, card 4111 1111 1111 1111.",
}
GOOD = {
    "left_out": "/vip\n\n/received",
    "masked": "/subject",
    "detect": ["email", "card"],
    "patterns": r"CUSTOMER \bC-\d{6}\b",
    "contents_days": "90",
}


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    made = archives.company(monkeypatch, share=0.0)
    logs.link_now()
    return made


def client(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def post(cast: casts.Company, **said: Any) -> Any:
    return client(cast.admin).post(reverse("privacy", args=[cast.task.pk]), {"part": "save"} | GOOD | said)


def item(cast: casts.Company, name: str = "m1") -> Item:
    made = casts.one(cast.task, name, **BODY)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.ACCEPT)
    return made


def test_what_is_saved_is_shown_again_and_holds_for_a_new_version_of_the_worker(cast: casts.Company) -> None:
    epoch = Policy.objects.latest("pk").epoch
    assert post(cast).status_code == 302
    cast.task.refresh_from_db()
    assert cast.task.redaction == {
        "left_out": ["/vip", "/received"],
        "masked": ["/subject"],
        "detect": ["email", "card"],
        "patterns": [{"name": "CUSTOMER", "pattern": r"\bC-\d{6}\b"}],
    }
    assert cast.task.contents_days == 90
    live = Worker.objects.get(task=cast.task, retired_at=None)
    assert (live.version, Policy.objects.latest("pk").epoch) == (cast.worker.version + 1, epoch + 1)
    page = client(cast.admin).get(reverse("privacy", args=[cast.task.pk])).content.decode()
    assert r"CUSTOMER \bC-\d{6}\b" in page
    assert "/vip\n/received" in page
    entries = Entry.objects.filter(kind="setting", facts__table="task", by=cast.admin)
    assert entries.latest("pk").facts["set"]["contents_days"] == 90
    assert logs.found() == []


def test_the_same_rules_again_start_nothing_anew(cast: casts.Company) -> None:
    post(cast)
    versions, policies = Worker.objects.count(), Policy.objects.count()
    assert post(cast, contents_days="30").status_code == 302
    assert (Worker.objects.count(), Policy.objects.count()) == (versions, policies)
    cast.task.refresh_from_db()
    assert cast.task.contents_days == 30


def test_the_settings_page_does_not_touch_them(cast: casts.Company) -> None:
    """A page of the settings that was opened before must not undo them."""
    from slider.flow import setup

    stale = Task.objects.get(pk=cast.task.pk)
    post(cast)
    setup.save_task(stale, by=cast.tuner.pk)
    cast.task.refresh_from_db()
    assert (cast.task.contents_days, bool(cast.task.redaction)) == (90, True)


@pytest.mark.parametrize(
    ("field", "said", "words"),
    [
        ("left_out", "/vip\nreceived", "Line 2: &#x27;received&#x27; names no field: write it as /customer/name"),
        ("masked", "/subjekt", "Line 1: An item has no field &#x27;subjekt&#x27;; it has"),
        ("masked", "/subject/~2", "Line 1: &#x27;/subject/~2&#x27; holds a lone ~"),
        ("patterns", "CUSTOMER (a", "Line 1: The pattern of CUSTOMER can&#x27;t be read (missing ): (a)"),
        (
            "patterns",
            "\n\nBACK (a)\\1",
            "Line 3: The pattern of BACK can&#x27;t be read (invalid escape sequence: \\1)",
        ),
        ("patterns", "AHEAD (?=a)", "no look-around, no back references"),
        ("patterns", "customer C-1", "Line 1: &#x27;customer&#x27; is no name: take 1 to 20 capital letters"),
        ("patterns", "EMAIL x", "Line 1: The name EMAIL is taken"),
        ("patterns", "A x\nA y", "Line 2: The name A is taken"),
        ("patterns", "ALL x*", "finds nothing at all everywhere"),
        ("patterns", "ALONE", "A pattern has 1 to 500 characters"),
        ("patterns", "HUGE (?:x{1000}){1000}", "Line 1: The pattern of HUGE can&#x27;t be read"),
        ("contents_days", "0", "One day is the shortest"),
        ("contents_days", "4000", "3,650 days are the longest"),
        ("contents_days", "soon", "Write a whole number of days"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(cast: casts.Company, field: str, said: str, words: str) -> None:
    for part in ("save", "preview"):
        answer = post(cast, **{field: said, "part": part})
        assert answer.status_code == 422
        assert words in answer.content.decode(), answer.context["form"].errors
        assert answer.context["form"].errors.keys() == {field}
    cast.task.refresh_from_db()
    assert (cast.task.redaction, cast.task.contents_days) == ({}, None)


def test_rules_are_tried_on_a_real_item_and_nothing_is_saved(cast: casts.Company) -> None:
    item(cast)
    first = post(cast, part="preview").content.decode()
    assert "<mark>[EMAIL_1]</mark>" in first
    assert "<mark>[CARD_1]</mark>" in first
    assert "<mark>[FIELD_1]</mark>" in first
    assert "1 card, 1 email, 1 field masked" in first
    assert "+49 170 1234567" in first.split('class="masked"')[1].split("</pre>")[0], "no rule looks for it"
    assert "anna@example.com" not in first.split('class="masked"')[1].split("</pre>")[0]
    assert "not saved" in first
    cast.task.refresh_from_db()
    assert cast.task.redaction == {}


@pytest.mark.parametrize("named", ["9", "x", "-1", "9" * 18, "\u0663"])
def test_an_item_that_is_none_is_said_so(cast: casts.Company, named: str) -> None:
    item(cast)
    answer = post(cast, part="preview", item="999999999" if named == "9" else named)
    assert answer.status_code == 422
    assert 'id="preview-item-error"' in answer.content.decode()


def test_an_item_of_another_project_is_not_shown(cast: casts.Company) -> None:
    other = casts.company(prefix="b ")
    theirs = casts.one(other.task, "x", text="a secret of theirs")
    answer = post(cast, part="preview", item=str(theirs.pk))
    assert answer.status_code == 422
    assert "a secret of theirs" not in answer.content.decode()


# ---- the item's page


def test_the_page_of_an_item_says_when_its_contents_go_and_that_they_went(cast: casts.Company) -> None:
    Task.objects.update(contents_days=30, archive_after_days=None)
    made = item(cast)
    page = client(cast.admin).get(reverse("item", args=[made.pk])).content.decode()
    assert "What it holds is deleted on" in page
    grow_old(cast.task)
    assert retaining.sweep(limit_s=5) == 1
    answer = client(cast.admin).get(reverse("item", args=[made.pk]))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Its contents were deleted" in page
    assert "30 days" in page
    assert "anna@example.com" not in page
    for other in ("items", "quality", "reviewers", "slider", "together", "lead"):
        assert client(cast.admin).get(reverse(other, args=[cast.task.pk])).status_code == 200
    exported = files_out.content(files_out.made(cast.task, by=cast.admin))
    assert b"anna" not in exported
    assert json.loads(exported)["outcome"]["deleted"] == "rule"


# ---- erasing


def test_an_item_is_erased_after_a_page_that_says_what_goes(cast: casts.Company) -> None:
    made = item(cast)
    address = reverse("erase", args=[made.pk])
    admin = client(cast.admin)
    page = admin.get(address).content.decode()
    assert "Erase it for good" in page
    assert "Attempts" in page
    assert Item.objects.get(pk=made.pk).external_id == "m1", "a GET changes nothing"
    refused = admin.post(address, {"words": " "})
    assert refused.status_code == 422
    assert "Say in 1 to 250 characters who asked for it and why" in refused.content.decode()
    assert admin.post(address, {"words": "letter of 3 May"}).status_code == 302
    told = admin.get(reverse("item", args=[made.pk])).content.decode()
    assert "Erased" in told
    assert "letter of 3 May" in told
    assert "anna@example.com" not in told
    reader = client(cast.tuner).get(reverse("item", args=[made.pk])).content.decode()
    assert "letter of 3 May" not in reader
    assert admin.post(address, {"words": "again"}).status_code == 302
    assert "There is nothing left to erase" in admin.get(address).content.decode()
    log = admin.get(reverse("log", args=[cast.project.slug])).content.decode()
    assert "was erased on request: letter of 3 May" in log


def test_an_erased_item_can_not_be_added_by_hand(cast: casts.Company) -> None:
    made = item(cast)
    erasing.erase(made.pk, by=cast.admin.pk, words="asked")
    answer = client(cast.tuner).post(
        reverse("item-new", args=[cast.task.pk]), {"external_id": "m1", "/text": "hello", "text": "hello"}
    )
    assert answer.status_code in (410, 422)
    assert Item.objects.count() == 1


def test_who_has_it_on_their_desk_is_told_what_became_of_it(cast: casts.Company) -> None:
    made = casts.one(cast.task, "m1", **BODY)
    reviewer = client(cast.reviewer)
    look = casts.take(cast.reviewer, cast.task)
    page = reviewer.get(reverse("desk-review", args=[look.pk])).content.decode()
    assert "anna@example.com" in page
    erasing.erase(made.pk, by=cast.admin.pk, words="asked")
    sent = {"token": look.token, "verdict": "accept"}
    answer = reviewer.post(reverse("desk-decide", args=[look.pk]), sent, follow=True)
    assert "what the item held was deleted meanwhile" in answer.content.decode().lower()
    assert "anna@example.com" not in answer.content.decode()
    assert reviewer.get(reverse("desk-review", args=[look.pk]), follow=True).status_code in (200, 404, 409, 410)


# ---- what is held under an id


def test_what_is_held_is_shown_and_handed_out_and_that_is_in_the_log(cast: casts.Company) -> None:
    made = item(cast)
    address = reverse("subject", args=[cast.project.slug])
    admin = client(cast.admin)
    page = admin.post(address, {"external_id": "m1"}).content.decode()
    assert reverse("item", args=[made.pk]) in page
    answer = admin.post(address, {"external_id": "m1", "as": "json"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="what-is-held.json"'
    (one,) = json.loads(answer.content)["items"]
    assert (one["task"], one["item"], one["deleted"]) == (cast.task.slug, made.pk, None)
    assert one["held"]["payload"][0]["body"] == BODY
    assert {"attempts", "results", "looks", "decision"} <= one["held"].keys()
    assert "sha256" not in one["held"]["payload"][0]
    entry = Entry.objects.filter(kind="export").latest("pk")
    assert (entry.by_id, entry.facts["what"], entry.facts["items"]) == (cast.admin.pk, "subject", [made.pk])
    assert "m1" not in json.dumps(entry.facts)
    assert (
        "What is held under one id was handed out (json)"
        in admin.get(reverse("log", args=[cast.project.slug])).content.decode()
    )


def test_what_was_erased_is_found_again_by_its_id_with_nothing_in_it(cast: casts.Company) -> None:
    made = item(cast)
    erasing.erase(made.pk, by=cast.admin.pk, words="asked")
    answer = client(cast.admin).post(reverse("subject", args=[cast.project.slug]), {"external_id": "m1", "as": "json"})
    (one,) = json.loads(answer.content)["items"]
    assert one["deleted"]["why"] == "request"
    assert "anna" not in answer.content.decode()


@pytest.mark.parametrize("said", ["", "  ", "x" * 256, "a\x00b"])
def test_an_id_that_can_be_none_is_said_so(cast: casts.Company, said: str) -> None:
    answer = client(cast.admin).post(reverse("subject", args=[cast.project.slug]), {"external_id": said})
    assert answer.status_code == 422
    assert "1 to 255 characters" in answer.content.decode()
    assert not Entry.objects.filter(facts__what="subject").exists()


def test_nothing_of_another_project_is_found(cast: casts.Company) -> None:
    other = casts.company(prefix="b ")
    casts.one(other.task, "theirs", text="a secret")
    page = client(cast.admin).post(reverse("subject", args=[cast.project.slug]), {"external_id": "theirs"})
    assert "Nothing is held under" in page.content.decode()
    assert not Emptied.objects.exists()
