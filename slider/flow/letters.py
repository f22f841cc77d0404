"""The letters stage: notices that are owed by mail leave until the mail server has them or the schedule ends."""

import smtplib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models.functions import Now

from slider.flow.notices import steering_roles
from slider.models import Letter, Membership, Post

AT_ONCE = 20
# Seconds before each try, counted from the one before: six tries over some nine hours.
SCHEDULE_S = (0.0, 30.0, 300.0, 1800.0, 7200.0, 21_600.0)
HOLD_S = 120.0  # a try that was reserved longer ago than this was lost with its process


@dataclass(frozen=True, slots=True)
class Reserved:
    """One try at one letter, ours: only a record under this count of tries counts."""

    letter_id: int
    tries: int


def send_due(*, most: int = AT_ONCE) -> int:
    """Send what is due now, at most `most` letters; returns how many were tried.

    A try is reserved and committed before anything is sent, so nothing slow stands inside a transaction, and a crash
    repeats it later under the same Message-ID: at least once on the wire, once for a mailbox that looks at the id.
    """
    if not settings.ENV.sends_mail:
        return 0
    reserved = _reserve(most)
    if not reserved:
        return 0
    server = get_connection(fail_silently=False)
    problem: str | None = None
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        problem = _said(error)
    try:
        for one in reserved:
            _try(one, server, down=problem)
    finally:
        _hang_up(server)
    return len(reserved)


def _reserve(most: int) -> list[Reserved]:
    """Take letters in hand, in one statement, so that no two senders try the same one at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH next AS (
                SELECT id FROM slider_letter WHERE state = 'due' AND next_try_at <= clock_timestamp()
                ORDER BY next_try_at, id LIMIT %s FOR UPDATE SKIP LOCKED
            )
            UPDATE slider_letter l
            SET tries = l.tries + 1, next_try_at = clock_timestamp() + %s * interval '1 second'
            FROM next WHERE l.id = next.id RETURNING l.id, l.tries
            """,
            [most, HOLD_S],
        )
        return [Reserved(*row) for row in sorted(cursor.fetchall())]


def _try(one: Reserved, server: BaseEmailBackend, *, down: str | None) -> None:
    """Send one letter and record what became of it. `down` is why the server can't be reached at all."""
    rows = Letter.objects.filter(pk=one.letter_id, state=Post.DUE)
    letter = rows.select_related("notice__task__project", "notice__by", "to").first()
    if letter is None:
        return
    if not _may_read(letter):
        rows.update(state=Post.VOID)
        return
    problem, final = down, False
    if problem is None:
        problem, final = _send(letter, server)
    if problem is None:
        rows.update(state=Post.SENT, sent_at=Now(), last_problem="")
        return
    mine = rows.filter(tries=one.tries)
    if final or one.tries >= len(SCHEDULE_S):
        mine.update(state=Post.FAILED, last_problem=problem)
    else:
        mine.update(next_try_at=Now() + timedelta(seconds=SCHEDULE_S[one.tries]), last_problem=problem)


def _may_read(letter: Letter) -> bool:
    """Whether the person still answers for the task: a right that was taken away since is gone here too."""
    of = Membership.objects.filter(project_id=letter.notice.task.project_id, user_id=letter.to_id)
    return letter.to.is_active and bool(letter.to.email) and of.filter(role__in=steering_roles()).exists()


def _send(letter: Letter, server: BaseEmailBackend) -> tuple[str | None, bool]:
    """What went wrong, if anything did, and whether it is for good."""
    try:
        server.send_messages([message(letter)])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return _said(error), bool(codes) and min(codes) >= 500
    except (OSError, ValueError, smtplib.SMTPException) as error:
        _hang_up(server)  # the next letter gets a connection of its own
        return _said(error), False
    return None, False


def message(letter: Letter) -> EmailMessage:
    """The mail as it is sent: made of rows that never change, so each try says the same."""
    notice = letter.notice
    subject = " ".join(f"{notice.task}: {notice.get_kind_display().lower()}".split())
    link = f"{settings.ENV.SLIDER_ADDRESS}/tasks/{notice.task_id}/" if settings.ENV.SLIDER_ADDRESS else ""
    lines = [
        notice.words,
        "",
        f"Task: {notice.task} ({notice.task.project})",
        f"By: {notice.who}",
        f"When: {notice.created_at:%Y-%m-%d %H:%M} UTC",
        *([f"The slider: {link}"] if link else []),
        "",
        "You get this because you may move this task's slider.",
    ]
    host = settings.ENV.SLIDER_MAIL_FROM.rpartition("@")[2].strip(" >") or "localhost"
    headers = {"Message-ID": f"<notice-{notice.pk}-{letter.pk}@{host}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, "\n".join(lines), settings.DEFAULT_FROM_EMAIL, [letter.to.email], headers=headers)


def _hang_up(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        return  # it is gone already


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
