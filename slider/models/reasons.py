"""Reason chips: what may be wrong with an answer, in a task's own words, one key each."""

import re
from typing import Any

from django.core.exceptions import ValidationError

MOST = 9  # the digits of a keyboard
LONGEST_WORDS = 60
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

DEFAULT: dict[str, str] = {
    "wrong": "Wrong value",
    "policy": "Against policy",
    "invented": "Invented fact",
    "unclear": "Item unclear",
    "other": "Other",
}


def default() -> list[dict[str, str]]:
    """The reasons of a task that has none of its own."""
    return [{"code": code, "words": words} for code, words in DEFAULT.items()]


def words(reasons: Any) -> dict[str, str]:
    """A task's reasons as words by code, in the order of their keys."""
    return {one["code"]: one["words"] for one in reasons}


def check(reasons: Any) -> None:
    """Refuse what can't be a task's reasons. Codes go to receivers of results, words stand on the chips."""
    if not isinstance(reasons, list) or not 1 <= len(reasons) <= MOST:
        many = len(reasons) if isinstance(reasons, list) else "no list of"
        raise ValidationError(f"There are {many} reasons; give 1 to {MOST}, one for each key.", code="count")
    codes: list[str] = []
    said: list[str] = []
    for number, one in enumerate(reasons, start=1):
        if not isinstance(one, dict) or set(one) != {"code", "words"}:
            raise ValidationError(f"Reason {number} is not a code with its words.", code="shape")
        _check_one(number, one["code"], one["words"])
        codes.append(one["code"])
        said.append(one["words"].casefold())
    for found, what in ((codes, "code"), (said, "wording")):
        if twice := next((text for text in found if found.count(text) > 1), None):
            raise ValidationError(f"Two reasons have the {what} {twice!r}: change one of them.", code="twice")


def _check_one(number: int, code: Any, said: Any) -> None:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ValidationError(
            f"Reason {number} has the code {str(code)[:60]!r}: take up to 40 of a-z, 0-9, _ and -, such as wrong-date.",
            code="code",
        )
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST_WORDS or not said.isprintable():
        raise ValidationError(
            f"Reason {number} has the words {str(said)[:80]!r}: give 1 to {LONGEST_WORDS} characters in one line.",
            code="words",
        )
