"""Settings of a task that can't be, or that nobody means: said at their field, and nothing begins under them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from slider.flow import work
from slider.models import Task, Worker
from tests import casts, stages
from tests.views import addresses

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def admin(cast: casts.Company) -> Client:
    return addresses.visitor("admin", cast)


def sent(admin: Client, cast: casts.Company, **changes: str) -> tuple[int, str]:
    """The worker's page, sent back with these changes."""
    form = admin.get(f"/tasks/{cast.task.pk}/worker").context["form"]
    told = {one.name: one.value() for one in form if one.value() is not None and one.value() is not False}
    answer = admin.post(f"/tasks/{cast.task.pk}/worker", told | changes)
    return answer.status_code, answer.content.decode()


def test_a_budget_of_nothing_begins_no_call(cast: casts.Company) -> None:
    for budget, begins in ((Decimal("0"), False), (Decimal("0.01"), True), (None, True)):
        worker = Worker(task=cast.task, name="w", model="m", daily_budget=budget)
        left = work.calls_left(worker)
        assert (left is None or left > 0) is begins


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("base_url", "models.example.org/v1", "starts with http"),
        ("base_url", "file:///etc/passwd", "starts with http"),
        ("base_url", "https://a:b@models.example.org/v1", "name and password"),
        ("base_url", "http://169.254.169.254/v1", "SLIDER_MODEL_HOSTS"),
        ("daily_budget", "-1", "greater than or equal to 0"),
        ("daily_budget", "NaN", "Enter a number"),
        ("temperature", "Infinity", ""),
        ("samples", "0", "greater than or equal to 1"),
        ("samples", "9" * 30, "less than or equal to"),
        ("timeout_s", "-5", ""),
        ("model", "m\nX-Lane: 1", ""),
        ("model", "x" * 10_000, ""),
        ("key_name", "PATH", "SLIDER_KEY_"),
        ("key_name", "SLIDER_KEY_A\x00", ""),
    ],
)
def test_what_can_not_be_is_said_at_its_field(
    cast: casts.Company, admin: Client, field: str, value: str, words: str
) -> None:
    status, page = sent(admin, cast, **{field: value})
    assert status == 422
    assert words in page
    assert Worker.objects.count() == 1
    assert sent(admin, cast)[0] == 302, "the control: the page as it was is taken"


def test_an_endpoint_without_its_version_is_said(cast: casts.Company, admin: Client) -> None:
    """It may be right: some servers have none. The page says what is usual; what came of it is the worker's trouble."""
    page = admin.get(f"/tasks/{cast.task.pk}/worker").content.decode()
    assert "with its /v1" in page


def test_schemas_stay_as_they_were_made(cast: casts.Company, admin: Client) -> None:
    before = Task.objects.get(pk=cast.task.pk)
    admin.post(f"/tasks/{cast.task.pk}/settings", {"output_schema": "{}", "input_schema": "{}", "name": "New"})
    after = Task.objects.get(pk=cast.task.pk)
    assert (after.output_schema, after.input_schema) == (before.output_schema, before.input_schema)
