"""The ways in that need no login: signing in, the health of this process, and reports of the browser."""

import json
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from slider import proxies
from slider.queries import health
from slider.views import entering, throttle

log = structlog.get_logger(__name__)

REFUSED = (
    "Signing in did not work: it was given up, it took too long, or nobody here is known by the address that the "
    "provider gave. Try again, or ask an Admin of your project to invite you."
)
REPORT_MOST = 16 * 1024
# What of a report is logged. Its other fields hold samples of pages, and so of items.
REPORTED = ("document-uri", "violated-directive", "effective-directive", "blocked-uri", "line-number")


class SignInForm(AuthenticationForm):
    """Name and password; refuses too many tries in the words of a wrong password, so that it tells nothing."""

    error_messages = {"invalid_login": throttle.WORDS, "inactive": throttle.WORDS}

    def clean(self) -> dict[str, object]:
        name = self.cleaned_data.get("username") or ""
        address = proxies.client(self.request) if self.request else ""
        if not throttle.lets_in(address) or not throttle.allow(name, address=address):
            raise ValidationError(throttle.WORDS, code="invalid_login")
        cleaned: dict[str, object] = super().clean()
        throttle.forget(name, address=address)
        return cleaned


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class SignIn(LoginView):
    """Asks for name and password; then for the second step of whoever has one, and sends them where their work is."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Who is in is in the log: both, or neither."""
        user = form.get_user()
        assert isinstance(user, User)
        with transaction.atomic():
            return entering.go_in(self.request, user, to=self.get_redirect_url() or entering.landing(user))

    def get_default_redirect_url(self) -> str:
        return entering.landing(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        env = settings.ENV
        provider = env.SLIDER_OIDC_NAME if env.SLIDER_OIDC_ISSUER else ""
        saml = env.SLIDER_SAML_NAME if env.SLIDER_SAML_ENTITY_ID else ""
        return super().get_context_data(**kwargs) | {"provider": provider, "saml": saml}


@login_not_required
@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """Where somebody ends whom a provider vouches for and who is not let in, or whom it does not vouch for."""
    return render(request, "doors/refused.html", {"words": REFUSED}, status=403)


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
