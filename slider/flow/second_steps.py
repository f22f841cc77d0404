"""The second step of signing in: codes of an app, recovery codes and passkeys; kept in PostgreSQL, used once each."""

import base64
import secrets
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from slider.flow import account_letters

NAME_MOST = 60
_TYPES = Authenticator.Type
# A code of the app holds for this many of its half minutes on either side: clocks differ.
_DRIFT = 1


def new_secret() -> str:
    """A secret for an app, before it is anybody's."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def counter_of(secret: str, code: str) -> int | None:
    """The half minute whose code this is, near now; None where it is none."""
    now = int(timezone.now().timestamp()) // app_settings.TOTP_PERIOD
    for counter in range(now - _DRIFT, now + _DRIFT + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return counter
    return None


def passes(user: User, code: str) -> Authenticator | None:
    """Use up a code: an app's is good for no second time, nor is any older one, and a recovery code is gone."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(
            user_id=user.pk, type__in=(_TYPES.TOTP, _TYPES.RECOVERY_CODES)
        )
        for row in rows.order_by("-type"):
            if row.type == _TYPES.RECOVERY_CODES:
                good = RecoveryCodes(row).validate_code(code)
                row.refresh_from_db(fields=["data"])
            else:
                counter = counter_of(decrypt(row.data["secret"]), code)
                good = counter is not None and counter > row.data.get("used", 0)
                row.data["used"] = counter if good else row.data.get("used", 0)
            if good:
                row.last_used_at = timezone.now()
                row.save(update_fields=["data", "last_used_at"])
                return row
    return None


def add_app(user: User, secret: str, *, used: int) -> None:
    """Ask this person for an app's code from now on; `used` is the half minute of the code that proved it."""
    with transaction.atomic():
        _alone(user)
        Authenticator.objects.filter(user_id=user.pk, type=_TYPES.TOTP).delete()
        row = TOTP.activate(user, secret).instance
        row.data["used"] = used
        row.save(update_fields=["data"])
        account_letters.tell(user, "An app for codes was added to your sign-in.")


def add_passkey(user: User, credential: dict[str, Any], *, name: str) -> None:
    with transaction.atomic():
        _alone(user)
        WebAuthn.add(user, name[:NAME_MOST] or f"Passkey of {timezone.now():%-d %B}", credential)
        account_letters.tell(user, "A passkey was added to your sign-in.")


def remove(user: User, authenticator_id: int) -> bool:
    """Take an app or a passkey away; recovery codes go with the last of them."""
    with transaction.atomic():
        _alone(user)
        rows = Authenticator.objects.filter(user_id=user.pk)
        gone, _ = rows.exclude(type=_TYPES.RECOVERY_CODES).filter(pk=authenticator_id).delete()
        if not rows.exclude(type=_TYPES.RECOVERY_CODES).exists():
            rows.delete()
        if gone:
            account_letters.tell(user, "An app or a passkey was taken from your sign-in.")
    return bool(gone)


def remove_all(user: User) -> int:
    """Take away what somebody has lost, codes and all, so that a password alone lets them in; how many steps."""
    with transaction.atomic():
        _alone(user)
        gone: int = Authenticator.objects.filter(user_id=user.pk).delete()[0]
        if gone:
            account_letters.tell(user, "Your second step was taken away by whoever runs this installation.")
    return gone


def rename(user: User, authenticator_id: int, name: str) -> bool:
    """Give a passkey another name."""
    row = Authenticator.objects.filter(user_id=user.pk, pk=authenticator_id, type=_TYPES.WEBAUTHN).first()
    if row is None or not name.strip():
        return False
    row.data["name"] = name.strip()[:NAME_MOST]
    row.save(update_fields=["data"])
    return True


def new_codes(user: User) -> list[str]:
    """New recovery codes, the only time they are shown; those of before are void. None without another second step."""
    with transaction.atomic():
        _alone(user)
        rows = Authenticator.objects.filter(user_id=user.pk)
        if not rows.exclude(type=_TYPES.RECOVERY_CODES).exists():
            return []
        rows.filter(type=_TYPES.RECOVERY_CODES).delete()
        codes: list[str] = RecoveryCodes.activate(user).generate_codes()
        account_letters.tell(user, "New recovery codes were made for your sign-in; the old ones are void.")
    return codes


def _alone(user: User) -> None:
    """Two changes to one person's second steps wait for each other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
