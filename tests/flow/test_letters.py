"""Mails about notices are sent once, later when the server is away, and to nobody who lost the right to read them."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as live
from django.db import connection
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from slider.flow import letters, notices
from slider.models import Letter, Membership, NoticeKind, Post, Role, Task
from tests import casts, smtp
from tests.smtp import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    """Settings that name a real server, as the environment would name it."""
    with smtp.mail_server() as running:
        named = {
            "SLIDER_MAIL_HOST": "127.0.0.1",
            "SLIDER_MAIL_FROM": "Slider <slider@example.org>",
            "SLIDER_ADDRESS": "https://slider.example.org",
        }
        settings.ENV = live.ENV.model_copy(update=named)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", running.port, False
        settings.EMAIL_TIMEOUT, settings.DEFAULT_FROM_EMAIL = 3, named["SLIDER_MAIL_FROM"]
        yield running


@pytest.fixture
def cast(box: Mailbox) -> casts.Company:
    made = casts.company(share=0.5)
    Membership.objects.filter(user=made.admin).update(role=Role.VIEWER)
    return made


def tell(cast: casts.Company) -> Letter:
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "7 of 20 audits were wrong", facts={"wrong": 7}, policy=2)
    return Letter.objects.get()


def again(letter: Letter) -> Letter:
    """Let the pause before the next try be over, and try."""
    Letter.objects.filter(pk=letter.pk).update(next_try_at=Now() - timedelta(seconds=1))
    letters.send_due()
    letter.refresh_from_db()
    return letter


def test_it_says_what_where_who_and_when(cast: casts.Company, box: Mailbox) -> None:
    letter = tell(cast)
    assert letters.send_due() == 1
    letter.refresh_from_db()
    assert (letter.state, letter.tries, letter.sent_at is not None) == (Post.SENT, 1, True)
    (mail,) = box.mails
    assert box.to == ["tuner@example.org"]
    assert mail["Subject"] == "Sort messages: pulled back"
    assert mail["From"] == "Slider <slider@example.org>"
    text = str(mail.get_payload())
    assert "7 of 20 audits were wrong" in text
    assert "Sort messages (Support desk)" in text
    assert "By: the guard" in text
    assert f"https://slider.example.org/tasks/{cast.task.pk}/" in text


def test_it_is_sent_once(cast: casts.Company, box: Mailbox) -> None:
    tell(cast)
    assert [letters.send_due() for _ in range(3)] == [1, 0, 0]
    assert len(box.mails) == 1


def test_two_senders_never_take_the_same_letter(cast: casts.Company, box: Mailbox) -> None:
    for n in range(12):
        notices.tell(cast.task.pk, NoticeKind.SUSPICION, f"Number {n}")
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        letters.send_due(most=8)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 12
    assert not Letter.objects.exclude(state=Post.SENT).exists()


def test_a_server_that_is_away_is_tried_again_until_the_schedule_ends(
    cast: casts.Company, settings: Settings, box: Mailbox
) -> None:
    letter = tell(cast)
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = taken.getsockname()[1]
        for tries in range(1, len(letters.SCHEDULE_S) + 1):
            again(letter)
            assert letter.tries == tries
            assert "ConnectionRefusedError" in letter.last_problem
            assert letters.send_due() == 0
    assert letter.state == Post.FAILED
    settings.EMAIL_PORT = box.port
    assert again(letter).state == Post.FAILED
    assert box.mails == []


def test_a_server_that_comes_back_gets_the_same_letter(cast: casts.Company, settings: Settings, box: Mailbox) -> None:
    letter = tell(cast)
    settings.EMAIL_PORT = 9
    again(letter)
    settings.EMAIL_PORT = box.port
    assert again(letter).state == Post.SENT
    assert (letter.tries, letter.last_problem, len(box.mails)) == (2, "", 1)


@pytest.mark.parametrize(("refusal", "state"), [("550 no such user", Post.FAILED), ("450 not now", Post.DUE)])
def test_a_refusal_for_good_is_not_tried_again(cast: casts.Company, box: Mailbox, refusal: str, state: Post) -> None:
    letter = tell(cast)
    box.refusal = refusal
    assert again(letter).state == state
    assert refusal[4:] in letter.last_problem


def test_a_sender_that_dies_loses_no_letter(cast: casts.Company, box: Mailbox) -> None:
    letter = tell(cast)
    letters._reserve(5)  # and then the process is gone
    assert letters.send_due() == 0
    assert again(letter).state == Post.SENT
    assert letter.tries == 2


def test_who_lost_the_right_meanwhile_gets_nothing(cast: casts.Company, box: Mailbox) -> None:
    letter = tell(cast)
    Membership.objects.filter(user=cast.tuner).update(role=Role.REVIEWER)
    assert again(letter).state == Post.VOID
    assert box.mails == []


def test_a_name_with_line_breaks_adds_no_header(cast: casts.Company, box: Mailbox) -> None:
    Task.objects.filter(pk=cast.task.pk).update(name="Sort\r\nBcc: thief@example.org")
    assert again(tell(cast)).state == Post.SENT
    assert box.mails[0]["Bcc"] is None
    assert box.to == ["tuner@example.org"]


def test_while_mail_is_off_nothing_is_tried(cast: casts.Company, box: Mailbox, settings: Settings) -> None:
    letter = tell(cast)
    settings.ENV = live.ENV.model_copy(update={"SLIDER_MAIL_HOST": ""})
    assert letters.send_due() == 0
    letter.refresh_from_db()
    assert letter.tries == 0
