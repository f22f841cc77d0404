"""What is looked for among parcels is found by an index, however many there are of everything else."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection

from slider.flow import endpoints, tidying
from slider.models import Endpoint, EventType, Parcel
from slider.models.holding import HOLDINGS
from slider.models.replayable import Which, fragment, order
from slider.queries import receivers
from tests import casts, logs

pytestmark = pytest.mark.django_db
MANY = """
INSERT INTO slider_parcel (endpoint_id, event, webhook_id, body, state, due_at, created_at)
SELECT %s, CASE WHEN n %% 1000 = 0 THEN 'item.withdrawn' ELSE 'item.waiting' END, gen_random_uuid(),
       jsonb_build_object('data', jsonb_build_object('item', n))::text,
       CASE WHEN n %% 10 = 0 THEN 'due' ELSE 'sent' END,
       now() - (6000 - n) * interval '1 minute', now() - (6000 - n) * interval '1 minute'
FROM generate_series(1, 6000) AS n
"""


@pytest.fixture
def endpoint() -> Endpoint:
    cast = casts.company()
    made = endpoints.make(cast.task, url="https://receiver.example.org/hook").endpoint
    logs.sql(MANY, made.pk)
    logs.sql("ANALYZE slider_parcel")
    return made


def plan(statement: str, values: Mapping[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_news_of_an_item_are_found_without_reading_all_news(endpoint: Endpoint) -> None:
    (news,) = [one for one in HOLDINGS if one.name == "news for receivers"]
    of_item = news.of.removeprefix("t.id IN (").removesuffix(")")
    logs.sql("SET LOCAL enable_seqscan = off")  # six thousand rows are read through in no time
    assert "parcel_of_item" in plan(of_item, {"ids": [7, 9]})
    assert len(logs.sql(of_item.replace("%(ids)s", "%s"), [7, 9])) == 2


def test_a_rare_event_is_found_by_its_name(endpoint: Endpoint) -> None:
    wanted = receivers.Wanted(event=EventType.WITHDRAWN)
    assert [json_item(one) for one in receivers.parcels(endpoint, wanted, most=3)] == [6000, 5000, 4000]
    found = Parcel.objects.filter(endpoint=endpoint, event=EventType.WITHDRAWN).order_by("-pk")[:50]
    assert "parcel_by_event" in found.explain()


def json_item(parcel: Parcel) -> int:
    ((item,),) = logs.sql(
        "SELECT (body::jsonb -> 'data' ->> 'item')::bigint FROM slider_parcel WHERE id = %s", parcel.pk
    )
    return int(item)


def test_what_was_sent_since_a_moment_is_found_by_its_moment(endpoint: Endpoint) -> None:
    statement = f"SELECT p.id {fragment(Which.SENT)} ORDER BY {order(Which.SENT)} LIMIT %(most)s"
    values = {"endpoint": endpoint.pk, "above": 0, "upto": 2**62, "event": "", "one": None, "most": 2_000}
    ((since,),) = logs.sql("SELECT now() - interval '5 minutes'")
    assert "parcel_sent" in plan(statement, values | {"since": since})


def test_old_news_and_tests_are_found_by_their_age(endpoint: Endpoint) -> None:
    assert "parcel_old_news" in plan(tidying._OLD_NEWS, {"days": 4, "most": 1_000})
    recent = Parcel.objects.filter(endpoint=endpoint, event=EventType.TEST, created_at__gt="2020-01-01T00:00Z")
    assert "parcel_tests" in recent.explain()
