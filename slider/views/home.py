"""The first page: every task of a person's projects, with where its slider stands and what waits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from slider.queries import home
from slider.views import access


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    return render(request, "home/home.html", {"sections": home.sections(access.person(request))})
