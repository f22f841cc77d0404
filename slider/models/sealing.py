"""Secrets that must be read again are kept sealed by AES-256-GCM: each value names its key and is bound to its place.

The first of SLIDER_SEALING_KEYS seals; any of them opens, and so do keys that are made of SECRET_KEY. What older
versions sealed (Fernet) still opens. `manage.py rotate_secrets` seals everything anew with the first key.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

NAME = "Slider"
MARK = "s2"  # how a sealed value begins: s2.<key id>.<nonce and text, base64>
_NONCE = 12


class Unopened(InvalidToken):
    """None of the keys that are known opens a value, or it was sealed for another place."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a sealed value stands. It opens nowhere else: not in another column, and with a row in no other row."""

    table: str = ""
    column: str = ""
    row: str = ""

    @property
    def bound(self) -> bytes:
        return "\n".join(("slider sealed", self.table, self.column, self.row)).encode()


ANYWHERE = Spot()


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its name, which a sealed value carries: a digest, which tells nothing of it."""

    name: str
    secret: bytes


def seal(text: str, spot: Spot = ANYWHERE) -> str:
    """Seal with the first key, for this place alone."""
    key, nonce = keys()[0], os.urandom(_NONCE)
    head = f"{MARK}.{key.name}"
    sealed = AESGCM(key.secret).encrypt(nonce, text.encode(), head.encode() + b"\n" + spot.bound)
    return f"{head}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, spot: Spot = ANYWHERE) -> str:
    """What was sealed for this place, by whichever known key. Raises Unopened."""
    mark, _, rest = sealed.partition(".")
    if mark != MARK:
        return _older(sealed)
    name, _, packed = rest.partition(".")
    key = next((one for one in keys() if one.name == name), None)
    if key is None:
        raise Unopened(f"a value was sealed by key {name[:16]}, which is not among SLIDER_SEALING_KEYS or SECRET_KEY")
    try:
        whole = base64.b64decode(packed, altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(whole).decode() != packed:
            raise ValueError("two ways to write one value")
        opened = AESGCM(key.secret).decrypt(
            whole[:_NONCE], whole[_NONCE:], f"{MARK}.{name}".encode() + b"\n" + spot.bound
        )
        return opened.decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Unopened(f"a value sealed by key {name[:16]} was changed, or belongs to another place") from error


def made_by(sealed: str) -> str:
    """The name of the key that a value was sealed by; «older» for one of Fernet's."""
    parts = sealed.split(".")
    return parts[1] if parts[0] == MARK and len(parts) == 3 else "older"


def keys() -> tuple[Key, ...]:
    """Every key that opens, the one that seals first."""
    own = tuple(settings.ENV.SLIDER_SEALING_KEYS)
    return _derived(own, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=8)
def _derived(own: tuple[str, ...], of_the_site: tuple[str, ...]) -> tuple[Key, ...]:
    made = [_key(secret, use=b"slider.sealing.own") for secret in own]
    made += [_key(secret, use=b"slider.sealing.site") for secret in of_the_site]
    return tuple({key.name: key for key in made}.values())


def _key(secret: str, *, use: bytes) -> Key:
    derived = HKDF(SHA256(), 40, salt=None, info=use).derive(secret.encode())
    return Key(derived[32:36].hex(), derived[:32])


def _older(sealed: str) -> str:
    known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = [hashlib.sha256(b"slider.sealing\n" + secret.encode()).digest() for secret in known]
    try:
        fernets = [Fernet(base64.urlsafe_b64encode(digest)) for digest in digests]
        return MultiFernet(fernets).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unopened("a value was sealed by an older version under another SECRET_KEY, or was changed") from error


# allauth tells us what to seal, and not for whom: its values are bound to their column.
SECOND_STEP = Spot("mfa_authenticator", "data")


class SecondSteps(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks of us about second steps: seal their secrets, and say who we are."""

    def encrypt(self, text: str) -> str:
        return seal(text, SECOND_STEP)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, SECOND_STEP)

    def get_totp_issuer(self) -> str:
        return NAME

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return NAME

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.get_username()
