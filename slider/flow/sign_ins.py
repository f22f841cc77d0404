"""Who signed in, who signed out and who was refused, into the log: by whatever door, as Django's own signals tell."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from slider import proxies
from slider.flow import log
from slider.models import Kind

BEGAN = "slider.began"
"""Where a session keeps when it began, in seconds."""


@receiver(user_logged_in, dispatch_uid="slider.sign_in")
def signed_in(sender: Any, request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:  # noqa: ARG001
    if request is not None:
        # An end of its own: what is written into a session later would put off one that is counted from the writing.
        request.session.set_expiry(timezone.now() + timedelta(seconds=settings.ENV.SLIDER_SESSION_S))
        request.session[BEGAN] = int(time.time())
    log.write(Kind.SIGN_IN, by=user.pk, facts={"from": _address(request)})


@receiver(user_logged_out, dispatch_uid="slider.sign_out")
def signed_out(sender: Any, request: HttpRequest | None, user: AbstractBaseUser | None, **_: Any) -> None:  # noqa: ARG001
    if user is not None:
        log.write(Kind.SIGN_OUT, by=user.pk, facts={"from": _address(request)})


@receiver(user_login_failed, dispatch_uid="slider.refused")
def refused(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:  # noqa: ARG001
    """Whose name it was, where it is one of ours. What else was typed is kept nowhere: it may be a password."""
    name = str(credentials.get("username") or "").replace("\x00", "")[:150]
    known = User.objects.filter(username=name).values_list("pk", flat=True).first()
    log.write(Kind.REFUSED, by=None, facts={"from": _address(request), "name_of": known})


def _address(request: HttpRequest | None) -> str:
    """Where it came from: what our own proxy says, and nobody else's word."""
    return proxies.client(request)[:45] if request is not None else ""
