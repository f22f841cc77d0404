"""Signing in with SAML: there, and back by a form that the provider has the browser send."""

from types import ModuleType

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from slider.views import outside
from slider.views.entering import log


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Lead to the provider."""
    return outside.going_on(request, _views().login(request, organization_slug=organization_slug))


@csrf_exempt  # it comes from the provider's page; what it says is signed, and answers a question of this browser
@login_not_required
@never_cache
@require_POST
def heard(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Take what the provider says, and have the browser come back with its own cookies."""
    answer: HttpResponse = _views().acs(request, organization_slug=organization_slug)
    return answer


@login_not_required
@never_cache
@require_safe
def back(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Read what the provider said, and let the person in."""
    views = _views()
    from lxml.etree import LxmlError  # only here: it comes with the libraries of SAML

    try:
        answer: HttpResponse = views.finish_acs(request, organization_slug=organization_slug)
    except (PermissionDenied, LxmlError, ValueError, LookupError, TypeError) as error:
        log.warning("what a SAML provider said can't be read", error=f"{type(error).__name__}: {error}"[:300])
        return HttpResponseRedirect(reverse("refused"))
    return answer


@login_not_required
@require_safe
def metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What the provider has to know of this site."""
    answer: HttpResponse = _views().metadata(request, organization_slug=organization_slug)
    return answer


@login_not_required
def out(_request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Signing out at the provider signs nobody out here: sessions end by themselves, or under *My sign-in*."""
    raise Http404(f"{organization_slug} can't sign people out here.")


def _views() -> ModuleType:
    """Allauth's views, where the site has a provider; they can't be imported without their libraries."""
    if not settings.ENV.SLIDER_SAML_ENTITY_ID:
        raise Http404("This installation has no SAML provider.")
    from allauth.socialaccount.providers.saml import views

    found: ModuleType = views
    return found
