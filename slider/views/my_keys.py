"""A person's own keys of the desk: change them, switch them off, take the table's again."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from slider.flow import own_keys as keeping
from slider.models import OwnKeys, hotkeys
from slider.queries import own_keys
from slider.views import access

PREFIX = "key."


@dataclass(frozen=True, slots=True)
class Line:
    """One deed of the form with what was typed for it, and what is wrong with that."""

    name: str
    words: str
    before: str  # the key that is pressed first
    key: str
    error: str = ""

    @property
    def is_own(self) -> bool:
        return self.key.lower() != self.name


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The form; sent, what was wrong with it, or kept."""
    user_id = access.person(request).pk
    own = OwnKeys.objects.filter(pk=user_id).first() or OwnKeys(user_id=user_id)
    if request.method != "POST":
        return _page(request, hotkeys.of(own.keys), off=own.off)
    typed = {name: request.POST.get(PREFIX + name, "").strip() for name in hotkeys.NAMES}
    off = "off" in request.POST
    try:
        keeping.keep(user_id, keys={name: key.lower() for name, key in typed.items()}, off=off)
    except hotkeys.Clash as clash:
        return _page(request, typed, off=off, clash=clash)
    messages.success(request, "Your keys are kept; the desk prints them on its buttons.")
    return HttpResponseRedirect(reverse("my-keys"))


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """Forget a person's own keys."""
    keeping.reset(access.person(request).pk)
    messages.success(request, "You have the usual keys again.")
    return HttpResponseRedirect(reverse("my-keys"))


def _page(
    request: HttpRequest, typed: dict[str, str], *, off: bool, clash: hotkeys.Clash | None = None
) -> HttpResponse:
    lines = [
        Line(
            deed.name,
            deed.words,
            typed.get(deed.before, "").upper(),
            typed[deed.name].upper(),
            str(clash) if clash is not None and clash.deed == deed.name else "",
        )
        for deed in hotkeys.DEEDS
    ]
    context = {
        "lines": lines,
        "fixed": hotkeys.FIXED,
        "off": off,
        "error": str(clash) if clash is not None and not clash.deed else "",
        "has_own": off or any(line.is_own for line in lines),
        "keys": own_keys.of(access.person(request)),
    }
    return render(request, "review/my_keys.html", context, status=200 if clash is None else 422)
