"""Signing in with a provider (OpenID Connect): there and back again."""

from allauth.socialaccount.providers.openid_connect import views as openid
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from slider.views.entering import log


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider. By a page, as the policy lets no form of ours end elsewhere."""
    try:
        answer: HttpResponse = openid.login(request, provider_id)
    except RequestException as error:
        log.warning("the provider can't be reached", error=f"{type(error).__name__}: {error}"[:300])
        return HttpResponseRedirect(reverse("refused"))
    return going_on(request, answer)


def going_on(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """A page that leads where a redirect to the provider would."""
    to = answer.headers.get("Location", "")
    if not to.startswith(("https://", "http://")):
        return answer
    return render(request, "doors/going_on.html", {"to": to})


@login_not_required
@never_cache
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    answer: HttpResponse = openid.callback(request, provider_id)
    return answer
