"""The ways in that need no login: signing in, the health of this process, and reports of the browser."""

import json

import structlog
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from slider.models import Membership, Role
from slider.queries import health
from slider.views import throttle

log = structlog.get_logger(__name__)

REPORT_MOST = 16 * 1024
# What of a report is logged. Its other fields hold samples of pages, and so of items.
REPORTED = ("document-uri", "violated-directive", "effective-directive", "blocked-uri", "line-number")


class SignInForm(AuthenticationForm):
    """Name and password; refuses too many tries in the words of a wrong password, so that it tells nothing."""

    error_messages = {"invalid_login": throttle.WORDS, "inactive": throttle.WORDS}

    def clean(self) -> dict[str, object]:
        name = self.cleaned_data.get("username") or ""
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        if not throttle.allow(name, address=address):
            raise ValidationError(throttle.WORDS, code="invalid_login")
        cleaned: dict[str, object] = super().clean()
        throttle.forget(name, address=address)
        return cleaned


class SignIn(LoginView):
    """Signs a person in and sends them where their work is."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Who is in is in the log: both, or neither."""
        with transaction.atomic():
            return super().form_valid(form)

    def get_default_redirect_url(self) -> str:
        """Who only reviews lands on the desk, everybody else at home."""
        user = self.request.user
        assert isinstance(user, User)
        roles = set(Membership.objects.filter(user=user).values_list("role", flat=True))
        return reverse("desk" if roles == {Role.REVIEWER} else "home")


@login_not_required
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """This process can serve: 200, or 503 with the part that is missing."""
    found = health.readiness()
    parts = {
        "database": found.database,
        "migrations": found.migrations,
        "redis": found.redis,
        "guard": found.guard,
        "endpoints": found.endpoints,
    }
    return JsonResponse({"status": "ok" if found.ok else "not ready", **parts}, status=200 if found.ok else 503)


@login_not_required
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load on one of our pages."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > REPORT_MOST:
        return HttpResponse(status=413)
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse("A report is JSON.", status=400, content_type="text/plain")
    report = sent.get("csp-report") if isinstance(sent, dict) else None
    if not isinstance(report, dict):
        return HttpResponse('A report is {"csp-report": {...}}.', status=400, content_type="text/plain")
    said = {name.replace("-", "_"): _line(report[name]) for name in REPORTED if name in report}
    log.warning("a page broke the content security policy", **said)
    return HttpResponse(status=204)


def _line(value: object) -> str:
    """One printable line: what a stranger sends must not look like a log line of its own."""
    return "".join(c if c.isprintable() else "?" for c in str(value))[:300]
