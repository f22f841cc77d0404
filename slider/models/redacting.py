"""A task's rules of redaction, checked where they are kept."""

from typing import Any

from django.core.exceptions import ValidationError

from slider import redaction


def check(said: Any) -> None:
    """Raises ValidationError where they are no rules."""
    try:
        redaction.read(said)
    except redaction.RulesError as error:
        raise ValidationError(f"{error.where}: {error.message}" if error.where else error.message) from None
