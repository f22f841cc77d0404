"""Another project's objects do not exist; a missing right is said, with whom to ask."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.models import Membership
from tests import casts

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", ["slider", "what-if", "task-settings", "worker"])
def test_another_projects_task_does_not_exist(name: str) -> None:
    cast = casts.company()
    assert signed_in(cast.outsider).get(reverse(name, args=[cast.task.pk])).status_code == 404


@pytest.mark.parametrize("name", ["apply", "put-back", "pull-back", "release", "pause"])
def test_nobody_else_can_change_it_either(name: str) -> None:
    cast = casts.company()
    sent = {"reason": "because", "percent": "50", "mode": "trial", "expected": "1", "paused": "yes"}
    assert signed_in(cast.outsider).post(reverse(name, args=[cast.task.pk]), sent).status_code == 404
    cast.task.refresh_from_db()
    assert (cast.task.policies.count(), cast.task.paused) == (1, False)


@pytest.mark.parametrize("task_id", [0, 999_999, 2**63, 10**30])
def test_a_task_that_is_none_is_a_404(task_id: int) -> None:
    cast = casts.company()
    assert signed_in(cast.admin).get(f"/tasks/{task_id}/").status_code == 404


def test_a_missing_right_says_what_and_whom_to_ask() -> None:
    cast = casts.company()
    answer = signed_in(cast.viewer).post(reverse("pull-back", args=[cast.task.pk]), {"reason": "because"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You are a Viewer in Support desk." in page
    assert "Reviewer or Lead or Tuner or Operator or Admin" in page
    assert "Ask admin for it." in page


@pytest.mark.parametrize(
    ("role", "name", "status"),
    [
        ("viewer", "task-settings", 403),
        ("reviewer", "task-settings", 403),
        ("tuner", "task-settings", 200),
        ("admin", "task-settings", 200),
        ("viewer", "worker", 403),
        ("tuner", "worker", 200),
        ("viewer", "slider", 200),
        ("reviewer", "what-if", 200),
    ],
)
def test_a_role_sees_what_it_may(role: str, name: str, status: int) -> None:
    cast = casts.company()
    assert signed_in(getattr(cast, role)).get(reverse(name, args=[cast.task.pk])).status_code == status


def test_a_removed_member_is_out_at_the_next_request() -> None:
    cast = casts.company()
    client = signed_in(cast.tuner)
    assert client.get(reverse("slider", args=[cast.task.pk])).status_code == 200
    Membership.objects.filter(user=cast.tuner).delete()
    assert client.get(reverse("slider", args=[cast.task.pk])).status_code == 404


@pytest.mark.parametrize("name", ["home", "slider", "task-settings", "worker", "what-if"])
def test_who_is_not_signed_in_is_asked_to(name: str) -> None:
    cast = casts.company()
    address = reverse(name, args=[] if name == "home" else [cast.task.pk])
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/login?next={address}")
