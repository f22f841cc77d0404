"""Secrets of endpoints: sealed at rest, two signatures while one is replaced, read in one place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from standardwebhooks.webhooks import WebhookVerificationError

from slider.environment import Environment
from slider.flow import endpoints, news, publish, tidying
from slider.flow.endpoints import Unfit, Wish
from slider.models import Endpoint, Mode, Parcel, Try
from slider.models.endpoint import signing_secrets
from slider.queries import advice
from tests import casts, receivers
from tests.receivers import Receiver, hours_pass

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.org/hook"


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(share=1.0, mode=Mode.TRIAL)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


def sent(cast: casts.Company, receiver: Receiver, name: str) -> tuple[dict[str, str], bytes]:
    casts.one(cast.task, name)
    assert publish.deliver(Endpoint.objects.get().pk) == 1
    return receiver.got[-1]


def test_while_a_secret_is_replaced_both_sign_and_after_that_the_new_one_alone(
    cast: casts.Company, receiver: Receiver
) -> None:
    made = endpoints.make(cast.task, url=receiver.url)
    first = made.new_secret
    second = endpoints.rotate(made.endpoint, overlap_h=24).new_secret
    call = sent(cast, receiver, "m1")
    assert len(call[0]["webhook-signature"].split()) == 2
    assert receivers.verified(first, call) == receivers.verified(second, call)
    hours_pass(25)
    call = sent(cast, receiver, "m2")
    assert receivers.verified(second, call)
    with pytest.raises(WebhookVerificationError):
        receivers.verified(first, call)
    tidying.tidy()
    assert Endpoint.objects.get().old_secret == "", "what signs nothing is not kept"


def test_a_secret_that_has_leaked_signs_nothing_more_at_once(cast: casts.Company, receiver: Receiver) -> None:
    made = endpoints.make(cast.task, url=receiver.url)
    endpoints.rotate(made.endpoint, overlap_h=0)
    with pytest.raises(WebhookVerificationError):
        receivers.verified(made.new_secret, sent(cast, receiver, "m1"))


def test_a_secret_of_ones_own_signs(cast: casts.Company, receiver: Receiver) -> None:
    own = "whsec_" + "QUJD" * 8
    assert endpoints.make(cast.task, url=receiver.url, secret=own).new_secret == ""
    assert receivers.verified(own, sent(cast, receiver, "m1"))


def test_secrets_are_sealed_and_one_of_older_code_is_read_all_the_same(cast: casts.Company) -> None:
    made = endpoints.make(cast.task, url=URL)
    row = Endpoint.objects.get()
    assert "whsec_" not in row.secret
    assert len(row.secret) <= 250
    now = datetime.now(UTC)
    assert signing_secrets(row, now=now) == [made.new_secret]
    Endpoint.objects.update(secret=made.new_secret)
    assert signing_secrets(Endpoint.objects.get(), now=now) == [made.new_secret]
    longest = "whsec_" + "QUJD" * 21 + "QQ=="
    row = endpoints.rotate(row, secret=longest).endpoint
    assert (len(row.secret) <= 250, signing_secrets(row, now=now)) == (True, [longest, made.new_secret])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", {"url": "https://10.0.0.1/"}),
        ("url", {"url": f"{URL}/{'a' * 500}"}),
        ("description", {"description": "a" * 121}),
        ("events", {"events": ["item.finished", "item.eaten"]}),
        ("events", {"events": ["webhook.test"]}),
        ("secret", {"secret": "sesame"}),
        ("secret", {"secret": "whsec_" + "QUJD" * 30}),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(cast: casts.Company, field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Unfit) as caught:
        endpoints.make(cast.task, **({"url": URL} | wrong))
    assert caught.value.where == field
    assert "sesame" not in str(caught.value)
    assert not Endpoint.objects.exists()


def test_a_task_has_twenty_at_most(cast: casts.Company) -> None:
    for n in range(endpoints.MOST):
        endpoints.make(cast.task, url=f"{URL}/{n}")
    with pytest.raises(Unfit, match="which is the most"):
        endpoints.make(cast.task, url=URL)


def test_turned_on_again_it_starts_afresh(cast: casts.Company) -> None:
    endpoint = endpoints.make(cast.task, url=URL).endpoint
    now = datetime.now(UTC)
    Endpoint.objects.update(failures=9, failing_since=now, rest_until=now, disabled_at=now, disabled_why="410")
    row = endpoints.change(endpoint, Wish(on=True), by="anna").endpoint
    assert (row.failures, row.failing_since, row.rest_until, row.disabled_why) == (0, None, None, "")


def test_what_was_removed_is_cleared_away_in_pieces(cast: casts.Company, receiver: Receiver) -> None:
    endpoint = endpoints.make(cast.task, url=receiver.url).endpoint
    for name in ("m1", "m2", "m3"):
        sent(cast, receiver, name)
    endpoints.remove(endpoint)
    with pytest.raises(Unfit, match="removed meanwhile"):
        endpoints.rotate(endpoint)
    assert publish.deliver(endpoint.pk) == 0
    hours_pass(1)
    for _ in range(9):
        tidying.tidy(most=2)
    assert (Endpoint.objects.count(), Parcel.objects.count(), Try.objects.count()) == (0, 0, 0)


def test_tries_go_after_their_days_and_parcels_stay(cast: casts.Company, receiver: Receiver) -> None:
    endpoints.make(cast.task, url=receiver.url)
    sent(cast, receiver, "m1")
    tidying.tidy()
    assert Try.objects.count() == 1
    Try.objects.update(at="2020-01-01T00:00Z")
    tidying.tidy()
    assert (Try.objects.count(), Parcel.objects.count()) == (0, 1)


def test_what_was_removed_goes_one_receiver_after_the_other_and_others_keep_theirs(
    cast: casts.Company, receiver: Receiver
) -> None:
    doors = [endpoints.make(cast.task, url=f"{receiver.url}/{n}").endpoint for n in range(3)]
    for name in ("m1", "m2"):
        casts.one(cast.task, name)
    for door in doors:
        publish.deliver(door.pk)
    for door in doors[:2]:
        endpoints.remove(door)
    tidying.tidy()
    assert (Parcel.objects.count(), Try.objects.count()) == (6, 6), "a sender may have them in its hands"
    hours_pass(1)
    tidying.tidy()
    assert set(Endpoint.objects.values_list("pk", flat=True)) == {doors[1].pk, doors[2].pk}
    tidying.tidy()
    assert (Endpoint.objects.get().pk, Parcel.objects.count(), Try.objects.count()) == (doors[2].pk, 2, 2)


def test_clearing_away_reads_no_parcels_of_other_receivers(cast: casts.Company) -> None:
    endpoint = endpoints.make(cast.task, url=URL).endpoint
    values = {"endpoint": endpoint.pk, "most": 1_000}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO slider_parcel (endpoint_id, event, webhook_id, body) "
            "SELECT %s, 'webhook.test', gen_random_uuid(), '{}' FROM generate_series(1, 2000)",
            [endpoint.pk],
        )
        cursor.execute("ANALYZE slider_parcel")
        for statement, index in zip(tidying._GONE, ("try_newest", "parcel_newest"), strict=False):
            cursor.execute(f"EXPLAIN {statement}", values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert f"using {index}" in plan, plan


def test_news_and_tests_go_after_their_days_and_results_stay(cast: casts.Company, receiver: Receiver) -> None:
    endpoint = endpoints.make(cast.task, url=receiver.url, events=["item.finished", "item.withdrawn"]).endpoint
    item = casts.one(cast.task)
    news.withdrawn(cast.task, item)
    endpoints.test(endpoint)
    assert publish.deliver(endpoint.pk) == 3
    news.withdrawn(cast.task, item)
    Parcel.objects.update(created_at="2020-01-01T00:00Z")
    tidying.tidy()
    assert Parcel.objects.count() == 4, "not before their tries"
    Try.objects.all().delete()
    tidying.tidy()
    left = Parcel.objects.order_by("pk").values_list("event", "state")
    assert list(left) == [("item.finished", "sent"), ("item.withdrawn", "due")], "what is owed still stays"


def test_a_secret_that_does_not_open_costs_no_try_and_the_log_says_why(cast: casts.Company, receiver: Receiver) -> None:
    endpoint = endpoints.make(cast.task, url=receiver.url).endpoint
    casts.one(cast.task)
    sealed = Endpoint.objects.get().secret
    Endpoint.objects.update(secret="s2.00000000.AAAA")
    assert publish.waiting() == [endpoint.pk]
    assert publish.deliver(endpoint.pk) == 0
    parcel = Parcel.objects.get()
    assert (parcel.state, parcel.tries) == ("due", 0)
    assert "sealed by key 00000000" in Try.objects.get(reason="secret").problem
    assert advice.advice("secret", None)
    assert publish.waiting() == [], "it rests"
    test = endpoints.test(endpoint)
    assert publish.deliver(endpoint.pk) == 0
    test.refresh_from_db()
    assert test.state == "failed"
    assert publish.waiting() == []
    Endpoint.objects.update(secret=sealed, rest_until=None)
    assert publish.deliver(endpoint.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_a_test_waits_for_no_result_that_is_owed_just_now(cast: casts.Company) -> None:
    endpoint = endpoints.make(cast.task, url=URL).endpoint
    elsewhere = connections.create_connection("default")
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM slider_endpoint WHERE id = %s FOR KEY SHARE", [endpoint.pk])
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '2s'")
            assert endpoints.test(endpoint).state == "due"
    finally:
        elsewhere.close()
        with connection.cursor() as mine:
            mine.execute("RESET lock_timeout")
