"""Markup in every text that somebody can enter: no page gives it back as markup, and no header takes it apart."""

import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from slider.flow import handing, imports, invitations, keys, review, steer
from slider.flow.review import Said
from slider.models import Item, Membership, Mode, Project, Role, Scope, Task, Verdict
from tests import casts, pasts
from tests.views import addresses

pytestmark = pytest.mark.django_db
EVIL = "\"'><script>alert(7)</script><img src=x onerror=alert(7)>{{7*7}}"
LABEL = f"refund {EVIL}"
RAW = re.compile(r"<script>alert\(7|<img src=x|onerror=alert\(7\)>(?!&)|[^&]#x27;><script|>49<")
INPUT: dict[str, Any] = {
    "type": "object",
    "title": EVIL,
    "properties": {"subject": {"type": "string", "title": EVIL}, "text": {"type": "string", "description": EVIL}},
    "required": ["text"],
}
OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "enum": [LABEL, "other"], "title": EVIL},
        EVIL: {"type": "string", "title": EVIL, "description": EVIL},
    },
    "required": ["topic"],
}


def evil_company() -> casts.Company:
    """A company whose every text is markup, as far as the doors take it."""
    reasons = [{"code": "odd", "words": EVIL[:60]}, {"code": "other", "words": "Other"}]
    cast = casts.company(input_schema=INPUT, output_schema=OUTPUT, reasons=reasons, share=0.0, mode=Mode.TRIAL)
    Project.objects.filter(pk=cast.project.pk).update(name=EVIL)
    Task.objects.filter(pk=cast.task.pk).update(name=EVIL[:80])
    User.objects.filter(pk=cast.reviewer.pk).update(username=EVIL[:100], first_name=EVIL[:100], email=f"{EVIL}@x")
    cast = casts.everybody(cast)
    answer = {"topic": LABEL, EVIL: EVIL}
    for n, name in enumerate((EVIL, "plain", "third", "fourth")):
        body = {name: {"subject": EVIL, "text": EVIL * (n + 1)}}
        casts.route_all(cast.task, {name: casts.says(answer, others=[{"topic": "other"}, answer])}, bodies=body)
    steer.apply(cast.task.pk, share=0.0, mode=Mode.TRIAL, reason=EVIL, by=cast.tuner.pk)
    steer.pull_back(cast.task.pk, reason=EVIL, by=cast.tuner.pk)
    imports.receive(cast.task, name=f"{EVIL}.csv", stream=io.BytesIO(f"id,text\n1,{EVIL}\n".encode()), by=cast.tuner.pk)
    keys.make(cast.project, name=EVIL[:60], scopes=[Scope.READ], expires_at=None, by=cast.admin.pk)
    invitations.make(cast.project, role=Role.VIEWER, email="", days=7, by=cast.admin.pk)
    pasts.bring(
        cast, pasts.jsonl([{"id": EVIL, "input": {"text": EVIL}, "output": {"topic": "other"}, "correct": "perhaps"}])
    )
    look = casts.take(cast.colleague, cast.task)
    review.decide(
        look.pk, user_id=cast.colleague.pk, token=look.token, said=Said(Verdict.REJECT, reason="odd", note=EVIL)
    )
    look = casts.take(cast.colleague, cast.task)
    handing.flag(look.pk, user_id=cast.colleague.pk, token=look.token, note=EVIL)
    casts.take(cast.reviewer, cast.task)
    User.objects.create_superuser("superuser", "root@example.org", casts.PASSWORD)
    Membership.objects.create(project=cast.project, user=User.objects.get(username="superuser"), role=Role.ADMIN)
    return cast


def test_no_page_gives_markup_back_and_no_header_holds_it() -> None:
    cast = evil_company()
    there = {
        "task_id": cast.task.pk,
        "slug": cast.project.slug,
        "item_id": cast.task.items.order_by("pk").values_list("pk", flat=True)[0],
        "import_id": cast.task.imports.order_by("pk").values_list("pk", flat=True)[0],
        "past_id": cast.task.pasts.values_list("pk", flat=True)[0],
        "review_id": cast.task.reviews.order_by("-pk").values_list("pk", flat=True)[0],
        "user_id": cast.reviewer.pk,
        "object_id": cast.task.pk,
        "app_label": "slider",
    }
    seen, wrong = 0, []
    for who in ("superuser", cast.reviewer.pk):
        client = Client()
        client.force_login(User.objects.get(username=who) if isinstance(who, str) else User.objects.get(pk=who))
        more = [f"/items/{pk}/" for pk in Item.objects.values_list("pk", flat=True)] + ["/desk/", "/admin/slider/task/"]
        for address in dict.fromkeys([*(addresses.filled(r, there) for _, r in addresses.routes()), *more]):
            if who != "superuser" and not address.startswith(("/desk", "/items", "/my", "/practice", "/account")):
                continue  # whoever reviews has pages of their own here; the others were seen already
            answer = client.get(address)
            assert "alert(7)" not in str(answer.headers.get("Location", ""))
            if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.streaming:
                continue
            page = answer.content.decode()
            seen += "alert(7)" in page
            if found := RAW.search(page):
                wrong.append((address, page[max(0, found.start() - 80) : found.end() + 40]))
    assert wrong == []
    assert seen > 20, "the control: the texts do stand on the pages"


def test_the_control_would_see_it() -> None:
    assert RAW.search(f"<td>{EVIL}</td>")
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [EVIL])
        assert cursor.fetchone()[0] == EVIL
