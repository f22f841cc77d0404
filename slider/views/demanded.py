"""Where the installation demands a second step, whoever may do more than review does nothing before having one."""

from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from slider.models import Membership, Role
from slider.views import vouched

FREE = frozenset({Role.VIEWER, Role.REVIEWER})
# What leads to a second step, and out.
OPEN = ("account", "healthz", "logout", "login", "readyz", "metrics", "csp-report", "static", "api")


class DemandedMiddleware:
    """Leads people without a second step to where they get one. Who signs in elsewhere has it, or not, elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        first = request.path.strip("/").partition("/")[0]
        if settings.ENV.SLIDER_DEMAND_SECOND_STEP and first not in OPEN and lacks(request):
            return HttpResponseRedirect(f"{reverse('account')}?demanded")
        return self._get_response(request)


def lacks(request: HttpRequest) -> bool:
    """Whether this person has to have a second step, and has none."""
    user = request.user
    if not isinstance(user, User) or vouched.is_vouched(request):
        return False
    if any(record.get("method") == "socialaccount" for record in get_authentication_records(request, user)):
        return False
    more = user.is_superuser or Membership.objects.filter(user=user).exclude(role__in=FREE).exists()
    return more and not Authenticator.objects.filter(user_id=user.pk).exists()
