"""System checks that refuse a setting which would lose items or leak keys."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import structlog
from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, register, run_checks
from django.core.checks.registry import registry
from django.db import OperationalError, connections

log = structlog.get_logger(__name__)
MUST_BE_ON = ("fsync", "synchronous_commit", "full_page_writes")


@register(Tags.security)
def real_hosts_are_safe(**_: Any) -> list[CheckMessage]:
    """A site that others can reach has its own key, no debug pages and HTTPS."""
    env = settings.ENV
    if env.is_local:
        return []
    found: list[CheckMessage] = []
    if env.DEBUG:
        found.append(
            Error(
                f"DEBUG is on while ALLOWED_HOSTS names {', '.join(env.ALLOWED_HOSTS)}: errors would show secrets.",
                hint="Unset DEBUG.",
                id="slider.E001",
            )
        )
    if not env.SECRET_KEY:
        found.append(
            Error(
                "SECRET_KEY is not set: each host would make its own, and sign-ins and API keys would break.",
                hint="Set SECRET_KEY to 50 or more random characters, the same on every host.",
                id="slider.E002",
            )
        )
    if "*" in env.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS holds '*': a forged Host header would be believed.",
                hint="Name the hosts this site answers to.",
                id="slider.E003",
            )
        )
    if not env.https:
        found.append(
            Error(
                "SLIDER_HTTPS is off while the site has a public name: passwords and sessions would travel in clear.",
                hint="Unset SLIDER_HTTPS, and let your proxy speak HTTPS.",
                id="slider.E004",
            )
        )
    return found


@register()
def saml_has_its_libraries(**_: Any) -> list[CheckMessage]:
    """A button that can't work must not be offered."""
    if settings.ENV.SLIDER_SAML_ENTITY_ID and find_spec("onelogin") is None:
        return [
            Error(
                "SLIDER_SAML_ENTITY_ID is set, and python3-saml is not installed.",
                hint="pip install -r requirements-saml.in, or unset it.",
                id="slider.E007",
            )
        ]
    return []


@register()
def a_pull_back_is_bounded(**_: Any) -> list[CheckMessage]:
    """A worker that freezes inside a transaction may not hold up a pull-back."""
    env = settings.ENV
    if env.SLIDER_DB_IDLE_MS == 0:
        return [
            Error(
                "SLIDER_DB_IDLE_MS is 0: a frozen worker could hold up a pull-back for ever.",
                hint="Use 2000, or at most 10000.",
                id="slider.E005",
            )
        ]
    return []


@register(Tags.database)
def postgresql_keeps_what_it_confirms(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """An accepted item is only safe when a commit is on the disk before it is confirmed."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if settings.ENV.SLIDER_THROWAWAY_DATABASE:
            continue
        with connections[alias].cursor() as cursor:
            for name in MUST_BE_ON:
                cursor.execute(f"SHOW {name}")
                (value,) = cursor.fetchone()
                if value == "off":
                    found.append(
                        Error(
                            f"PostgreSQL's {name} is off in database {alias!r}: a crash would lose accepted items.",
                            hint=f"Set {name} = on in postgresql.conf and for this role.",
                            id="slider.E006",
                        )
                    )
    return found


def refuse_unsafe_start(*, pages: bool = True) -> None:
    """Exit with words when a check finds an error; the web server and the fleet call this as they start.

    Without `pages` their addresses are not looked at: reading them takes 50 MB, in each process of a worker.

    With PostgreSQL away its settings are not looked at: the process starts, answers that it is not ready, and works
    as soon as the database is back.
    """
    found = run_checks() if pages else _found_without_pages()
    try:
        found += postgresql_keeps_what_it_confirms(databases=["default"])
    except OperationalError as error:
        log.warning("postgresql is away, its settings were not checked", error=str(error).strip()[:200])
    errors = [message for message in found if message.is_serious(ERROR)]
    if errors:
        raise SystemExit("Slider does not start:\n" + "\n".join(f"  {message}" for message in errors))


def _found_without_pages() -> list[CheckMessage]:
    asked = [check for check in registry.get_checks() if not {Tags.urls, Tags.database} & set(check.tags)]
    return [message for check in asked for message in check(app_configs=None, databases=None)]
