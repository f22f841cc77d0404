"""What every page's frame knows without asking the database."""

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")


def frame(request: HttpRequest) -> dict[str, Any]:
    """The theme that the person chose; empty: as the system has it. A cookie, so that no page flashes."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else ""}
