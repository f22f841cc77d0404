"""What a log says of an error of the database: never what was to be written, which may be an item's own words."""

from django.db import Error


def plainly(error: Error) -> dict[str, str]:
    """Its code, its rule and its first line, as fields of an entry: a detail quotes whole rows."""
    told = getattr(error.__cause__, "diag", None)
    fields = {
        "sqlstate": getattr(told, "sqlstate", None),
        "constraint": getattr(told, "constraint_name", None),
        "error": getattr(told, "message_primary", None) or type(error).__name__,
    }
    return {name: value[:300] for name, value in fields.items() if value}
