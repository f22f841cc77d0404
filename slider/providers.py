"""The providers that may vouch for people, in the form in which allauth wants to be told of them."""

from typing import Any

from slider.environment import Environment

# Under which names providers send an address and people's names.
SAID = {
    "uid": ["urn:oasis:names:tc:SAML:attribute:subject-id"],
    "email": [
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "email",
        "mail",
    ],
    "first_name": ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "urn:oid:2.5.4.42"],
    "last_name": ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "urn:oid:2.5.4.4"],
}


def known(env: Environment) -> dict[str, Any]:
    """The value of SOCIALACCOUNT_PROVIDERS: what is not named in the environment has no apps, and so no way."""
    return {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [_oidc(env)] if env.SLIDER_OIDC_ISSUER else []},
        "saml": {"APPS": [_saml(env)] if env.SLIDER_SAML_ENTITY_ID else []},
    }


def _oidc(env: Environment) -> dict[str, Any]:
    return {
        "provider_id": "oidc",
        "name": env.SLIDER_OIDC_NAME,
        "client_id": env.SLIDER_OIDC_CLIENT_ID,
        "secret": env.SLIDER_OIDC_CLIENT_SECRET,
        "settings": {"server_url": env.SLIDER_OIDC_ISSUER},
    }


def _saml(env: Environment) -> dict[str, Any]:
    """It answers for the addresses that it gives; only what it has signed counts, and only as an answer to us."""
    told = {
        "idp": {
            "entity_id": env.SLIDER_SAML_ENTITY_ID,
            "sso_url": env.SLIDER_SAML_SSO_URL,
            "x509cert": env.SLIDER_SAML_CERT,
        },
        "attribute_mapping": SAID,
        "verified_email": True,
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "reject_idp_initiated_sso": True,
            "allow_single_label_domains": True,  # a host on one's own network is often called by one word
        },
    }
    return {"provider_id": "saml", "name": env.SLIDER_SAML_NAME, "client_id": "saml", "settings": told}
