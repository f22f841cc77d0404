"""What a person has in hand to sign in with: an app that makes codes, written from RFC 6238 and not from our code."""

import base64
import hashlib
import hmac
import struct

from django.test import Client
from django.utils import timezone

from tests import casts


def code(secret: str, *, later: int = 0) -> str:
    """The six digits of now, or of so many half minutes later."""
    counter = int(timezone.now().timestamp()) // 30 + later
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def signed_in(name: str, password: str = casts.PASSWORD, **extra: str) -> Client:
    """Somebody who has come in by the door."""
    client = Client()
    answer = client.post("/login", {"username": name, "password": password}, **extra)  # type: ignore[arg-type]
    assert answer.status_code == 302, answer.content.decode()
    return client
