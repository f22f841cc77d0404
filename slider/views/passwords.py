"""A forgotten password, asked for and chosen anew by a link; and one that is changed by who knows it."""

from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from slider import proxies
from slider.flow import account_letters, passwords
from slider.views import access, entering, throttle, vouched

if TYPE_CHECKING:
    SetForm = SetPasswordForm[User]
else:
    SetForm = SetPasswordForm  # generic for the type checker alone

HINT = "Twelve characters or more: a few words that do not belong together are good."


class NewPasswordForm(SetForm):
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        describe(self)


class ChangeForm(PasswordChangeForm):
    """The old password, and a new one twice."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "That is not your password, or there were too many tries. After five wait 15 minutes.",
    }

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = address
        describe(self)

    def clean_old_password(self) -> str:
        name = self.user.get_username()
        if not throttle.allow(name, address=self._address):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        old: str = super().clean_old_password()
        throttle.forget(name, address=self._address)
        return old


def describe(form: Any) -> None:
    """One plain sentence instead of Django's list."""
    form.fields["new_password1"].label, form.fields["new_password2"].label = "New password", "Once more"
    form.fields["new_password1"].help_text, form.fields["new_password2"].help_text = HINT, ""


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same, and so is the work, whether anybody has that address or not."""
    if request.method != "POST":
        return render(request, "doors/forgot.html", {"mails": settings.ENV.sends_mail})
    address = request.POST.get("email", "").strip()
    try:
        validate_email(address)
    except ValidationError:
        context = {"mails": settings.ENV.sends_mail, "typed": address, "error": "That is no address of a mailbox."}
        return render(request, "doors/forgot.html", context, status=422)
    place = proxies.client(request)
    allowed = throttle.allow("reset", address=place, most=throttle.ADDRESS)
    if allowed and throttle.allow(address, address="", most=throttle.RESETS) and settings.ENV.sends_mail:
        account_letters.ask_for_reset(address)
    return render(request, "doors/forgot.html", {"mails": settings.ENV.sends_mail, "sent": True})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Choose a password by a link that holds once. A link of nobody's reads as one that has run out."""
    user = _of(number)
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "doors/reset.html", {"gone": True}, status=410)
    form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "doors/reset.html", {"form": form}, status=422 if form.is_bound else 200)
    if not passwords.reset(user.pk, token, form.cleaned_data["new_password1"]):
        return render(request, "doors/reset.html", {"gone": True}, status=410)
    messages.success(request, "Your password is changed. Sign in with it.")
    return HttpResponseRedirect(reverse("login"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Change one's own password; who has none yet, as a provider vouches for them, chooses one."""
    user = access.person(request)
    sent = request.POST if request.method == "POST" else None
    form: NewPasswordForm | ChangeForm
    if user.has_usable_password():
        form = ChangeForm(user, sent, address=proxies.client(request))
    elif entering.is_fresh(request, user):
        form = NewPasswordForm(user, sent)
    else:
        return entering.confirm_first()
    if not form.is_valid():
        return render(request, "my/password.html", {"form": form}, status=422 if form.is_bound else 200)
    passwords.change(user, form.cleaned_data["new_password1"], session=request.session.session_key or "")
    if request.session.session_key and not vouched.is_vouched(request):
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        update_session_auth_hash(request, user)
        UserSession.objects.create_from_request(request)
    messages.success(request, "Your password is changed, and you are signed out everywhere else.")
    return HttpResponseRedirect(reverse("account"))


def _of(number: str) -> User | None:
    try:
        return User.objects.filter(pk=int(urlsafe_base64_decode(number)), is_active=True).first()
    except (ValueError, OverflowError):
        return None
