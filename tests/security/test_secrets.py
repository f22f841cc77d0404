"""Secrets are compared in one time, and stand in no log, error, export, page or answer."""

import ast
import base64
import json
import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from django.utils import timezone

from slider import logs
from slider.flow import keys
from slider.models import Scope
from slider.models.endpoint import signing_secrets
from tests import casts
from tests.views import addresses

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"(secret|digest|signature|password|hmac|passphrase)", re.IGNORECASE)
# Where the two are no secrets: hashes of what anybody may read, or fields that are compared with themselves.
HARMLESS = {
    ("queries/recorded.py", "digest"),
    ("flow/intake.py", "digest"),  # of an item's body, told to whoever brings the same id with another
}


def compared(tree: ast.AST) -> list[tuple[int, str]]:
    """Every name of a secret that is compared with == or !=, with its line; with a constant it is no comparison."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        for side in sides:
            name = side.attr if isinstance(side, ast.Attribute) else side.id if isinstance(side, ast.Name) else ""
            if SECRET.search(name):
                found.append((node.lineno, name))
    return found


def test_no_secret_is_compared_letter_by_letter() -> None:
    found = [
        (str(file.relative_to(ROOT / "slider")), line, name)
        for file in (ROOT / "slider").rglob("*.py")
        if "migrations" not in file.parts
        for line, name in compared(ast.parse(file.read_text()))
    ]
    assert [one for one in found if (one[0], one[2]) not in HARMLESS] == []


def test_the_control_finds_one() -> None:
    assert compared(ast.parse("if given == self.secret: pass")) == [(1, "secret")]
    assert compared(ast.parse("if kind == 'secret': pass")) == []


@pytest.mark.django_db
def test_an_unknown_name_costs_as_much_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of one hash is done for each try, whoever is named: a clock tells nobody who exists."""
    cast = casts.company()
    cast.viewer.is_active = False
    cast.viewer.save()
    cast.admin.set_unusable_password()
    cast.admin.save()
    hashed: list[str] = []
    hasher = type(get_hasher())
    usual = hasher.encode

    def encode(self: object, password: str, *given: object, **more: object) -> str:
        hashed.append(password)
        return str(usual(self, password, *given, **more))  # type: ignore[arg-type]  # handed through as it came

    monkeypatch.setattr(hasher, "encode", encode)
    counts = {}
    for name in ("tuner", "nobody-at-all", "viewer", "admin"):
        hashed.clear()
        Client().post("/login", {"username": name, "password": "wrong wrong wrong"}, REMOTE_ADDR="192.0.2.77")
        counts[name] = len(hashed)
    assert set(counts.values()) == {1}, counts


@pytest.mark.django_db
def test_what_is_secret_stands_on_no_page_and_in_no_export(stage: casts.Company) -> None:
    endpoint = stage.task.endpoints.get()
    there = addresses.existing(stage)
    made = keys.make(stage.project, name="crm", scopes=[Scope.READ], expires_at=None, by=stage.admin.pk)
    secrets = [made.whole.split("_")[-1], settings.SECRET_KEY, settings.ENV.OPENAI_API_KEY]
    secrets += [*signing_secrets(endpoint, now=timezone.now()), endpoint.secret]
    secrets += [user.password for user in (stage.admin, stage.reviewer)]
    coin = bytes(stage.task.coin_secret)
    secrets += [coin.hex(), base64.b64encode(coin).decode(), repr(coin)[2:-1]]
    client = addresses.visitor("superuser", stage)
    shown = []
    for _, route in addresses.routes():
        answer = client.get(addresses.filled(route, there))
        body = b"".join(answer) if answer.streaming else answer.content
        shown += [(route, secret[:6]) for secret in secrets if len(secret) > 8 and secret.encode() in body]
    # Django's admin shows how a password is hashed to who runs the installation, never the hash.
    assert shown == []


def test_an_error_with_a_key_in_it_is_written_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    handler = logging.getLogger().handlers[0]
    try:
        raise RuntimeError("401: Incorrect API key provided: sk-proj-abcdefghijklmnop. Bearer abc.def")
    except RuntimeError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", None, (type(error), error, error.__traceback__)
        )
    line = handler.format(record)
    assert "sk-proj-abcdef" not in line
    assert "abc.def" not in line
    assert "RuntimeError" in json.loads(line)["exception"]
