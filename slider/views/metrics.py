"""Figures for Prometheus, for whoever has the token of the installation."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from slider import exposition
from slider.queries import metrics


@login_not_required
@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All figures as text; 404 while no token is set, 401 without it."""
    token = str(settings.ENV.SLIDER_METRICS_TOKEN)
    if not token:
        raise Http404("There are no metrics: SLIDER_METRICS_TOKEN is not set.")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Compared in the same time whatever is wrong; bytes, as a header may hold anything.
    is_known = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    if scheme.lower() != "bearer" or not is_known:
        words = "Send the token of this installation: Authorization: Bearer ...\n"
        return HttpResponse(
            words, status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain; charset=utf-8"
        )
    return HttpResponse(exposition.text(metrics.families()), content_type=exposition.CONTENT_TYPE)
