"""An archived item is on its page, in the list, in the API and in exports as if it had never left."""

import json
import re

import pytest
from django.test import Client

from slider.flow import archive
from slider.models import Item, Review, Verdict
from slider.queries import export, quality_audits, results, story
from tests import archives, casts
from tests.archives import archived, grow_old
from tests.casts import Company

pytestmark = pytest.mark.django_db
RIGHT = {"topic": "refund", "urgent": False}


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Company:
    """Two items: `plain` ran unattended, and of `audited` a person has said how it should be."""
    cast = archives.company(monkeypatch)
    casts.one(cast.task, "plain", casts.says(RIGHT, others=[RIGHT]), orders=2**53 + 1)
    Review.objects.all().delete()
    casts.audited(cast.task, "audited", casts.says(RIGHT, others=[RIGHT]))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": True})
    grow_old(cast.task)
    return cast


def shown(cast: Company, address: str) -> str:
    client = Client()
    client.force_login(cast.admin)
    response = client.get(address)
    assert response.status_code == 200, address
    text = response.content.decode().partition("<main")[2]
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)  # another each time


def told(cast: Company) -> list[object]:
    """All that is said of the items outside of their rows."""
    items = Item.objects.filter(task=cast.task).select_related("task").order_by("pk")
    programs = [results.told(cast.project.pk, item.pk) for item in items]
    return [
        [story.tell(item, blind=blind) for item in items for blind in (False, True)],
        [json.loads(line) for line in "".join(export.jsonl(cast.task)).splitlines()],
        list(export.table(cast.task)),
        [(one.lane, [a.outcome for a in one.attempts], one.results) for one in programs if one is not None],
        results.published(cast.task, after=None, most=10),
        quality_audits.read(cast.task),
    ]


def test_its_story_its_results_and_its_line_in_an_export_are_the_same(cast: Company) -> None:
    before = told(cast)
    assert archive.sweep(limit_s=5) == 2
    assert archived(cast.task) == ["plain", "audited"]
    assert told(cast) == before


def test_its_page_and_its_line_in_the_list_are_the_same(cast: Company) -> None:
    pages = [f"/tasks/{cast.task.pk}/items/", f"/tasks/{cast.task.pk}/items/?id=pla"]
    pages += [f"/items/{item.pk}/" for item in Item.objects.order_by("pk")]
    before = [shown(cast, page) for page in pages]
    assert "Message plain" in before[0]
    archive.sweep(limit_s=5)
    assert [shown(cast, page) for page in pages] == before


def test_a_rejected_result_is_corrected_beside_the_archived_answer(cast: Company) -> None:
    archive.sweep(limit_s=5)
    item = Item.objects.get(external_id="plain")
    client = Client()
    client.force_login(cast.reviewer)
    reason = next(iter(cast.task.reason_words))
    sent = client.post(f"/items/{item.pk}/correct", {"verdict": "reject", "reason": reason})
    assert sent.status_code == 302
    assert archived(cast.task) == ["audited"]
