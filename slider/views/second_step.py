"""The second step of signing in: a code of the app, a recovery code, or a passkey."""

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from slider.flow import second_steps
from slider.views import entering, throttle

WORDS = "That is no code of yours, it was used already, or there were too many tries. After five wait 15 minutes."


@require_http_methods(["GET", "HEAD", "POST"])
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="login")  # type: ignore[untyped-decorator]
def show(request: HttpRequest) -> HttpResponse:
    """Who has given the right password is not in yet: this asks for the rest."""
    stage = request._login_stage  # type: ignore[attr-defined]  # put there by the decorator
    user: User = stage.login.user
    error = ""
    if request.method == "POST" and "give_up" in request.POST:
        gone: HttpResponse = stage.abort()
        return gone
    if request.method == "POST":
        if takes_code(user, request.POST.get("code", "")):
            entering.prove(request, user, method="mfa")
            answer: HttpResponse = stage.exit()
            return answer
        error = WORDS
    kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    return render(request, "doors/second_step.html", {"error": error, "kinds": kinds})


def takes_code(user: User, code: str) -> bool:
    """Whether a code is right; the try is counted before it is looked at, and used up with it."""
    if not throttle.allow(str(user.pk), address="", most=throttle.CODES):
        return False
    if second_steps.passes(user, code.strip()[:20]) is None:
        return False
    throttle.forget(str(user.pk), address="", most=throttle.CODES)
    return True
