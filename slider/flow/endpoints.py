"""Where a task's results and news are sent: receivers are made, changed, turned off, given new secrets and removed."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from slider import strict
from slider.flow import envelopes, older
from slider.models import Endpoint, EventType, Parcel, Task, sealing
from slider.models.endpoint import BY_HAND, WANTABLE, usual
from slider.webhook import SecretError, UrlError, check_secret, check_url, new_secret

MOST = 20  # endpoints of a task: each is one more row for every result
MOST_OVERLAP_H, USUAL_OVERLAP_H = 168, 24
MOST_TESTS = 5  # that wait or were sent in the last minute
URL_MOST, DESCRIPTION_MOST, WHY_MOST = 500, 120, 200


class Unfit(ValueError):
    """What was asked can't be; `where` is the field that it is about."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Saved:
    """The endpoint, and its signing secret where we made it just now: it is shown once."""

    endpoint: Endpoint
    new_secret: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be different about an endpoint; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    events: Sequence[str] | None = None
    on: bool | None = None
    why: str = ""


def make(task: Task, *, url: str, description: str = "", events: Sequence[str] = (), secret: str = "") -> Saved:
    """Send the task's events there from now on; without `events` its results. Raises Unfit.

    `secret` is one that the receiver has already: `whsec_` and base64. Without one a secret is made.
    """
    made = "" if secret else new_secret()
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        there = Endpoint.objects.filter(task=task, removed_at=None).count()
        if there >= MOST:
            raise Unfit("", f"this task has {MOST} receivers, which is the most: remove one that nobody needs")
        if there and older.may_send():
            raise Unfit("", "an upgrade is going on: a second receiver can be added once `upgrade after` has run")
        endpoint = Endpoint.objects.create(
            task=task,
            url=_address(url),
            description=_described(description),
            events=_wanted(events or usual()),
            secret=_kept(made or _given(secret)),
        )
    return Saved(endpoint, made)


def change(endpoint: Endpoint, wish: Wish, *, by: str) -> Saved:
    """Change what is wished; `by` names who did it where it is turned off. Raises Unfit.

    Another host gets another secret: what was told to one receiver must not let it speak for the next. Turned on
    again it starts afresh, whatever failed before.
    """
    with transaction.atomic():
        row = _locked(endpoint)
        made = ""
        if wish.url is not None:
            url = _address(wish.url)
            if _host(url) != _host(row.url):
                made = new_secret()
                row.secret, row.old_secret, row.old_until = _kept(made), "", None
            row.url = url
        if wish.description is not None:
            row.description = _described(wish.description)
        if wish.events is not None:
            row.events = _wanted(wish.events)
        if wish.on is True and row.disabled_at is not None:
            row.disabled_at, row.disabled_why = None, ""
        elif wish.on is False and row.disabled_at is None:
            row.disabled_at = datetime.now(UTC)
            row.disabled_why = f"{BY_HAND}{by}{': ' if wish.why else ''}{wish.why}"[:WHY_MOST]
        if wish.on or wish.url is not None:
            row.failing_since, row.failures, row.rest_until = None, 0, None
        row.save()
    return Saved(row, made)


def rotate(endpoint: Endpoint, *, overlap_h: int = USUAL_OVERLAP_H, secret: str = "") -> Saved:
    """Replace the signing secret; the old one signs beside it for `overlap_h` hours, 0: not at all. Raises Unfit."""
    if not 0 <= overlap_h <= MOST_OVERLAP_H:
        raise Unfit("overlap_h", f"the old secret signs for 0 to {MOST_OVERLAP_H} hours, not for {overlap_h}")
    made = "" if secret else new_secret()
    kept = _kept(made or _given(secret))
    with transaction.atomic():
        row = _locked(endpoint)
        row.old_secret = row.secret if overlap_h else ""
        row.old_until = datetime.now(UTC) + timedelta(hours=overlap_h) if overlap_h else None
        row.secret = kept
        row.save(update_fields=["secret", "old_secret", "old_until"])
    return Saved(row, made)


def remove(endpoint: Endpoint) -> None:
    """Send nothing more there, and forget it: results are kept and can be read by the API."""
    Endpoint.objects.filter(pk=endpoint.pk, removed_at=None).update(
        removed_at=Now(), disabled_at=Now(), disabled_why="removed", secret=sealing.seal(""), old_secret=""
    )


def test(endpoint: Endpoint) -> Parcel:
    """Owe a `webhook.test`, which is sent within a second or two, also where the endpoint is off; tried once.

    Raises Unfit where too many were sent just now.
    """
    with transaction.atomic():
        row = _locked(endpoint)
        recent = Parcel.objects.filter(endpoint=row, event=EventType.TEST, created_at__gt=Now() - timedelta(minutes=1))
        if recent.count() >= MOST_TESTS:
            raise Unfit("", f"{MOST_TESTS} tests were sent within a minute: wait for it to pass")
        name, moment = uuid.uuid4(), datetime.now(UTC)
        slug = Task.objects.values_list("slug", flat=True).get(pk=row.task_id)
        body = envelopes.sealed(EventType.TEST, moment, {"task": slug, "endpoint": row.pk})
        return Parcel.objects.create(endpoint=row, event=EventType.TEST, webhook_id=name, body=body.decode())


def _locked(endpoint: Endpoint) -> Endpoint:
    # Not against what refers to it: results that are owed to it just now need not wait.
    row = Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint.pk, removed_at=None).first()
    if row is None:
        raise Unfit("", "this receiver was removed meanwhile")
    return row


def _address(url: str) -> str:
    url = url.strip()
    if len(url) > URL_MOST:
        raise Unfit("url", f"the address has {len(url):,} characters: at most {URL_MOST} are taken")
    try:
        check_url(url, allow_hosts=settings.ENV.SLIDER_WEBHOOK_HOSTS)
    except UrlError as error:
        raise Unfit("url", str(error)) from None
    return url


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _described(text: str) -> str:
    said = " ".join(text.replace("\x00", "").split())
    if len(said) > DESCRIPTION_MOST:
        raise Unfit("description", f"the description has {len(said)} characters: at most {DESCRIPTION_MOST} are kept")
    return said


def _wanted(events: Collection[str]) -> list[str]:
    known = [str(one) for one in WANTABLE]
    odd = sorted(set(events) - set(known))
    if odd:
        raise Unfit("events", f"there is no event {strict.shown(odd[0])}: known are {', '.join(known)}")
    if not events:
        raise Unfit("events", "choose one event or more: an endpoint that wants nothing gets nothing")
    return [one for one in known if one in events]


def _kept(secret: str) -> str:
    """A secret as it is stored: sealed, but as it is while older code may send, which can't open it."""
    return secret if older.may_send() else sealing.seal(secret)


def _given(secret: str) -> str:
    try:
        check_secret(secret)
    except SecretError as error:
        raise Unfit("secret", str(error)) from None
    return secret
