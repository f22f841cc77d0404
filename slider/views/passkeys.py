"""Passkeys: the browser asks for a challenge, and hands in what the key made of it. They need JavaScript."""

import json
from typing import Any

from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth, flows
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from slider import proxies
from slider.flow import second_steps
from slider.views import access, entering, throttle

WRONG = "That passkey did not work. Try again, or come in another way."
# What a library may raise on reading what a stranger sends as a credential.
_UNREADABLE = (TypeError, ValueError, LookupError, AttributeError)


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A challenge for the passkeys of whoever is signed in, or half-way in; for any passkey where nobody is."""
    if not throttle.allow("passkey", address=proxies.client(request), most=throttle.ADDRESS):
        return JsonResponse({"trouble": "Too many tries: wait 15 minutes."}, status=429)
    return JsonResponse(auth.begin_authentication(_half_way(request) or _here(request)))


@login_not_required
@never_cache
@require_POST
def use(request: HttpRequest) -> HttpResponse:
    """Somebody's passkey as the whole way in, as the second step, or as a fresh proof."""
    half_way, here = _half_way(request), _here(request)
    try:
        row = _used(request.POST.get("credential", ""), half_way or here)
    except ValidationError:
        messages.error(request, WRONG)
        return HttpResponseRedirect(reverse("account-confirm" if here else "mfa_authenticate" if half_way else "login"))
    row.record_usage()
    if here is not None:
        entering.prove(request, here, method="mfa")
        return HttpResponseRedirect(entering.asked_for(request, reverse("account")))
    if half_way is not None:
        stage = LoginStageController.enter(request, AuthenticateStage.key)
        entering.prove(request, half_way, method="mfa")
        answer: HttpResponse = stage.exit()
        return answer
    to = entering.asked_for(request, entering.landing(row.user))
    return go_in(request, row, to)


def go_in(request: HttpRequest, row: Authenticator, to: str) -> HttpResponse:
    """Sign in by a passkey alone: it is two steps in one, as the key asks for a finger or a number itself."""
    answer: HttpResponse = flows.perform_passwordless_login(request, row, Login(user=row.user, redirect_url=to))
    return answer


@never_cache
@require_POST
def begin_adding(request: HttpRequest) -> HttpResponse:
    """A challenge for a new passkey of whoever is signed in and has just proved it."""
    user = access.person(request)
    if not entering.is_fresh(request, user):
        return JsonResponse({"go": entering.confirm_first()["Location"]}, status=409)
    return JsonResponse(auth.begin_registration(user, passwordless=True))


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Keep a new passkey."""
    user = access.person(request)
    if not entering.is_fresh(request, user):
        return entering.confirm_first()
    try:
        credential = _read(request.POST.get("credential", ""))
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
        second_steps.add_passkey(user, credential, name=request.POST.get("name", "").strip())
    except (ValidationError, *_UNREADABLE):
        messages.error(request, "The passkey was not added: begin once more.")
    else:
        messages.success(request, "The passkey is yours: sign in with it from now on.")
    return HttpResponseRedirect(reverse("account"))


@require_POST
def rename(request: HttpRequest, authenticator_id: int) -> HttpResponse:
    """Call a passkey something else."""
    user = access.person(request)
    if not second_steps.rename(user, min(authenticator_id, access.BIGGEST_ID), request.POST.get("name", "")):
        raise Http404("There is no such passkey of yours, or the name is empty.")
    messages.success(request, "Renamed.")
    return HttpResponseRedirect(reverse("account"))


def _used(said: str, user: User | None) -> Authenticator:
    """The passkey that answered the challenge; raises ValidationError for everything else."""
    credential = _read(said)
    try:
        auth.parse_authentication_response(credential)
        known = user if user is not None else auth.extract_user_from_response(credential)
        row = auth.complete_authentication(known, credential)
        checked = auth.parse_authentication_response(credential).response.authenticator_data.is_user_verified()
    except _UNREADABLE as error:
        raise ValidationError(WRONG) from error
    if user is None and not checked:
        raise ValidationError(WRONG)
    return row


def _read(said: str) -> dict[str, Any]:
    try:
        found = json.loads(said[:64_000])
    except (ValueError, RecursionError) as error:
        raise ValidationError(WRONG) from error
    if not isinstance(found, dict):
        raise ValidationError(WRONG)
    return found


def _half_way(request: HttpRequest) -> User | None:
    """Who has given a right password in this session and is not in yet."""
    if _here(request) is not None:
        return None
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    return stage.login.user if stage is not None else None


def _here(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
