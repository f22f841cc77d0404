"""What allauth asks of us about signing in: where people land, who may come in new, and what is said."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from slider import proxies
from slider.views import entering


class Account(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Only the second step stands between the door and the rest; allauth's own words and mails are not sent."""

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return entering.landing(request.user)

    get_signup_redirect_url = get_login_redirect_url

    def get_client_ip(self, request: HttpRequest) -> str:
        return proxies.client(request) or proxies.NOWHERE

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        return

    def send_mail(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        return


class Outside(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Who signs in with a provider is whoever has the address that it has made sure of; else new, or refused."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        for address in sociallogin.email_addresses:
            found = list(User.objects.filter(email__iexact=address.email)[:2]) if address.verified else []
            if len(found) == 1:  # of two with one address nobody can say which it is
                return found[0], address.email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        """New people only where that is wanted, and never beside somebody of the same address."""
        addresses = [address.email for address in sociallogin.email_addresses]
        taken = any(User.objects.filter(email__iexact=address).exists() for address in addresses)
        if not settings.ENV.SLIDER_NEW_PEOPLE or taken:
            entering.log.warning("the provider vouched for somebody whom nobody here knows", taken=taken)
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("refused")))
        return True

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:  # noqa: ARG002
        entering.log.warning(
            "signing in with the provider failed",
            error=str(told.get("error"))[:100],
            exception=str(told.get("exception"))[:300],
        )
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("refused")))
