"""Mails about somebody's own way in: kept as they are asked for, and written and sent by the fleet."""

import smtplib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from slider.flow.letters import AT_ONCE, HOLD_S, SCHEDULE_S, Reserved
from slider.models import AccountLetter, AccountLetterKind, Invitation, Post

KEPT = timedelta(days=30)
# Whoever asks for a new password waits for it: after an hour nobody does, and a link would only lie in a mailbox.
WAITED_FOR = timedelta(hours=1)


def ask_for_reset(address: str) -> None:
    """Owe a link for a new password to whoever has this address. Nobody is looked up: that takes the fleet.

    So what the site does for an address that somebody has is the same, step by step, as for one that nobody has.
    """
    AccountLetter.objects.create(kind=AccountLetterKind.RESET, address=address)


def invite(invitation: Invitation) -> None:
    """Owe an invitation to the address that stands on it."""
    AccountLetter.objects.create(kind=AccountLetterKind.INVITATION, address=invitation.email, invitation=invitation)


def tell(user: AbstractBaseUser, words: str) -> None:
    """Owe somebody word of a change to their own way in, so that one which they did not make is noticed."""
    assert isinstance(user, User)
    if user.email and settings.ENV.sends_mail:
        AccountLetter.objects.create(kind=AccountLetterKind.TOLD, address=user.email, words=words[:300])


def send_due(*, most: int = AT_ONCE) -> int:
    """Send what is due now, at most `most` letters, and forget what is old; returns how many were tried.

    A try is reserved and committed before anything is sent, as with notices: see `slider.flow.letters`.
    """
    AccountLetter.objects.filter(created_at__lt=Now() - KEPT).delete()
    if not settings.ENV.sends_mail:
        return 0
    reserved = _reserve(most)
    for one in reserved:
        _try(one)
    return len(reserved)


def _reserve(most: int) -> list[Reserved]:
    """Take letters in hand, in one statement, so that no two senders try the same one at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH next AS (
                SELECT id FROM slider_accountletter WHERE state = 'due' AND next_try_at <= clock_timestamp()
                ORDER BY next_try_at, id LIMIT %s FOR UPDATE SKIP LOCKED
            )
            UPDATE slider_accountletter l
            SET tries = l.tries + 1, next_try_at = clock_timestamp() + %s * interval '1 second'
            FROM next WHERE l.id = next.id RETURNING l.id, l.tries
            """,
            [most, HOLD_S],
        )
        return [Reserved(*row) for row in sorted(cursor.fetchall())]


def _try(one: Reserved) -> None:
    """Send one letter and record what became of it."""
    rows = AccountLetter.objects.filter(pk=one.letter_id, state=Post.DUE)
    letter = rows.select_related("invitation__project", "invitation__made_by").first()
    if letter is None:
        return
    lines = _lines(letter)
    if not lines:
        rows.update(state=Post.VOID)
        return
    problem = _send(letter, lines)
    if problem is None:
        rows.update(state=Post.SENT, sent_at=Now(), last_problem="")
        return
    mine = rows.filter(tries=one.tries)
    if one.tries >= len(SCHEDULE_S):
        mine.update(state=Post.FAILED, last_problem=problem)
    else:
        mine.update(next_try_at=Now() + timedelta(seconds=SCHEDULE_S[one.tries]), last_problem=problem)


def _lines(letter: AccountLetter) -> list[str]:
    """What a letter says; nothing where there is nothing to say any more, or never was."""
    if letter.kind == AccountLetterKind.TOLD:
        return [letter.words, "", "If that was not you, tell whoever runs your Slider at once."]
    if letter.kind == AccountLetterKind.INVITATION:
        return _invitation(letter.invitation)
    fresh = AccountLetter.objects.filter(pk=letter.pk, created_at__gt=Now() - WAITED_FOR).exists()
    return _resets(letter.address) if fresh else []


def _invitation(invitation: Invitation | None) -> list[str]:
    gone = invitation is None or invitation.accepted_at is not None or invitation.withdrawn_at is not None
    if invitation is None or gone:
        return []
    return [
        f"{invitation.made_by.get_username()} invites you to {invitation.project} as {invitation.get_role_display()}.",
        "",
        f"Come in: {link(reverse('invitation', args=[invitation.token]))}",
        "",
        f"The link holds once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC.",
    ]


def _resets(address: str) -> list[str]:
    """A link for each person of this address who signs in with a password."""
    people = User.objects.filter(email__iexact=address, is_active=True).order_by("pk")
    links = [f"{one.get_username()}: {reset_link(one)}" for one in people if one.has_usable_password()]
    if not links:
        return []
    return [
        "Somebody, you perhaps, asked for a new password. Choose one here:",
        "",
        *links,
        "",
        "The link holds once, for an hour. If you did not ask, do nothing: your password stays as it is.",
    ]


def reset_link(user: User) -> str:
    """The address where this person may choose a new password, once, within the hour."""
    number = urlsafe_base64_encode(force_bytes(user.pk))
    return link(reverse("password-reset", args=[number, default_token_generator.make_token(user)]))


def link(path: str) -> str:
    """A path as it stands in a mail; without SLIDER_ADDRESS the reader has to put the site's before it."""
    return f"{settings.ENV.SLIDER_ADDRESS}{path}"


def _send(letter: AccountLetter, lines: list[str]) -> str | None:
    """What went wrong, if anything did."""
    subject = f"Slider: {letter.get_kind_display().lower()}"
    host = settings.ENV.SLIDER_MAIL_FROM.rpartition("@")[2].strip(" >") or "localhost"
    headers = {"Message-ID": f"<account-{letter.pk}@{host}>", "Auto-Submitted": "auto-generated"}
    server = get_connection(fail_silently=False)
    message = EmailMessage(subject, "\n".join(lines), settings.DEFAULT_FROM_EMAIL, [letter.address], headers=headers)
    try:
        server.send_messages([message])
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"[:200]
    return None
