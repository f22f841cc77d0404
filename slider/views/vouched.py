"""A proxy says who is signed in: off unless a header is named, and believed of our own proxies alone."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from slider import proxies

log = structlog.get_logger(__name__)


class VouchedMiddleware:
    """The request is that person's, for as long as the proxy says so with each of them: there is no session to steal.

    The header from anywhere else is somebody who names themselves: refused, and written down.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = settings.ENV.SLIDER_PROXY_USER_HEADER
        name = request.headers.get(header, "").strip() if header else ""
        if not name:
            return self._get_response(request)
        address = str(request.META.get("REMOTE_ADDR", ""))
        if not proxies.is_ours(address):
            log.warning("a stranger named themselves in the proxy's header", address=address, path=request.path)
            return _refused("Only the proxy of this installation may say who you are.")
        user = _known(name)
        if user is None:
            log.warning("the proxy named somebody who may not sign in", name=name[:150])
            return _refused("You are signed in, but nobody here knows you. Ask an Admin to invite you.")
        request.user = user
        request.vouched = True  # type: ignore[attr-defined]  # read by `is_vouched`
        return self._get_response(request)


def is_vouched(request: HttpRequest) -> bool:
    """Whether a proxy of ours answers for who this is."""
    return bool(getattr(request, "vouched", False))


def _known(name: str) -> User | None:
    """The person of this name; one that is made now where the installation wants that; nobody who is switched off."""
    if len(name) > 150 or not name.isprintable():
        return None
    user = User.objects.filter(username=name).first()
    if user is None and settings.ENV.SLIDER_NEW_PEOPLE:
        user, made = User.objects.get_or_create(username=name)
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
    return user if user is not None and user.is_active else None


def _refused(words: str) -> HttpResponse:
    return HttpResponse(render_to_string("doors/refused.html", {"words": words}), status=403)
