"""Sign a webhook by the Standard Webhooks scheme, version 1: HMAC-SHA256 over `id.timestamp.body`."""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes of key, as the scheme asks


class SecretError(ValueError):
    """A signing secret that the scheme does not allow. Its text never stands in the message."""


def check_secret(secret: str) -> None:
    """Whether a secret can sign: `whsec_` and base64 of 24 to 64 bytes; else SecretError."""
    if not secret.startswith(_PREFIX):
        raise SecretError("a signing secret begins with whsec_: this one does not")
    _key(secret)


def new_secret() -> str:
    """A fresh signing secret of 32 random bytes: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def sign(body: bytes, *, webhook_id: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of a signed webhook. While a secret is rotated, give the new one and the old one.

    `webhook_id` stays the same on every attempt, so that a receiver can tell a repetition; `at` is the moment
    of this attempt and carries a time zone. ValueError for a secret or an id that the scheme does not allow.
    """
    if not secrets:
        raise ValueError("a webhook needs at least one signing secret: make one with new_secret()")
    if at.tzinfo is None:
        raise ValueError(f"the moment {at.isoformat()} has no time zone: give one")
    if not webhook_id.isascii() or not webhook_id.isprintable() or not webhook_id or " " in webhook_id:
        raise ValueError(f"the webhook id {webhook_id!a} must be printable ASCII without blanks")
    timestamp = str(int(at.timestamp()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    made = [base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode() for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in made),
    }


def _key(secret: str) -> bytes:
    """The bytes of a secret. Its text never stands in a message."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError("a signing secret is not whsec_ followed by base64: make a new one") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise SecretError(f"a signing secret has {len(key)} bytes: {_SHORTEST} to {_LONGEST} are allowed")
    return key
