"""A person's own way in: password, second steps, passkeys, and where they are signed in."""

import base64
from io import BytesIO

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from slider import proxies
from slider.flow import persons, second_steps
from slider.queries import ways_in
from slider.views import access, demanded, entering, second_step, throttle, vouched

_SECRET = "slider.app-secret"  # noqa: S105  # where the session keeps it until it is proved


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    return _page(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask once more who is there, before the way in itself is touched."""
    user = access.person(request)
    to = entering.asked_for(request, reverse("account"))
    if request.method == "POST" and _proved(request, user):
        entering.prove(request, user, method="password")
        return HttpResponseRedirect(to)
    rows = Authenticator.objects.filter(user_id=user.pk)
    context = {
        "to": to,
        "kinds": set(rows.values_list("type", flat=True)),
        "has_password": user.has_usable_password(),
        "error": throttle.WORDS_AGAIN if request.method == "POST" else "",
    }
    return render(request, "my/confirm.html", context, status=422 if context["error"] else 200)


def _proved(request: HttpRequest, user: User) -> bool:
    """Whether a password or a code is theirs; both are counted as at the door."""
    if request.POST.get("code", "").strip():
        return second_step.takes_code(user, request.POST["code"])
    address = proxies.client(request)
    if not throttle.allow(user.get_username(), address=address) or not user.has_usable_password():
        return False
    good = user.check_password(request.POST.get("password", ""))
    if good:
        throttle.forget(user.get_username(), address=address)
    return good


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Add an app for codes: begin, read the square, prove that it works."""
    user = access.person(request)
    if not entering.is_fresh(request, user):
        return entering.confirm_first()
    secret = str(request.session.get(_SECRET, ""))
    if request.method == "POST" and "begin" in request.POST:
        request.session[_SECRET] = second_steps.new_secret()
        return HttpResponseRedirect(reverse("account-app"))
    if request.method != "POST" or not secret:
        return _app_page(request, user, secret)
    if not throttle.allow(f"new app {user.pk}", address="", most=throttle.CODES):
        return _app_page(request, user, secret, error=second_step.WORDS)
    used = second_steps.counter_of(secret, request.POST.get("code", "").strip()[:20])
    if used is None:
        words = "That is no code of this square. Is the clock of your phone right?"
        return _app_page(request, user, secret, error=words)
    second_steps.add_app(user, secret, used=used)
    del request.session[_SECRET]
    return _page(request, codes=second_steps.new_codes(user))


def _app_page(request: HttpRequest, user: User, secret: str, *, error: str = "") -> HttpResponse:
    picture = base64.b64encode(_square(user, secret)).decode() if secret else ""
    context = {"secret": secret, "picture": picture, "error": error}
    return render(request, "my/app.html", context, status=422 if error else 200)


def _square(user: User, secret: str) -> bytes:
    """The secret as a picture for the app's camera."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    kept = BytesIO()
    qrcode.make(get_adapter().build_totp_url(user, secret), image_factory=SvgPathImage).save(kept)
    return kept.getvalue()


@never_cache
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them, once, in this answer."""
    user = access.person(request)
    if not entering.is_fresh(request, user):
        return entering.confirm_first()
    return _page(request, codes=second_steps.new_codes(user))


@require_POST
def take_away(request: HttpRequest, authenticator_id: int) -> HttpResponse:
    """Take an app or a passkey away."""
    user = access.person(request)
    if not entering.is_fresh(request, user):
        return entering.confirm_first()
    if not second_steps.remove(user, min(authenticator_id, access.BIGGEST_ID)):
        raise Http404("There is no such second step of yours.")
    messages.success(request, "Taken away.")
    return HttpResponseRedirect(reverse("account"))


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out elsewhere: in one place, or everywhere but here."""
    user = access.person(request)
    one = request.POST.get("session", "")
    only = min(int(one), access.BIGGEST_ID) if one.isascii() and one.isdigit() else None
    ended = persons.end_sessions(user, but=request.session.session_key or "", only=only)
    messages.success(request, f"Signed out in {ended} other place{'' if ended == 1 else 's'}.")
    return HttpResponseRedirect(reverse("account"))


def _page(request: HttpRequest, *, codes: list[str] | None = None) -> HttpResponse:
    user = access.person(request)
    context = {
        "codes": codes,
        "steps": ways_in.second_steps(user),
        "sessions": ways_in.sessions(user, here=request.session.session_key or ""),
        "providers": ways_in.providers(user),
        "has_password": user.has_usable_password(),
        "is_vouched": vouched.is_vouched(request),
        "demanded": "demanded" in request.GET and demanded.lacks(request),
    }
    return render(request, "my/account.html", context)
