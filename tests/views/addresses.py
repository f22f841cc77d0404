"""Every address of the site, with something behind each kind of it, for tests that walk over all of them."""

import io
import re
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from slider.flow import endpoints, imports, invitations, keys, notices
from slider.models import Mode, NoticeKind, Purpose, Role, Scope
from tests import casts, files_out, pasts


def stage() -> casts.Company:
    """A company with something behind every kind of address."""
    made = casts.company(share=0.0, mode=Mode.TRIAL)
    endpoints.test(endpoints.make(made.task, url="https://receiver.example.org/").endpoint)
    casts.one(made.task, "m1")
    casts.one(made.task, "m2")
    casts.take(made.reviewer, made.task)
    casts.audited(made.task, "a1")
    imports.receive(made.task, name="a.csv", stream=io.BytesIO(b"id,text\n1,a\n"), by=made.tuner.pk)
    files_out.made(made.task, by=made.tuner)
    pasts.bring(made, pasts.jsonl([*pasts.rows(60), {"id": "odd", "correct": "perhaps"}]))
    keys.make(made.project, name="a program", scopes=[Scope.READ], expires_at=None, by=made.admin.pk)
    notices.tell(made.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    invitations.make(made.project, role=Role.VIEWER, email="", days=7, by=made.admin.pk)
    casts.everybody(made)
    User.objects.create_superuser("superuser", "root@example.org", casts.PASSWORD)
    return made


def routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every address as (name, route); those of the admin as Django builds them."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield pattern.name or "", route


def existing(cast: casts.Company) -> dict[str, object]:
    """What the parts of a route are called, with ids of things that exist."""
    review = cast.task.reviews.order_by("pk").first()
    imported = cast.task.imports.get(purpose=Purpose.ITEMS)
    invited = cast.project.invitations.get()
    endpoint = cast.task.endpoints.get()
    assert review is not None
    return {
        "task_id": cast.task.pk,
        "item_id": review.item_id,
        "review_id": review.pk,
        "import_id": imported.pk,
        "export_id": cast.task.exports.get().pk,
        "past_id": cast.task.pasts.get().pk,
        "history_id": cast.task.pasts.get().pk,
        "member_id": cast.viewer.pk,
        "notice_id": cast.task.notices.get().pk,
        "key_id": cast.project.keys.get().pk,
        "slug": cast.project.slug,
        "invitation_id": invited.pk,
        "user_id": cast.viewer.pk,
        "token": invited.token,
        "number": "MQ",
        "provider_id": "oidc",
        "organization_slug": "saml",
        "task": cast.task.slug,
        "endpoint_id": endpoint.pk,
        "parcel_id": endpoint.parcels.earliest("pk").pk,
        "object_id": review.item_id,
        "app_label": "slider",
        "content_type_id": 1,
        "url": "nowhere",
    }


def filled(route: str, there: dict[str, object]) -> str:
    """The route with these ids."""
    route = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(there.get(found[1], 1)), route)
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(there.get(found[1], 1)), route)
    return "/" + re.sub(r"[\^$?]|\\Z", "", route)


def visitor(role: str, cast: casts.Company) -> Client:
    client = Client(raise_request_exception=True)
    if role in ("superuser", "lead", "operator", "auditor"):
        client.force_login(User.objects.get(username=role))
    elif role not in ("anonymous", "nobody"):
        client.force_login(getattr(cast, role))
    return client
