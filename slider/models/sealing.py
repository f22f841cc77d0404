"""Secrets that must be read again are kept sealed by the installation's key; an older key still opens them."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

NAME = "Slider"


def seal(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises cryptography's InvalidToken where neither the key nor an older one made it."""
    return _keys().decrypt(sealed.encode()).decode()


def _keys() -> MultiFernet:
    known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = [hashlib.sha256(b"slider.sealing\n" + secret.encode()).digest() for secret in known]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class SecondSteps(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks of us about second steps: seal their secrets, and say who we are."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        return NAME

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return NAME

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.get_username()
