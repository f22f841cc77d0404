"""Signing in with SAML: only what the provider has signed, for this site, in answer to this browser, now."""

import base64
import html
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.contrib.auth.models import User
from django.test import Client
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pytest_django import Settings

from slider import providers
from slider.checks import saml_has_its_libraries
from tests import casts

pytestmark = pytest.mark.django_db
IDP = "https://idp.example.org/saml"
HEARD, METADATA = "http://testserver/login/saml/saml/heard", "http://testserver/login/saml/saml/metadata"
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a{id}" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{idp}</saml:Issuer><saml:Subject>
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{who}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 NotOnOrAfter="{end}" Recipient="{heard}" InResponseTo="{asked}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue>
</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{id}" Version="2.0" IssueInstant="{now}"
 Destination="{heard}" InResponseTo="{asked}"><saml:Issuer>{idp}</saml:Issuer><samlp:Status>
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody with a key and a certificate."""

    key: str
    cert: str

    @staticmethod
    def made() -> "Signer":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.org")])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
        return Signer(pem, built.public_bytes(serialization.Encoding.PEM).decode())

    def answer(self, asked: str, *, email: str = "tuner@example.org", late: int = 0, **changed: str) -> str:
        """What a provider has the browser send, in answer to the question `asked`."""
        now = datetime.now(UTC) - timedelta(seconds=late)
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        words = {
            "id": asked[-12:],
            "idp": IDP,
            "who": "ada",
            "email": email,
            "heard": HEARD,
            "audience": METADATA,
            "asked": asked,
            "now": now.strftime(stamp),
            "start": (now - timedelta(minutes=2)).strftime(stamp),
            "end": (now + timedelta(minutes=2)).strftime(stamp),
        } | changed
        signed = OneLogin_Saml2_Utils.add_sign(ASSERTION.format(**words), self.key, self.cert).decode()
        signed = re.sub(r"^<\?xml[^>]*>\s*", "", signed)
        return RESPONSE.format(**words, assertion=signed)


@pytest.fixture(scope="module")
def idp() -> Signer:
    return Signer.made()


@pytest.fixture
def site(idp: Signer, settings: Settings) -> Settings:
    line = "".join(idp.cert.splitlines()[1:-1])
    told = {"SLIDER_SAML_ENTITY_ID": IDP, "SLIDER_SAML_SSO_URL": f"{IDP}/sso", "SLIDER_SAML_CERT": line}
    settings.ENV = settings.ENV.model_copy(update=told)
    settings.SOCIALACCOUNT_PROVIDERS = providers.known(settings.ENV)
    return settings


def browser() -> Client:
    return Client(HTTP_HOST="testserver")


def ask(client: Client, **sent: str) -> str:
    """Press the button; the number of the question that the provider is asked."""
    page = client.post("/login/saml/saml", sent).content.decode()
    found = re.search(r'<a href="(https[^"]+)">Go on', page)
    assert found is not None, page
    query = parse_qs(urlsplit(html.unescape(found[1])).query)
    request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
    number = re.search(r'\bID="([^"]+)"', request)
    assert number is not None
    return number[1]


def hand_in(client: Client, response: str) -> str:
    """The provider's page sends this; where one ends."""
    sent = {"SAMLResponse": base64.b64encode(response.encode()).decode()}
    answer = client.post("/login/saml/saml/heard", sent)
    assert answer.status_code == 302
    came = client.get(answer["Location"])
    assert came.status_code == 302, came.content.decode()
    return came["Location"]


def test_the_provider_vouches_for_somebody_known_by_their_address(site: Settings, idp: Signer) -> None:
    casts.company()
    client = browser()
    assert "Sign in with SAML" in client.get("/login").content.decode()
    assert hand_in(client, idp.answer(ask(client, next="/my-keys"))) == "/my-keys"
    assert "tuner@example.org" in client.get("/account").content.decode()


def test_it_is_good_once(site: Settings, idp: Signer) -> None:
    casts.company()
    client = browser()
    said = idp.answer(ask(client))
    assert hand_in(client, said) == "/"
    client.post("/logout")
    assert hand_in(client, said) == "/login/refused"
    assert client.get("/").status_code == 302


def test_what_another_browser_asked_for_lets_nobody_in(site: Settings, idp: Signer) -> None:
    casts.company()
    said = idp.answer(ask(browser()))
    thief = browser()
    assert hand_in(thief, said) == "/login/refused"
    assert hand_in(thief, idp.answer("")) == "/login/refused"  # nor what nobody asked for
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize(
    ("changed", "late"),
    [({"audience": "https://other.example.org"}, 0), ({"heard": "https://other.example.org"}, 0), ({}, 3600)],
)
def test_what_is_for_another_site_or_of_another_time_lets_nobody_in(
    site: Settings, idp: Signer, changed: dict[str, str], late: int
) -> None:
    casts.company()
    client = browser()
    assert hand_in(client, idp.answer(ask(client), late=late, **changed)) == "/login/refused"
    assert client.get("/").status_code == 302


def test_what_somebody_else_signed_or_changed_lets_nobody_in(site: Settings, idp: Signer) -> None:
    casts.company()
    client = browser()
    assert hand_in(client, Signer.made().answer(ask(client))) == "/login/refused"
    forged = idp.answer(ask(client)).replace("tuner@example.org", "admin@example.org")
    assert hand_in(client, forged) == "/login/refused"
    bare = re.sub(r"<ds:Signature.*</ds:Signature>", "", idp.answer(ask(client)), flags=re.DOTALL)
    assert hand_in(client, bare) == "/login/refused"
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("said", ["", "x", "<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a" * 9000])
def test_what_can_not_be_read_is_refused(site: Settings, said: str) -> None:
    casts.company()
    client = browser()
    ask(client)
    assert hand_in(client, said) == "/login/refused"
    for raw in ({}, {"SAMLResponse": "!!!"}):
        answer = client.post("/login/saml/saml/heard", raw)
        assert client.get(answer["Location"])["Location"] == "/login/refused"
    assert client.get("/login/saml/saml/back")["Location"] == "/login/refused"


def test_who_is_unknown_or_switched_off_stays_out(site: Settings, idp: Signer) -> None:
    cast = casts.company()
    client = browser()
    assert hand_in(client, idp.answer(ask(client), email="nobody@example.org")) == "/login/refused"
    User.objects.filter(pk=cast.tuner.pk).update(is_active=False)
    assert hand_in(client, idp.answer(ask(client))) == "/login/refused"


def test_the_provider_is_told_what_it_has_to_know(site: Settings) -> None:
    said = browser().get("/login/saml/saml/metadata").content.decode()
    assert HEARD in said
    assert 'WantAssertionsSigned="true"' in said


def test_without_a_provider_there_is_no_way() -> None:
    client = browser()
    assert "Sign in with SAML" not in client.get("/login").content.decode()
    for path, status in (("", 405), ("/back", 404), ("/metadata", 404), ("/out", 404)):
        assert client.get(f"/login/saml/saml{path}").status_code == status
    assert client.post("/login/saml/saml").status_code == 404


def test_its_settings_are_refused_where_its_libraries_are_not(site: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert saml_has_its_libraries() == []
    monkeypatch.setattr("slider.checks.find_spec", lambda _name: None)
    assert [one.id for one in saml_has_its_libraries()] == ["slider.E007"]
