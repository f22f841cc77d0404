"""A person's own API keys: each acts for them in one project, and may no more than their role there lets them."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from slider.flow import keys
from slider.models import ApiKey, Membership, Project, Scope
from slider.views import access

LIVES = {"30": "30 days", "90": "90 days", "365": "one year"}


class OwnKeyForm(forms.Form):
    """A new key that acts for the person who makes it. It always ends."""

    project = forms.ModelChoiceField(
        Project.objects.none(),
        to_field_name="slug",
        empty_label=None,
        error_messages={"invalid_choice": "Choose one of your projects.", "required": "Choose one of your projects."},
    )
    name = forms.CharField(
        max_length=80,
        help_text="What uses it.",
        error_messages={"required": "Name what will use it, so that it can be found again."},
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the key may do."},
    )
    days = forms.ChoiceField(label="Holds", choices=list(LIVES.items()), initial="90")

    def __init__(self, data: object = None, *, person: int) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or nothing
        field = self.fields["project"]
        assert isinstance(field, forms.ModelChoiceField)
        own = Membership.objects.filter(user=person).values("project")
        field.queryset = Project.objects.filter(pk__in=own).order_by("name")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The person's keys; a POST makes one and shows it, once, in its answer."""
    person = access.person(request).pk
    if request.method != "POST":
        return _page(request, OwnKeyForm(person=person))
    form = OwnKeyForm(request.POST, person=person)
    if not form.is_valid():
        return _page(request, form, status=422)
    said = form.cleaned_data
    made = keys.make(
        said["project"],
        name=said["name"],
        scopes=[Scope(scope) for scope in said["scopes"]],
        expires_at=timezone.now() + timedelta(days=int(said["days"])),
        by=person,
        person=person,
    )
    return _page(request, OwnKeyForm(person=person), made=made)


@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """End one of one's own keys at once."""
    number = min(key_id, access.BIGGEST_ID)
    key = ApiKey.objects.filter(pk=number, person=access.person(request)).first()
    if key is None:
        raise Http404("You have no such key.")
    if keys.revoke(key):
        messages.success(request, f"{key} is revoked: what it sends from now on is refused.")
    else:
        messages.info(request, f"{key} was revoked already.")
    return redirect("own-api-keys")


def _page(request: HttpRequest, form: OwnKeyForm, *, made: keys.Made | None = None, status: int = 200) -> HttpResponse:
    listed = ApiKey.objects.filter(person=access.person(request)).select_related("project", "created_by")
    shown = {"form": form, "made": made, "keys": listed.order_by("revoked_at", "-pk"), "now": timezone.now()}
    return render(request, "setup/own_api_keys.html", shown, status=status)
