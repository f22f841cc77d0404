"""From a proven password, passkey or provider to a session: by allauth's stages, the second step among them."""

import time

import structlog
from allauth.account.authentication import get_authentication_records
from allauth.account.internal import flows
from allauth.account.models import Login
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from slider.models import Membership, Role
from slider.views import vouched

log = structlog.get_logger(__name__)
# A proof is fresh for so long; what touches the way in itself asks for a fresh one.
FRESH_S = 600


def go_in(request: HttpRequest, user: User, *, to: str, method: str = "password") -> HttpResponse:
    """Sign in somebody who has proved who they are, or ask for their second step first."""
    flows.login.record_authentication(request, user, method=method)
    answer: HttpResponse = flows.login.perform_login(request, Login(user=user, redirect_url=to))
    return answer


def prove(request: HttpRequest, user: User, *, method: str) -> None:
    """Write down in the session that this person has just proved who they are."""
    flows.login.record_authentication(request, user, method=method, reauthenticated=True)


def is_fresh(request: HttpRequest, user: User) -> bool:
    """Whether the person of this session proved who they are within the last minutes, or the proxy does so now."""
    records = get_authentication_records(request, user)
    return vouched.is_vouched(request) or any(time.time() - record["at"] < FRESH_S for record in records)


def confirm_first() -> HttpResponseRedirect:
    """Ask who is there once more, and lead back to the account afterwards."""
    return HttpResponseRedirect(f"{reverse('account-confirm')}?{urlencode({'next': reverse('account')})}")


def landing(user: AbstractBaseUser | AnonymousUser | None) -> str:
    """Who only reviews lands on the desk, everybody else at home."""
    mine = Membership.objects.filter(user=user) if isinstance(user, User) else Membership.objects.none()
    roles = set(mine.values_list("role", flat=True))
    return reverse("desk" if roles == {Role.REVIEWER} else "home")


def asked_for(request: HttpRequest, otherwise: str) -> str:
    """Where the person wanted to go, if that is a page of ours."""
    to = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return to if to and safe else otherwise
