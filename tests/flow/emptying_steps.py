"""What the tests of contents that go have in common: an item with a secret in every place, and all that is stored."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from slider.models import Attempt, Decision, Item, Publication, Review, Score, Task, Verdict
from tests import archives, casts, logs

SECRET = "Robinson"
BODY = {"subject": f"Mrs {SECRET}", "text": f"I am {SECRET} and want my money back."}
SAID = {"topic": "account", "urgent": True, "reply": f"Dear Mrs {SECRET}"}
DAYS = 30


def company(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    """A company whose task keeps contents for `DAYS` days."""
    made = archives.company(monkeypatch, share=0.0)
    Task.objects.update(archive_after_days=None, contents_days=DAYS)
    made.task.refresh_from_db()
    logs.link_now()
    return made


def lived(cast: casts.Company, name: str = "m1") -> Item:
    """An item that a model and a person have said something of, with the name in every place where it may stand."""
    item = casts.one(cast.task, name, casts.says(SAID | {"topic": "refund"}, others=[SAID]), **BODY)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=SAID, note=f"a note on {SECRET}")
    return item


def everything() -> str:
    """All that is stored, as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("slider").get_models():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t")
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def numbers(item: Item) -> list[Any]:
    """What is counted of an item."""
    return [
        list(Score.objects.filter(attempt__item=item).values()),
        [
            {name: value for name, value in row.items() if name != "detail"}
            for row in Decision.objects.filter(item=item).values()
        ],
        list(Attempt.objects.filter(item=item).values("outcome", "tokens_in", "cost", "latency_ms", "masked")),
        list(Review.objects.filter(item=item).values("kind", "verdict", "decided_at", "holder", "lucky", "reason")),
        list(
            Publication.objects.filter(item=item).values("number", "ending", "parcels__state", "parcels__delivered_at")
        ),
    ]
