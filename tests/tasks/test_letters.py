"""The letters' machine sends what is due, and does nothing while mail is off."""

import pytest
from django.conf import settings
from django.core import mail

from slider.celery import app
from slider.flow import notices
from slider.models import Letter, NoticeKind, Post
from tasks import letters
from tests import casts


@pytest.mark.django_db
def test_it_sends_what_is_due_and_only_while_mail_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    on = settings.ENV.model_copy(update={"SLIDER_MAIL_HOST": "localhost", "SLIDER_MAIL_FROM": "a@example.org"})
    off = settings.ENV
    monkeypatch.setattr(settings, "ENV", on)
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "9 of 40 audits were wrong")
    monkeypatch.setattr(settings, "ENV", off)
    assert letters.letters() == 0
    monkeypatch.setattr(settings, "ENV", on)
    assert letters.letters() == 2
    assert {letter.to[0] for letter in mail.outbox} == {"tuner@example.org", "admin@example.org"}
    assert not Letter.objects.exclude(state=Post.SENT).exists()


def test_the_beat_calls_it_on_a_queue_that_is_there() -> None:
    assert app.conf.beat_schedule["letters"]["task"] == letters.letters.name
    assert "tasks.letters" in app.conf.imports
    assert app.amqp.router.route({}, letters.letters.name)["queue"].name == "publish"
