"""Where a list goes on: opaque to the caller, signed, and good for the list it was made for only."""

from typing import Any

from django.core import signing

from slider.api.faults import Fault

_SALT = "slider.api.cursor"


def make(purpose: str, *place: int | str) -> str:
    """A cursor of the list `purpose` that stands behind `place`."""
    return signing.dumps([purpose, *place], salt=_SALT)


def read(text: str | None, purpose: str) -> list[Any] | None:
    """The place a cursor stands for; None without one. Fault for one that is forged or of another list."""
    if text is None:
        return None
    made_for: object = None
    place: list[Any] = []
    try:
        made_for, *place = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        made_for = None
    if made_for != purpose:
        raise Fault(400, "cursor", "That cursor is not one of this list.", where="after", hint="Start without it.")
    return place
