"""The pages of receivers: who sees them, what they show once, and what they never show."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from slider.environment import Environment
from slider.flow import endpoints, publish, replays
from slider.models import Delivery, Endpoint, Mode, Operation, Parcel, Publication, Role, Try
from slider.queries import receivers as queries
from tests import casts, receivers
from tests.receivers import Receiver

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.org/hook"


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company(share=1.0, mode=Mode.TRIAL)
    casts.person("operator", role=Role.OPERATOR, of=made.project)
    return made


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


def client(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def operator() -> Client:
    return client(User.objects.get(username="operator"))


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def add(cast: casts.Company, **sent: Any) -> Any:
    fields = {"url": URL, "description": "our CRM", "events": ["item.finished"]} | sent
    return client(cast.admin).post(reverse("webhook-add", args=[cast.task.pk]), fields)


def test_a_receiver_is_added_and_its_secret_shown_once(cast: casts.Company) -> None:
    shown = add(cast)
    endpoint = Endpoint.objects.get()
    secret = receivers.secret(endpoint)
    assert secret.startswith("whsec_")
    assert secret in shown.content.decode()
    assert (endpoint.url, endpoint.description, endpoint.events) == (URL, "our CRM", ["item.finished"])
    assert secret not in endpoint.secret, "it is sealed"
    for user in (cast.admin, User.objects.get(username="operator")):
        for name, key in (("webhooks", cast.task.pk), ("webhook", endpoint.pk)):
            page = client(user).get(reverse(name, args=[key])).content.decode()
            assert "our CRM" in page
            assert secret not in page
            assert endpoint.secret not in page


def test_a_secret_of_ones_own_is_taken_and_never_shown(cast: casts.Company) -> None:
    own = "whsec_" + "QUJD" * 10
    shown = add(cast, secret=own)
    assert receivers.secret(Endpoint.objects.get()) == own
    assert own not in shown.content.decode()
    refused = add(cast, secret="whsec_c2hvcnQ=")
    assert refused.status_code == 422
    assert "24 to 64" in text(refused)
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "http://127.0.0.1/x", "http://localhost/", "https://me:p@example.org/", "nonsense",
            "https://a.example/\r\nX-Injected: 1", "https://[::ffff:169.254.169.254]/"],
)  # fmt: skip
def test_an_address_that_can_not_be_called_is_refused(cast: casts.Company, url: str) -> None:
    refused = add(cast, url=url)
    assert refused.status_code == 422
    assert "id_url_error" in refused.content.decode()
    assert not Endpoint.objects.exists()


def test_another_host_gets_another_secret_and_another_path_does_not(cast: casts.Company) -> None:
    add(cast)
    endpoint = Endpoint.objects.get()
    first = receivers.secret(endpoint)
    admin, fields = client(cast.admin), {"description": "", "events": ["item.finished", "slider.moved"]}
    admin.post(reverse("webhook-change", args=[endpoint.pk]), fields | {"url": f"{URL}/v2"})
    assert receivers.secret(endpoint) == first
    shown = admin.post(reverse("webhook-change", args=[endpoint.pk]), fields | {"url": "https://other.example.org/"})
    second = receivers.secret(endpoint)
    assert second != first
    assert second in shown.content.decode()
    endpoint.refresh_from_db()
    assert endpoint.events == ["item.finished", "slider.moved"]


def test_a_secret_is_replaced_and_the_old_one_named_as_long_as_it_signs(cast: casts.Company) -> None:
    add(cast)
    endpoint = Endpoint.objects.get()
    first = receivers.secret(endpoint)
    admin = client(cast.admin)
    shown = admin.post(reverse("webhook-secret", args=[endpoint.pk]), {"overlap_h": "12"})
    assert receivers.secret(endpoint) != first
    assert receivers.secret(endpoint) in shown.content.decode()
    page = reverse("webhook", args=[endpoint.pk])
    assert "the old secret signs, too" in text(admin.get(page))
    Endpoint.objects.update(old_until=Now() - timedelta(seconds=1))
    assert "the old secret signs, too" not in text(admin.get(page))
    assert admin.post(reverse("webhook-secret", args=[endpoint.pk]), {"overlap_h": "999"}).status_code == 422


def test_it_is_turned_off_with_a_reason_and_on_again(cast: casts.Company) -> None:
    add(cast)
    endpoint = Endpoint.objects.get()
    admin, switch = client(cast.admin), reverse("webhook-switch", args=[endpoint.pk])
    admin.post(switch, {"on": "no", "why": "it moves"})
    page = text(admin.get(reverse("webhook", args=[endpoint.pk])))
    assert "turned off by admin: it moves" in page
    casts.one(cast.task, "m1")
    assert not Parcel.objects.exists()
    admin.post(switch, {"on": "yes"})
    casts.one(cast.task, "m2")
    assert Parcel.objects.count() == 1


def test_a_removed_one_is_gone(cast: casts.Company) -> None:
    add(cast)
    endpoint = Endpoint.objects.get()
    admin = client(cast.admin)
    assert admin.post(reverse("webhook-remove", args=[endpoint.pk])).status_code == 302
    assert admin.get(reverse("webhook", args=[endpoint.pk])).status_code == 404
    assert "Nobody is told by webhook" in text(admin.get(reverse("webhooks", args=[cast.task.pk])))
    casts.one(cast.task, "m1")
    assert not Parcel.objects.exists()


def test_a_test_shows_what_the_receiver_answered(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    receiver.answer = b"thanks <b>a lot</b>"
    told = operator().post(reverse("webhook-test", args=[endpoint.pk]), follow=True)
    assert "On its way" in text(told)
    assert 'hx-trigger="every 1s"' in told.content.decode()
    publish.deliver(endpoint.pk)
    address = told.redirect_chain[-1][0]
    page = text(client(cast.admin).get(address))
    assert "The receiver took it: 200 after" in page
    assert "thanks &lt;b&gt;a lot&lt;/b&gt;" in page
    assert "every 1s" not in page
    piece = text(operator().get(address, headers={"HX-Request": "true"}))
    assert "<html" not in piece
    assert "thanks" not in piece, "who may not see items is not shown what a receiver may have repeated"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (401, "Compare the secret"),
        ((302, "http://127.0.0.1/"), "enter the final address"),
        ("lose the answer", "check the host, the port"),
        (503, "trouble of its own"),
    ],
)
def test_a_test_names_what_was_wrong_and_what_to_do(
    cast: casts.Company, receiver: Receiver, said: receivers.Said, words: str
) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    receiver.script = [said]
    told = operator().post(reverse("webhook-test", args=[endpoint.pk]), follow=True)
    publish.deliver(endpoint.pk)
    page = text(operator().get(told.redirect_chain[-1][0]))
    assert words in page
    assert "given up" in page, "a test is tried once"
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.disabled_at) == (0, None)


def test_a_test_goes_out_though_the_receiver_is_off_and_not_without_end(
    cast: casts.Company, receiver: Receiver
) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    endpoints.change(endpoint, endpoints.Wish(on=False), by="anna")
    address = reverse("webhook-test", args=[endpoint.pk])
    for _ in range(endpoints.MOST_TESTS):
        assert operator().post(address).status_code == 302
    refused = operator().post(address)
    assert refused.status_code == 422
    assert "within a minute" in text(refused)
    assert publish.waiting() == [endpoint.pk]
    assert publish.deliver(endpoint.pk) == endpoints.MOST_TESTS
    assert len(receiver.got) == endpoints.MOST_TESTS


def test_who_may_not_see_items_sees_a_delivery_without_them(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    says = casts.says({"topic": "refund", "urgent": False, "reply": "Dear Mrs Robinson"})
    receiver.answer = b'{"error": "no customer Dear Mrs Robinson", "token": "abcdefgh"}'
    casts.one(cast.task, "mail-robinson", says)
    publish.deliver(endpoint.pk)
    parcel = Parcel.objects.get()
    address = reverse("webhook-delivery", args=[endpoint.pk, parcel.pk])
    whole, part = text(client(cast.admin).get(address)), text(operator().get(address))
    assert "Dear Mrs Robinson" in whole
    assert "mail-robinson" in whole
    assert "no customer […]" in whole
    assert "abcdefgh" not in whole
    for hidden in ("Robinson", "robinson", "refund", "no customer"):
        assert hidden not in part, hidden
    assert str(parcel.webhook_id) in part
    assert "mail-robinson" not in text(operator().get(reverse("webhook", args=[endpoint.pk])))


def test_dead_letters_are_shown_counted_and_sent_again(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    Parcel.objects.exclude(publication__item__external_id="m3").update(
        state=Delivery.FAILED, tries=8, last_problem="it answered 500"
    )
    address = reverse("webhook-replay", args=[endpoint.pk])
    dry = operator().get(address)
    assert "2 would be sent" in text(dry)
    sent = {"which": "dead", "event": "", "since": "", "upto": str(dry.context["sight"].upto)}
    refused = operator().post(address, sent | {"reason": " "})
    assert refused.status_code == 422
    assert "Say why" in text(refused)
    assert "Look at what would be sent first" in text(operator().post(address, sent | {"upto": "", "reason": "a"}))
    operator().post(address, sent | {"reason": "it is back"})
    assert set(Parcel.objects.values_list("state", "tries")) == {(Delivery.DUE, 0)}
    assert Operation.objects.get().facts == {
        "what": "webhooks", "which": "dead", "results": 2, "endpoint": endpoint.pk
    }  # fmt: skip
    assert publish.deliver(endpoint.pk) == 3


def test_what_was_missed_while_it_was_off_is_sent_since_a_time(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    endpoints.change(endpoint, endpoints.Wish(on=False), by="anna")
    casts.one(cast.task, "m1")
    endpoints.change(endpoint, endpoints.Wish(on=True), by="anna")
    address = reverse("webhook-replay", args=[endpoint.pk])
    assert operator().get(address, {"which": "missed"}).status_code == 422
    sent = {"which": "missed", "event": "", "since": "2020-01-01T00:00"}
    dry = operator().get(address, sent)
    assert "1 would be sent" in text(dry)
    operator().post(address, sent | {"upto": str(dry.context["sight"].upto), "reason": "it was off"})
    publish.deliver(endpoint.pk)
    assert receiver.ids == [str(Publication.objects.get().webhook_id)]
    assert "Nothing would be sent" in text(operator().get(address, sent))


def test_more_than_one_look_counts_is_sent_piece_by_piece(
    cast: casts.Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 2)
    monkeypatch.setattr(replays.replay, "__kwdefaults__", {"most": 2})
    add(cast, url=receiver.url)
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    endpoint = Endpoint.objects.get()
    publish.deliver(endpoint.pk)
    address = reverse("webhook-replay", args=[endpoint.pk])
    place, since = address, "2020-01-01T00:00"
    looked = {"which": "sent", "event": "", "since": since}
    for count in (2, 1):
        dry = operator().get(place, {} if "?" in place else looked)
        assert f"Send {count} again" in text(dry)
        sight = dry.context["sight"]
        sent = looked | {"above": str(sight.above), "upto": str(sight.upto), "reason": "they lost all"}
        place = operator().post(address, sent).headers["Location"]
        publish.deliver(endpoint.pk)
    assert sorted(receiver.ids[3:]) == sorted(receiver.ids[:3]), "each once more, and none twice"
    assert place == reverse("webhook", args=[endpoint.pk])


def test_that_it_was_delivered_stays_when_it_is_sent_again(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    casts.one(cast.task)
    endpoint = Endpoint.objects.get()
    publish.deliver(endpoint.pk)
    parcel = Parcel.objects.get()
    assert parcel.delivered_at is not None
    operator().post(reverse("webhook-again", args=[endpoint.pk, parcel.pk]), {"reason": "they lost it"})
    again = Parcel.objects.get()
    assert (again.state, again.delivered_at) == (Delivery.DUE, parcel.delivered_at)


def test_what_it_carries_is_shown_as_it_was_sent(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    casts.one(cast.task)
    publish.deliver(Endpoint.objects.get().pk)
    parcel = queries.parcel(Endpoint.objects.get(), Parcel.objects.get().pk)
    assert parcel is not None
    assert queries.told(parcel, sees_items=True) == json.loads(receiver.got[0][1])


def test_many_failures_after_a_success_are_not_nothing(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    address = reverse("webhook", args=[endpoint.pk])
    assert "nothing sent yet" in text(operator().get(address))
    casts.one(cast.task)
    publish.deliver(endpoint.pk)
    Try.objects.update(reason="status")
    shown = text(operator().get(address))
    assert "nothing sent yet" not in shown
    assert "nothing taken lately" in shown


def test_one_delivery_is_sent_again_with_a_reason(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    casts.one(cast.task, "m1")
    publish.deliver(endpoint.pk)
    parcel = Parcel.objects.get()
    address = reverse("webhook-again", args=[endpoint.pk, parcel.pk])
    assert operator().post(address, {"reason": ""}).status_code == 422
    operator().post(address, {"reason": "they lost it"})
    publish.deliver(endpoint.pk)
    assert receiver.ids == [str(parcel.webhook_id)] * 2
    assert receiver.got[0][1] == receiver.got[1][1]


def test_a_receiver_of_another_project_does_not_exist(cast: casts.Company) -> None:
    add(cast)
    endpoint = Endpoint.objects.get()
    for name in ("webhook", "webhook-replay"):
        assert client(cast.outsider).get(reverse(name, args=[endpoint.pk])).status_code == 404
    assert client(cast.outsider).post(reverse("webhook-remove", args=[endpoint.pk])).status_code == 404


def test_the_log_goes_on_with_older_tries(cast: casts.Company, receiver: Receiver) -> None:
    add(cast, url=receiver.url)
    endpoint = Endpoint.objects.get()
    says = casts.says({"topic": "refund", "urgent": False})
    names = [f"m{n}" for n in range(60)]
    casts.route_all(cast.task, dict.fromkeys(names, says), bodies={name: {"text": "a"} for name in names})
    while publish.deliver(endpoint.pk):
        pass
    first = operator().get(reverse("webhook", args=[endpoint.pk]))
    assert len(first.context["tries"]) == 50
    second = operator().get(reverse("webhook", args=[endpoint.pk]), {"before": str(first.context["older"])})
    assert len(second.context["tries"]) == 10
