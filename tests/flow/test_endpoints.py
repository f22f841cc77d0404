"""Secrets of endpoints: sealed at rest, two signatures while one is replaced, read in one place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from standardwebhooks.webhooks import WebhookVerificationError

from slider.environment import Environment
from slider.flow import endpoints, publish, tidying
from slider.flow.endpoints import Unfit, Wish
from slider.models import Endpoint, Mode, Parcel, Try
from slider.models.endpoint import signing_secrets
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
