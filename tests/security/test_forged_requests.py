"""A page of somebody else can't have a browser change anything here: each change takes the token of our own page."""

import pytest
from django.test import Client

from tests import casts
from tests.views import addresses
from tests.views.test_crawl import snapshot

# Reports of browsers and answers of a provider come without; neither changes anything of ours.
WITHOUT = {"csp-report", "saml_acs", "saml_sls", "saml_finish_acs"}


@pytest.mark.timeout(120)
def test_no_form_is_taken_without_its_token(stage: casts.Company) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(stage.admin)
    there, before, taken, asked = addresses.existing(stage), snapshot(), [], 0
    for name, route in addresses.routes():
        if route.startswith(("admin/", "api/")) or name in WITHOUT:
            continue
        answer = client.post(addresses.filled(route, there), headers={"Origin": "https://evil.example"})
        asked += 1
        if answer.status_code not in (403, 404, 405):
            taken.append((name, answer.status_code))
    assert taken == []
    assert asked > 60
    assert snapshot() == before


def test_a_token_of_our_own_is_taken_and_one_of_another_session_is_not(stage: casts.Company) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(stage.tuner)
    address = f"/tasks/{stage.task.pk}/pull-back"
    page = client.get(f"/tasks/{stage.task.pk}/")
    assert page.status_code == 200
    token = client.cookies["csrftoken"].value
    assert client.post(address, {"reason": "x", "csrfmiddlewaretoken": "f" * 64}).status_code == 403
    assert client.post(address, {"reason": "seen", "csrfmiddlewaretoken": token}).status_code == 302


def test_the_api_takes_no_cookie_and_so_needs_no_token(stage: casts.Company) -> None:
    client = Client()
    client.force_login(stage.admin)
    answer = client.post(f"/api/v1/tasks/{stage.task.slug}/items", b"{}", content_type="application/json")
    assert answer.status_code == 401
