"""An invitation's own page: whoever has its link may come in once, as somebody known or somebody new."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from slider import proxies
from slider.flow import invitations
from slider.models import Invitation
from slider.views import entering, passwords, throttle

if TYPE_CHECKING:
    NewForm = BaseUserCreationForm[User]
else:
    NewForm = BaseUserCreationForm  # generic for the type checker alone


class NewPersonForm(NewForm):
    """A name and a password; the address where the invitation does not say it."""

    email = forms.EmailField(label="E-mail", required=False, help_text="For a new password, should you forget it.")

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, bound: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label, self.fields["username"].help_text = "Name", "What others see of you here."
        self.fields["password1"].help_text, self.fields["password2"].help_text = passwords.HINT, ""
        self.fields["password2"].label = "Once more"
        if bound:
            del self.fields["email"]


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to; sent, it lets the person in, or says why not."""
    invitation = Invitation.of(token)
    if invitation is None:
        raise Http404("There is no such invitation: is the link whole?")
    who = request.user if isinstance(request.user, User) else None
    wrong = invitations.trouble(invitation, who=who)
    if wrong:
        return _page(request, invitation, wrong=wrong, status=409 if request.method == "POST" else 200)
    if who is None:
        return _new(request, invitation)
    if request.method != "POST":
        return _page(request, invitation)
    try:
        invitations.accept(invitation, who=who)
    except invitations.Refused as refused:
        return _page(request, invitation, wrong=str(refused), status=409)
    return _welcome(request, invitation, HttpResponseRedirect(entering.landing(who)))


def _new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Somebody whom nobody knows yet makes themselves known."""
    bound = bool(invitation.email)
    if request.method != "POST":
        return _page(request, invitation, form=NewPersonForm(bound=bound))
    if not throttle.allow("invitation", address=proxies.client(request), most=throttle.ADDRESS):
        return _page(request, invitation, form=NewPersonForm(bound=bound), wrong="Too many tries: wait 15 minutes.")
    form = NewPersonForm(request.POST, bound=bound)
    if not form.is_valid():
        return _page(request, invitation, form=form, status=422)
    said = form.cleaned_data
    try:
        who = invitations.accept_as_new(
            invitation, name=said["username"], password=said["password1"], email=said.get("email", "")
        )
    except invitations.Refused as refused:
        return _page(request, invitation, wrong=str(refused), status=409)
    return _welcome(request, invitation, entering.go_in(request, who, to=entering.landing(who)))


def _welcome(request: HttpRequest, invitation: Invitation, answer: HttpResponse) -> HttpResponse:
    messages.success(request, f"You are in {invitation.project} as {invitation.get_role_display()}.")
    return answer


def _page(
    request: HttpRequest,
    invitation: Invitation,
    *,
    form: NewPersonForm | None = None,
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    here = reverse("invitation", args=[invitation.token])
    context = {"invitation": invitation, "form": form, "wrong": wrong, "here": here}
    return render(request, "doors/invitation.html", context, status=status)
