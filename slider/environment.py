"""Every setting that an operator can give, read from the environment, typed, and loud when wrong."""

import ipaddress
import os
import re
import secrets
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

HERE = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]", "testserver")


class Environment(BaseSettings):
    """The settings of one installation; `.env.example` is made from this class."""

    model_config = SettingsConfigDict(env_file=HERE / ".env", extra="ignore", frozen=True)

    # Where things are
    SLIDER_STATE_DIR: Path = Field(HERE / ".slider", description="Folder of the embedded servers, logs and keys.")
    DATABASE_URL: str = Field("", description="PostgreSQL 14 or newer. Empty: the embedded server.")
    REDIS_URL: str = Field("", description="Redis 6.2 or newer. Empty: the embedded server.")

    # The web
    SECRET_KEY: str = Field("", description="50 or more random characters. Empty: made once in the state folder.")
    SECRET_KEY_FALLBACKS: Annotated[list[str], NoDecode] = Field([], description="Older keys, comma-separated.")
    SLIDER_SEALING_KEYS: Annotated[list[str], NoDecode] = Field(
        [],
        description="Keys that secrets in the database are sealed by, comma-separated: the first seals, all of them "
        "open. Empty: made of SECRET_KEY.",
        repr=False,
    )
    ALLOWED_HOSTS: Annotated[list[str], NoDecode] = Field(
        list(LOCAL_HOSTS), description="Host names this site answers to, comma-separated."
    )
    CSRF_TRUSTED_ORIGINS: Annotated[list[str], NoDecode] = Field(
        [], description="Origins behind a proxy, such as https://slider.example.org, comma-separated."
    )
    SLIDER_HTTPS: bool | None = Field(
        None,
        description="Serve by HTTPS only: secure cookies, redirect, HSTS. Empty: yes unless all hosts are local.",
    )
    DEBUG: bool = Field(False, description="Django's debug pages. Refused when a real host is set.")

    # Signing in
    SLIDER_DEMAND_SECOND_STEP: bool = Field(
        False, description="Whoever may do more than review has to have a second step, or can do nothing else."
    )
    SLIDER_SESSION_S: int = Field(
        86_400, ge=300, le=2_592_000, description="Seconds after which everybody signs in again, whatever they did."
    )
    SLIDER_SESSION_IDLE_S: int = Field(
        28_800, ge=60, le=2_592_000, description="Seconds without a use after which a session ends."
    )
    SLIDER_SIGN_INS: int = Field(
        100, ge=10, le=100_000, description="Tries to sign in, of all names together, of one address in 15 minutes."
    )
    SLIDER_OIDC_ISSUER: str = Field(
        "", description="OpenID Connect: address of the provider, without /.well-known. Empty: no such button."
    )
    SLIDER_OIDC_CLIENT_ID: str = Field("", description="What the provider calls this site.")
    SLIDER_OIDC_CLIENT_SECRET: str = Field("", description="The secret that goes with it.", repr=False)
    SLIDER_OIDC_NAME: str = Field("single sign-on", max_length=40, description="What its button says: Sign in with ...")
    SLIDER_SAML_ENTITY_ID: str = Field("", description="SAML: what the provider calls itself. Empty: no such button.")
    SLIDER_SAML_SSO_URL: str = Field("", description="Its address for signing in (HTTP-Redirect).")
    SLIDER_SAML_CERT: str = Field("", description="Its certificate for signatures: the base64 of it, in one line.")
    SLIDER_SAML_NAME: str = Field("SAML", max_length=40, description="What its button says: Sign in with ...")
    SLIDER_NEW_PEOPLE: bool = Field(
        False,
        description="Whoever a provider or proxy vouches for and nobody knows becomes a person without a project.",
    )
    SLIDER_TRUSTED_PROXIES: Annotated[list[str], NoDecode] = Field(
        [], description="Addresses or networks of your own proxies, comma-separated: their X-Forwarded-For is believed."
    )
    SLIDER_PROXY_USER_HEADER: str = Field(
        "", description="Header in which a trusted proxy names who is signed in, such as X-Remote-User. Empty: none."
    )

    # The model
    OPENAI_BASE_URL: str = Field(
        "https://api.openai.com/v1", description="Any OpenAI-compatible endpoint, with its /v1."
    )
    OPENAI_API_KEY: str = Field("", description="Key of that endpoint. Other workers name a SLIDER_KEY_… variable.")
    SLIDER_MODEL_HOSTS: Annotated[list[str], NoDecode] = Field(
        [],
        description="Private hosts that a project's admin may name as a worker's endpoint, comma-separated. The "
        "installation's own endpoint and public hosts need no entry.",
    )
    SLIDER_MODEL: str = Field("gpt-4.1-mini", description="The model that a new worker starts with.")

    # The fleet
    SLIDER_LEASE_S: int = Field(60, ge=5, le=3600, description="Seconds a worker holds an item without a sign of life.")
    SLIDER_REVIEW_LEASE_S: int = Field(600, ge=30, le=86_400, description="Seconds a reviewer holds an item.")
    SLIDER_PAGE_LEASE_S: int = Field(
        50, ge=20, le=600, description="Seconds an open desk holds its items after its last sign of life."
    )
    SLIDER_PRESENCE_S: int = Field(
        300, ge=30, le=86_400, description="Seconds without key, mouse or touch after which a desk shows no more life."
    )
    SLIDER_SHIFT_S: int = Field(30, ge=1, le=600, description="Seconds a pump works on one task before others may.")
    SLIDER_LINGER_S: float = Field(3.0, ge=0, le=60, description="Seconds a dry pump waits for new items.")
    SLIDER_BATCH_GATHER_S: int = Field(
        60, ge=0, le=86_400, description="Seconds an item waits at most for others to be sent with it as a batch."
    )
    SLIDER_GUARD_TTL_S: int = Field(
        120, ge=10, le=3600, description="A guard silent for longer than this sends every item to people."
    )
    SLIDER_WEBHOOK_HOSTS: Annotated[list[str], NoDecode] = Field(
        [], description="Private hosts that webhooks may call, comma-separated. Public hosts need no entry."
    )
    SLIDER_WEBHOOK_LOG_DAYS: int = Field(
        30, ge=1, le=3650, description="Days for which each try at a webhook stays in the log of its receiver."
    )
    SLIDER_FILE_WORD_H: int = Field(
        72, ge=1, le=8760, description="Hours an uploaded file waits for somebody's word before it is dropped."
    )
    SLIDER_ALIVE_FILE: str = Field("", description="A file that a Celery worker touches while it lives. Empty: none.")
    SLIDER_REVIEW_COST: Decimal = Field(Decimal("0.40"), ge=0, description="Money one look of a person costs.")

    # Files of items on their way out
    SLIDER_EXPORT_DAYS: int = Field(7, ge=1, le=90, description="Days that an export can be downloaded.")
    SLIDER_EXPORT_MAX_MIB: int = Field(
        512, ge=1, le=10_240, description="Largest export, in MiB as it is stored: text is packed to a tenth or so."
    )
    SLIDER_EXPORTS_AT_ONCE: int = Field(2, ge=1, le=20, description="Exports of one project that are made at once.")

    # Mail about what the guard and people do with a slider
    SLIDER_MAIL_HOST: str = Field("", description="Mail server (SMTP) for notices. Empty: no mail is sent.")
    SLIDER_MAIL_PORT: int = Field(587, ge=1, le=65_535, description="Its port.")
    SLIDER_MAIL_SECURITY: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to it is protected: starttls, tls or none."
    )
    SLIDER_MAIL_USER: str = Field("", description="Name to sign in with. Empty: no signing in.")
    SLIDER_MAIL_PASSWORD: str = Field("", description="Password to sign in with.", repr=False)
    SLIDER_MAIL_FROM: str = Field("", description="Sender, such as Slider <slider@example.org>.")
    SLIDER_ADDRESS: str = Field(
        "", description="Address of this site, such as https://slider.example.org, for links in mails."
    )

    SLIDER_METRICS_TOKEN: str = Field(
        "", description="Whoever sends it as a bearer token may read /metrics. Empty: there is no /metrics.", repr=False
    )

    # PostgreSQL's own limits for this application
    SLIDER_DB_STATEMENT_MS: int = Field(15_000, ge=0, description="statement_timeout of each connection.")
    SLIDER_DB_LOCK_MS: int = Field(3_000, ge=0, description="lock_timeout of each connection.")
    SLIDER_DB_IDLE_MS: int = Field(
        2_000, ge=0, le=10_000, description="idle_in_transaction_session_timeout: bounds the pull-back."
    )

    SLIDER_DB_PREPARE: bool = Field(
        True, description="Plan what is asked often once a connection. Off: behind a pool that shares connections."
    )

    SLIDER_THROWAWAY_DATABASE: bool = Field(False, description="For tests: the database may lose what it confirmed.")

    @field_validator(
        "SECRET_KEY_FALLBACKS",
        "SLIDER_SEALING_KEYS",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "SLIDER_WEBHOOK_HOSTS",
        "SLIDER_MODEL_HOSTS",
        "SLIDER_TRUSTED_PROXIES",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("OPENAI_BASE_URL")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is no address: it starts with http:// or https:// and includes /v1")
        return value.rstrip("/")

    @field_validator("SLIDER_SEALING_KEYS")
    @classmethod
    def _are_long_keys(cls, value: list[str]) -> list[str]:
        for place, key in enumerate(value, start=1):
            if len(key) < 32:
                raise ValueError(
                    f"key {place} of SLIDER_SEALING_KEYS has {len(key)} characters: take 32 or more random ones, "
                    "such as `openssl rand -hex 32` gives"
                )
        return value

    @field_validator("SLIDER_METRICS_TOKEN")
    @classmethod
    def _can_not_be_guessed(cls, value: str) -> str:
        if value and (len(value) < 20 or not value.isascii() or not value.isprintable() or " " in value):
            raise ValueError(
                "SLIDER_METRICS_TOKEN is shorter than 20 printable ASCII characters, or holds a space: "
                "take a random one, such as `openssl rand -hex 24` gives"
            )
        return value

    @field_validator("SLIDER_ADDRESS")
    @classmethod
    def _is_a_site(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is no address: it starts with http:// or https://")
        return value.rstrip("/")

    @field_validator("SLIDER_TRUSTED_PROXIES")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for one in value:
            if ipaddress.ip_network(one, strict=False).prefixlen == 0:
                raise ValueError(f"{one!r} is everybody: name the addresses of your own proxies")
        return value

    @field_validator("SLIDER_PROXY_USER_HEADER")
    @classmethod
    def _is_a_header(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value):
            raise ValueError(f"{value!r} is no name of a header: letters, digits and hyphens, such as X-Remote-User")
        return value

    @field_validator("SLIDER_OIDC_ISSUER")
    @classmethod
    def _is_a_provider(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)):
            raise ValueError(f"{value!r} is no provider: its address starts with https://, as passwords depend on it")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _others_may_vouch(self) -> Self:
        if self.SLIDER_OIDC_ISSUER and not (self.SLIDER_OIDC_CLIENT_ID and self.SLIDER_OIDC_CLIENT_SECRET):
            raise ValueError(
                "SLIDER_OIDC_ISSUER is set without SLIDER_OIDC_CLIENT_ID and SLIDER_OIDC_CLIENT_SECRET: "
                "the provider gives both when you register this site there"
            )
        if self.SLIDER_SAML_ENTITY_ID and not (
            self.SLIDER_SAML_SSO_URL.startswith("https://") and self.SLIDER_SAML_CERT
        ):
            raise ValueError(
                "SLIDER_SAML_ENTITY_ID is set without SLIDER_SAML_SSO_URL, an address with https://, and "
                "SLIDER_SAML_CERT: both stand in the provider's metadata"
            )
        if self.SLIDER_PROXY_USER_HEADER and not self.SLIDER_TRUSTED_PROXIES:
            raise ValueError(
                "SLIDER_PROXY_USER_HEADER is set without SLIDER_TRUSTED_PROXIES: anybody could name themselves; "
                "name the addresses of your proxies"
            )
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.SLIDER_MAIL_HOST and "@" not in self.SLIDER_MAIL_FROM:
            raise ValueError(
                f"SLIDER_MAIL_HOST is set and SLIDER_MAIL_FROM is {self.SLIDER_MAIL_FROM!r}: "
                "give the address that mails come from"
            )
        if "\n" in self.SLIDER_MAIL_FROM or "\r" in self.SLIDER_MAIL_FROM:
            raise ValueError("SLIDER_MAIL_FROM holds a line break: give one address")
        if self.SLIDER_MAIL_USER and self.SLIDER_MAIL_SECURITY == "none" and self.SLIDER_MAIL_HOST not in LOCAL_HOSTS:
            raise ValueError(
                "SLIDER_MAIL_SECURITY is none while SLIDER_MAIL_USER is set: the password would travel in clear; "
                "use starttls or tls"
            )
        return self

    @field_validator("SLIDER_STATE_DIR")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @cached_property
    def is_local(self) -> bool:
        """True when nobody outside this machine can reach the site by name."""
        return all(host in LOCAL_HOSTS for host in self.ALLOWED_HOSTS)

    @cached_property
    def https(self) -> bool:
        return not self.is_local if self.SLIDER_HTTPS is None else self.SLIDER_HTTPS

    @property
    def sends_mail(self) -> bool:
        """Whether notices leave by mail."""
        return bool(self.SLIDER_MAIL_HOST)

    @cached_property
    def secret_key(self) -> str:
        """The given key, or one made once and kept in the state folder, readable by its owner alone."""
        if self.SECRET_KEY:
            return self.SECRET_KEY
        path = self.SLIDER_STATE_DIR / "secret-key"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(64))
        except FileExistsError:
            pass
        return path.read_text().strip()


def example() -> str:
    """The text of `.env.example`: every setting with its default and what it is for."""
    lines = [
        "# Every setting of Slider. Made by `make env-example`; nothing here is needed for `make demo`.",
        "",
    ]
    for name, field in Environment.model_fields.items():
        default = field.default
        if isinstance(default, list):
            default = ",".join(default)
        if name == "SLIDER_STATE_DIR":
            default = ".slider"
        lines += [f"# {field.description}", f"# {name}={'' if default is None else default}", ""]
    return "\n".join(lines)
