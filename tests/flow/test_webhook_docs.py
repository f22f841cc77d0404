"""The page about webhooks is true: its receiver verifies what we send, its schedule and events are ours."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from slider.environment import Environment
from slider.flow import endpoints, outcomes, publish
from slider.models import EventType, Mode
from tests import casts
from tests.receivers import Receiver

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


def written() -> dict[str, Any]:
    """What the page's own receiver defines."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, Any] = {}
    exec(code, names)  # our own page
    return names


def test_the_receiver_on_the_page_takes_what_we_send_once(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    page = written()
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    endpoint = endpoints.make(cast.task, url=receiver.url, secret=page["SECRET"]).endpoint
    casts.one(cast.task, "mail-3")
    publish.deliver(endpoint.pk)
    ((headers, body),) = receiver.got
    assert [page["receive"](headers, body) for _ in range(2)] == [200, 200]
    assert capsys.readouterr().out == "mail-3 1 {'topic': 'refund', 'urgent': False}\n"
    assert page["receive"](headers, body + b" ") == 401
    endpoints.rotate(endpoint)
    casts.one(cast.task, "mail-4")
    publish.deliver(endpoint.pk)
    assert page["receive"](*receiver.got[-1]) == 200, "the old secret signs beside the new one"


def test_the_table_of_tries_is_the_schedule() -> None:
    rows = re.findall(r"^\| (\d) \| ([\d\w ]*)\| ([\d\w ]+) \|$", PAGE, re.M)
    waits = [(amount.strip(), total.strip()) for _, amount, total in rows]
    assert len(waits) == len(outcomes.SCHEDULE_S)
    passed = 0.0
    for (wait, total), planned in zip(waits, outcomes.SCHEDULE_S, strict=True):
        assert seconds(wait) == planned
        passed += planned
        assert timedelta(seconds=abs(seconds(total) - passed)) < timedelta(minutes=1)


def seconds(text: str) -> float:
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", text)))


def test_the_table_of_events_has_them_all() -> None:
    assert set(re.findall(r"^\| `([a-z._]+)` \|", PAGE, re.M)) == {str(one) for one in EventType}


def test_the_numbers_on_the_page_are_ours() -> None:
    page = " ".join(PAGE.split())  # wherever its lines end
    assert f"{endpoints.MOST} a task at most" in page
    assert f"within {publish.TIMEOUT_S:.0f} seconds" in page
    assert f"up to {publish.AT_ONCE} parcels" in page
    assert f"for {endpoints.USUAL_OVERLAP_H} hours" in page
    assert "SLIDER_WEBHOOK_LOG_DAYS` days (30)" in page
    assert Environment.model_fields["SLIDER_WEBHOOK_LOG_DAYS"].default == 30
