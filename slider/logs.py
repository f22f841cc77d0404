"""Structured logs: one JSON line an event, with the request's or the hint's id, and no secret in it."""

import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"(?i)(api[_-]?key|authorization|password|secret|token|cookie|whsec|session)")
SECRET_VALUES = re.compile(
    r"(sk-[A-Za-z0-9_-]{8,}|whsec_[A-Za-z0-9+/=]{8,}|Bearer\s+\S+|sl_[a-z0-9]{8}_[A-Za-z0-9_-]+)"
)
# 'api_key': '...' as a dictionary, an object or a header prints itself.
IN_TEXT = re.compile(
    r"""(?i)(["']?[\w-]*(?:api[_-]?key|authorization|password|secret|token|cookie)["']?\s*[:=]\s*)["']?[^"',}\s]+["']?"""
)
BLANK = "[redacted]"
DEEPEST = 6
HARMLESS = frozenset({"tokens_in", "tokens_out", "token_stale"})


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what is named like a secret or looks like one, however deep it lies."""
    for name, value in event.items():
        if not name.startswith("_"):  # what the formatter takes away again
            event[name] = _blanked(name, value, DEEPEST)
    return event


def _blanked(name: object, value: object, depth: int) -> object:
    """A value as it may be written under this name. What lies too deep, or is of a kind of its own, is told as text."""
    if SECRET_NAMES.search(_plain(name)) and name not in HARMLESS:
        return BLANK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return SECRET_VALUES.sub(BLANK, value)
    if depth and isinstance(value, Mapping):
        return {_plain(key): _blanked(key, one, depth - 1) for key, one in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_paired(one, depth - 1) for one in value]
    # A mapping's own text would show what it holds.
    return f"[{type(value).__name__}]" if isinstance(value, Mapping | list | tuple) else _told(value)


def _paired(one: object, depth: int) -> object:
    """An element of a list; in a pair, such as a header with its value, the first names the second."""
    if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str | bytes):
        return [_blanked("", one[0], depth), _blanked(one[0], one[1], depth)]
    return _blanked("", one, depth)


def _told(value: object) -> str:
    return SECRET_VALUES.sub(BLANK, IN_TEXT.sub(rf"\1{BLANK}", _plain(value)))


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def configure() -> None:
    """Send structlog and the standard library's records to stderr as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
        "foreign_pre_chain": shared,
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {"httpx2": {"level": "WARNING"}, "openai": {"level": "WARNING"}},
        }
    )
