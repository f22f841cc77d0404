"""A forgotten password: the same answer and the same work for known and unknown; a link holds once, for an hour."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from slider.flow import account_letters, passwords
from slider.models import AccountLetter, Post
from slider.views import throttle
from tests import casts
from tests.second_steps import signed_in

pytestmark = pytest.mark.django_db
NEW = "four grey geese in a row"


@pytest.fixture(autouse=True)
def mails(settings: Settings) -> None:
    on = {"SLIDER_MAIL_HOST": "localhost", "SLIDER_MAIL_FROM": "s@example.org", "SLIDER_ADDRESS": "http://testserver"}
    settings.ENV = settings.ENV.model_copy(update=on)
    throttle.forget("reset", address="127.0.0.1", most=throttle.ADDRESS)
    for name in ("tuner", "nobody", "viewer"):
        throttle.forget(name, address="127.0.0.1")
        throttle.forget(f"{name}@example.org", address="", most=throttle.RESETS)


def ask(address: str) -> tuple[int, str, list[str]]:
    """Status, page and every statement that was sent to the database, without what is random in them."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = Client().post("/password/forgot", {"email": address})
    page = re.sub(r'(csrf-token" content|csrfmiddlewaretoken" value)="\w+"', r"\1", answer.content.decode())
    return answer.status_code, page, [re.sub(r"'[^']*'", "?", query["sql"]) for query in seen.captured_queries]


def link() -> str:
    """The link in the newest mail."""
    account_letters.send_due()
    found = re.search(r"http://testserver(/password/new/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def choose(path: str, password: str = NEW) -> int:
    return Client().post(path, {"new_password1": password, "new_password2": password}).status_code


def test_known_and_unknown_get_the_same_answer_and_cost_the_same_work() -> None:
    casts.company()
    known, unknown = ask("tuner@example.org"), ask("nobody@example.org")
    assert known == unknown
    assert known[0] == 200
    assert not [sql for sql in known[2] if "auth_user" in sql]  # nobody is looked up while somebody waits
    account_letters.send_due()
    assert [letter.to for letter in mail.outbox] == [["tuner@example.org"]]
    assert AccountLetter.objects.get(address="nobody@example.org").state == Post.VOID


def test_a_link_sets_a_password_once_and_ends_the_sessions() -> None:
    casts.company()
    before = signed_in("tuner")
    ask("TUNER@example.org")
    path = link()
    assert Client().get(path).status_code == 200
    assert choose(path) == 302
    assert before.get("/").status_code == 302
    assert signed_in("tuner", NEW).get("/").status_code == 200
    assert choose(path, "another one that is long") == 410
    assert Client().get(path).status_code == 410


def test_reading_a_link_uses_nothing_up() -> None:
    casts.company()
    ask("tuner@example.org")
    path = link()
    for _ in range(3):
        assert Client().get(path).status_code == 200
    assert choose(path) == 302


def test_a_link_holds_for_an_hour() -> None:
    casts.company()
    ask("tuner@example.org")
    path = link()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert choose(path) == 410
    assert choose(path) == 302


@pytest.mark.parametrize("number", ["MQ", "AAAA", "x", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_link_of_nobodys_reads_like_one_that_has_run_out(number: str) -> None:
    answer = Client().get(f"/password/new/{number}/c0ffee-0123456789abcdef")
    assert answer.status_code == 410
    assert "does not hold any more" in answer.content.decode()


def test_a_password_that_is_too_easy_is_refused_and_the_link_stays() -> None:
    casts.company()
    ask("tuner@example.org")
    path = link()
    assert choose(path, "short") == 422
    assert choose(path, "password1234") == 422
    assert choose(path) == 302


def test_who_is_switched_off_or_has_no_password_gets_no_link() -> None:
    cast = casts.company()
    User.objects.filter(pk=cast.tuner.pk).update(is_active=False)
    cast.viewer.set_unusable_password()
    cast.viewer.save()
    ask("tuner@example.org")
    ask("viewer@example.org")
    account_letters.send_due()
    assert mail.outbox == []


def test_a_letter_that_nobody_waits_for_any_more_is_not_sent() -> None:
    casts.company()
    ask("tuner@example.org")
    AccountLetter.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    account_letters.send_due()
    assert mail.outbox == []
    AccountLetter.objects.update(created_at=timezone.now() - timedelta(days=31))
    account_letters.send_due()
    assert not AccountLetter.objects.exists()


def test_asking_often_sends_no_flood_and_says_nothing_of_it() -> None:
    casts.company()
    pages = {ask("tuner@example.org")[:2] for _ in range(6)}
    assert len(pages) == 1
    assert AccountLetter.objects.count() == 3


def test_two_who_use_one_link_at_once_set_one_password() -> None:
    cast = casts.company()
    token = account_letters.reset_link(cast.tuner).rpartition("/")[2]
    assert [passwords.reset(cast.tuner.pk, token, NEW), passwords.reset(cast.tuner.pk, token, "x" * 20)] == [
        True,
        False,
    ]
    cast.tuner.refresh_from_db()
    assert cast.tuner.check_password(NEW)


def test_changing_a_password_takes_the_old_one_and_signs_out_elsewhere() -> None:
    casts.company()
    here, there = signed_in("tuner"), signed_in("tuner")
    wrong = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert here.post("/account/password", wrong).status_code == 422
    assert here.post("/account/password", wrong | {"old_password": casts.PASSWORD}).status_code == 302
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 302)
    page = here.get("/account").content.decode()
    assert page.count("since") == 1
    assert ">here<" in page
    account_letters.send_due()
    assert "Your password was changed" in str(mail.outbox[-1].body)


def test_the_old_password_can_not_be_guessed_for_ever() -> None:
    casts.company()
    client = signed_in("tuner")
    for _ in range(5):
        client.post("/account/password", {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW})
    sent = {"old_password": casts.PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/account/password", sent).status_code == 422


def test_where_no_mail_is_sent_the_page_says_whom_to_ask(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_MAIL_HOST": ""})
    casts.company()
    page = Client().post("/password/forgot", {"email": "tuner@example.org"}).content.decode()
    assert "sends no mail" in page
    assert not AccountLetter.objects.exists()


def test_signing_out_elsewhere_ends_the_other_sessions_and_one_of_them_alone() -> None:
    casts.company()
    here, one, other = (signed_in("tuner", HTTP_USER_AGENT=f"Firefox/{n} (Linux)") for n in range(3))
    page = here.get("/account").content.decode()
    assert page.count("Firefox on Linux") >= 3
    ids = re.findall(r'name="session" value="(\d+)"', page)
    assert len(ids) == 2
    here.post("/account/sessions/end", {"session": ids[0]})
    assert sorted([one.get("/account").status_code, other.get("/account").status_code]) == [200, 302]
    here.post("/account/sessions/end")
    assert {one.get("/account").status_code, other.get("/account").status_code} == {302}
    assert here.get("/account").status_code == 200


def test_nobody_ends_another_persons_session() -> None:
    casts.company()
    throttle.forget("admin", address="127.0.0.1")
    tuner, admin = signed_in("tuner"), signed_in("admin")
    tuner.get("/account")
    from allauth.usersessions.models import UserSession

    theirs = UserSession.objects.get(user__username="tuner")
    admin.post("/account/sessions/end", {"session": theirs.pk})
    assert tuner.get("/account").status_code == 200
