"""Sealed values open only where they belong, by any known key, and `rotate_secrets` seals them all by the first."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from slider.environment import Environment
from slider.flow import rotating
from slider.models import Endpoint, Entry, IdKey, sealing
from slider.models.endpoint import signing_secrets
from slider.models.sealing import Spot, Unopened
from tests import casts, logs

OLD, NEW = "an old key that has more than 32 characters", "a new key that has more than 32 characters, too"
RECEIVERS = ["whsec_" + 40 * "n", "whsec_" + 40 * "o"]
HERE = Spot("a_table", "a_column", "7")


def keyed(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setattr(site, "ENV", site.ENV.model_copy(update={"SLIDER_SEALING_KEYS": list(keys)}))


def older(text: str) -> str:
    """As the version before sealed."""
    import base64
    import hashlib

    digest = hashlib.sha256(b"slider.sealing\n" + site.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest)).encrypt(text.encode()).decode()


def rotate(*arguments: str) -> dict[str, Any]:
    said = io.StringIO()
    call_command("rotate_secrets", "--json", *arguments, stdout=said)
    told: dict[str, Any] = json.loads(said.getvalue())
    return told


# ---- sealing


@given(st.text())
def test_what_is_sealed_comes_back_and_no_two_seals_are_alike(text: str) -> None:
    one, two = sealing.seal(text, HERE), sealing.seal(text, HERE)
    assert one != two
    assert sealing.unseal(one, HERE) == sealing.unseal(two, HERE) == text
    assert sealing.unseal(sealing.seal(text)) == text


@pytest.mark.parametrize(
    "other",
    [Spot("a_table", "a_column", "8"), Spot("a_table", "other", "7"), Spot("b", "a_column", "7"), sealing.ANYWHERE],
)
def test_a_value_that_was_carried_to_another_place_does_not_open(other: Spot) -> None:
    with pytest.raises(Unopened, match="belongs to another place"):
        sealing.unseal(sealing.seal("a secret", HERE), other)


def test_a_value_that_was_changed_does_not_open() -> None:
    sealed = sealing.seal("a secret", HERE)
    for place in range(0, len(sealed), 7):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(Unopened):
            sealing.unseal(changed, HERE)
    for cut in ("", "s2", "s2.", "s2.abc", sealed[:-1], sealed + "=", "s2.x.y", "gAAAAA"):
        with pytest.raises(Unopened):
            sealing.unseal(cut, HERE)


def test_any_known_key_opens_and_one_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_site = sealing.seal("a", HERE)
    keyed(monkeypatch, OLD)
    by_old = sealing.seal("b", HERE)
    keyed(monkeypatch, NEW, OLD)
    assert (sealing.unseal(of_the_site, HERE), sealing.unseal(by_old, HERE)) == ("a", "b")
    assert sealing.made_by(sealing.seal("c")) == sealing.keys()[0].name != sealing.made_by(by_old)
    keyed(monkeypatch, NEW)
    with pytest.raises(Unopened, match=sealing.made_by(by_old)):
        sealing.unseal(by_old, HERE)


def test_what_an_older_version_sealed_still_opens() -> None:
    assert sealing.unseal(older("a secret"), HERE) == "a secret"
    assert sealing.made_by(older("a secret")) == "older"


def test_a_webhooks_secret_fits_its_column() -> None:
    assert len(sealing.seal("whsec_" + "x" * 60, Spot("slider_endpoint", "old_secret", "9223372036854775807"))) <= 250


def test_a_short_key_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="key 2 of SLIDER_SEALING_KEYS has 5 characters: take 32 or more random ones"):
        Environment(SLIDER_SEALING_KEYS=f"{OLD},short")


# ---- rotation


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> casts.Company:
    made = casts.company()
    logs.link_now()
    keyed(monkeypatch, OLD)
    Authenticator.objects.create(user=made.admin, type="totp", data={"secret": older("JBSWY3DPEHPK3PXP")})
    Authenticator.objects.create(
        user=made.admin, type="recovery_codes", data={"seed": sealing.seal("5eed", sealing.SECOND_STEP), "used_mask": 3}
    )
    IdKey.objects.create(task=made.task, sealed=sealing.seal("ab" * 32, IdKey.spot(made.task.pk)))
    new, old = map(sealing.seal, RECEIVERS)
    until = timezone.now() + timedelta(hours=1)
    Endpoint.objects.create(task=made.task, url="https://a.example.org", secret=new, old_secret=old, old_until=until)
    keyed(monkeypatch, NEW, OLD)
    return made


@pytest.mark.django_db
def test_everything_is_sealed_by_the_first_key_and_says_the_same(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = rotate()
    assert {place["place"]: (place["anew"], place["current"], place["lost"]) for place in told["places"]} == {
        "mfa_authenticator.data": (2, 0, []),
        "slider_idkey.sealed": (1, 0, []),
        "slider_endpoint.secret": (1, 0, []),
        "slider_endpoint.old_secret": (1, 0, []),
    }
    keyed(monkeypatch, NEW)
    assert TOTP(Authenticator.objects.get(type="totp")).instance.data["secret"].startswith("s2.")
    codes = Authenticator.objects.get(type="recovery_codes").data
    assert (sealing.unseal(codes["seed"], sealing.SECOND_STEP), codes["used_mask"]) == ("5eed", 3)
    assert IdKey.objects.get().secret == bytes.fromhex("ab" * 32)
    assert logs.found() == []
    deeds = Entry.objects.filter(kind="privacy").values_list("facts__place", "facts__values")
    assert set(deeds) == {
        ("mfa_authenticator.data", 2),
        ("slider_idkey.sealed", 1),
        ("slider_endpoint.secret", 1),
        ("slider_endpoint.old_secret", 1),
    }
    assert signing_secrets(Endpoint.objects.get(), now=timezone.now()) == RECEIVERS
    assert [place["anew"] for place in rotate()["places"]] == [0, 0, 0, 0], "a second run finds nothing to do"


@pytest.mark.django_db
def test_a_dry_run_counts_and_writes_nothing(cast: casts.Company) -> None:
    before = list(Authenticator.objects.values_list("pk", "data"))
    entries = Entry.objects.count()
    assert [place["anew"] for place in rotate("--dry-run")["places"]] == [2, 1, 1, 1]
    assert list(Authenticator.objects.values_list("pk", "data")) == before
    assert Entry.objects.count() == entries


@pytest.mark.django_db
def test_one_that_stops_half_way_goes_on_where_it_was(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "BATCH", 1)
    place = rotating.PLACES[0]
    steps = rotating.rotate(place, dry=False)
    assert next(steps).anew == 1
    steps.close()  # type: ignore[attr-defined]  # a generator: the process is gone
    counts = list(rotating.rotate(place, dry=False))
    assert (sum(one.current for one in counts), sum(one.anew for one in counts)) == (1, 1)


@pytest.mark.django_db
def test_what_opens_with_no_key_is_named_and_left_as_it_is(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed(monkeypatch, NEW)
    before = IdKey.objects.get().sealed
    with pytest.raises(CommandError, match=r"open with none of the keys .*slider_idkey\.sealed") as caught:
        rotate()
    assert caught.value.returncode == 1
    assert IdKey.objects.get().sealed == before


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_what_older_code_reads_unsealed_is_left_to_it_and_said_in_words(
    cast: casts.Company, arguments: tuple[str, ...]
) -> None:
    """Between the halves of an upgrade: `upgrade after` seals it."""
    logs.sql("ALTER TABLE slider_publication ADD COLUMN delivery text")
    Endpoint.objects.update(secret=RECEIVERS[0])
    said = io.StringIO()
    call_command("rotate_secrets", *arguments, stdout=said)
    assert "slider_endpoint.secret: 1 not sealed yet, and left so: an upgrade is half-way" in said.getvalue()
    assert "old_secret: 1 not sealed" not in said.getvalue()
    assert Endpoint.objects.get().secret == RECEIVERS[0]
    assert [(one["plain"], one["lost"]) for one in rotate(*arguments)["places"]] == [(0, []), (0, []), (1, []), (0, [])]


@pytest.mark.django_db
def test_what_is_not_sealed_is_sealed_where_no_older_code_can_run(cast: casts.Company) -> None:
    Endpoint.objects.update(secret=RECEIVERS[0])
    assert [(one["anew"], one["plain"]) for one in rotate()["places"]] == [(2, 0), (1, 0), (1, 0), (1, 0)]
    row = Endpoint.objects.get()
    assert row.secret.startswith("s2.")
    assert signing_secrets(row, now=timezone.now()) == RECEIVERS


def test_every_sealed_column_is_a_place() -> None:
    """Who seals a new column adds a line to `rotating.PLACES`."""
    assert {(place.table, place.column) for place in rotating.PLACES} >= {
        ("mfa_authenticator", "data"),
        ("slider_idkey", "sealed"),
        ("slider_endpoint", "secret"),
        ("slider_endpoint", "old_secret"),
    }
