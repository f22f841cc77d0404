"""Signatures follow the Standard Webhooks scheme: its public package accepts them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from slider import webhook

BODY = json.dumps({"answer": "é"}).encode()


def signed(*secrets: str, at: datetime | None = None, body: bytes = BODY) -> dict[str, str]:
    return webhook.sign(body, webhook_id="pub_1", at=at or datetime.now(UTC), secrets=secrets)


def test_the_public_package_accepts_a_signature() -> None:
    secret = webhook.new_secret()
    assert Webhook(secret).verify(BODY, signed(secret)) == {"answer": "é"}


def test_it_signs_the_vector_of_the_public_package() -> None:
    secret, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime(2021, 2, 25, 3, 14, 25, tzinfo=UTC)
    headers = webhook.sign(b'{"test": 2432232314}', webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at, secrets=[secret])
    assert headers["webhook-timestamp"] == str(int(at.timestamp()))
    expected = Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')
    assert headers["webhook-signature"] == expected


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    old, new = webhook.new_secret(), webhook.new_secret()
    headers = signed(new, old)
    assert Webhook(old).verify(BODY, headers) == Webhook(new).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_changed_header_does_not_verify(changed: str) -> None:
    secret = webhook.new_secret()
    headers = signed(secret)
    other = str(int(headers["webhook-timestamp"]) + 1) if changed == "webhook-timestamp" else "v1,AAAA"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers | {changed: other})


def test_a_changed_body_or_another_secret_does_not_verify() -> None:
    secret = webhook.new_secret()
    headers = signed(secret)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook.new_secret()).verify(BODY, headers)


def test_an_old_signature_does_not_verify() -> None:
    secret = webhook.new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed(secret, at=datetime.now(UTC) - timedelta(minutes=6)))


def test_secrets_are_never_alike() -> None:
    assert len({webhook.new_secret() for _ in range(100)}) == 100


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "whsec_" + "QUFB" * 40])
def test_it_refuses_a_bad_secret_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="a signing secret") as caught:
        signed(secret)
    assert secret in ("", "whsec_") or secret not in str(caught.value)


@pytest.mark.parametrize("webhook_id", ["", "a b", "a\r\nX: 1", "é"])
def test_it_refuses_an_id_that_could_split_a_header(webhook_id: str) -> None:
    with pytest.raises(ValueError, match="the webhook id"):
        webhook.sign(BODY, webhook_id=webhook_id, at=datetime.now(UTC), secrets=[webhook.new_secret()])


def test_it_needs_a_secret_and_a_time_zone() -> None:
    with pytest.raises(ValueError, match="at least one"):
        signed()
    with pytest.raises(ValueError, match="no time zone"):
        signed(webhook.new_secret(), at=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test
