"""The keys that programs use: listed, made and revoked by a project's admins."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from slider.flow import keys
from slider.models import OF_PROGRAMS, ApiKey, Project, Scope
from slider.views import access

LIVES = {"90": "90 days", "365": "one year", "": "until it is revoked"}


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        max_length=80,
        help_text="Which program uses it.",
        error_messages={"required": "Name the program that will use it, so that it can be found again."},
    )
    scopes = forms.MultipleChoiceField(
        choices=[(one.value, one.label) for one in OF_PROGRAMS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the key may do."},
    )
    days = forms.ChoiceField(label="Holds", choices=list(LIVES.items()), required=False, initial="365")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The project's keys; a POST makes one and shows it, once, in its answer."""
    project = access.project_or_404(request, slug, "administer")
    if request.method != "POST":
        return _page(request, project, KeyForm())
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form, status=422)
    said = form.cleaned_data
    days = int(said["days"] or 0)
    made = keys.make(
        project,
        name=said["name"],
        scopes=[Scope(scope) for scope in said["scopes"]],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        by=access.person(request).pk,
    )
    return _page(request, project, KeyForm(), made=made)


@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """End a key at once."""
    key = ApiKey.objects.select_related("project").filter(pk=key_id).first()
    if key is None:
        raise Http404("There is no such key.")
    project = access.project_or_404(request, key.project.slug, "administer")
    if keys.revoke(key):
        messages.success(request, f"{key} is revoked: what it sends from now on is refused.")
    else:
        messages.info(request, f"{key} was revoked already.")
    return redirect("keys", slug=project.slug)


def _page(
    request: HttpRequest, project: Project, form: KeyForm, *, made: keys.Made | None = None, status: int = 200
) -> HttpResponse:
    listed = ApiKey.objects.filter(project=project).select_related("created_by", "person").order_by("revoked_at", "-pk")
    shown = {"project": project, "form": form, "made": made, "keys": listed, "now": timezone.now()}
    return render(request, "setup/keys.html", shown, status=status)
