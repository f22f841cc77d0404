"""The client sees to people, invitations and the log as the API does, typed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from slider.client import Client, Refused
from slider.models import Membership, Role
from tests import casts, logs

Clients = Callable[[User], Client]


def test_roles_are_given_and_people_switched_off(cast: casts.Company, client_of: Clients) -> None:
    slider = client_of(cast.admin)
    seats = {one.name: one for one in slider.seats.all()}
    assert (len(seats), seats["viewer"].email) == (5, "viewer@example.org")
    assert slider.seats.change_role(seats["viewer"].id, "lead").role == "lead"
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    found = slider.seats.get(cast.reviewer.pk)
    assert (found.held, found.why_not, found.keys) == (1, "", [])
    assert slider.seats.switch_off(cast.reviewer.pk) == 1
    assert slider.seats.switch_on(cast.reviewer.pk).active
    slider.seats.remove(cast.reviewer.pk)
    assert not Membership.objects.filter(user=cast.reviewer).exists()
    with pytest.raises(Refused, match="without an Admin"):
        slider.seats.remove(cast.admin.pk)


def test_somebody_is_invited(cast: casts.Company, client_of: Clients) -> None:
    slider = client_of(cast.admin)
    made = slider.invitations.make("reviewer", email="new@example.org", days=1)
    assert made.link is not None
    assert "/invitations/" in made.link
    (listed,) = slider.invitations.all()
    assert (listed.id, listed.email) == (made.id, "new@example.org")
    assert listed.expires_at > datetime.now(UTC)
    slider.invitations.withdraw(made.id)
    assert list(slider.invitations.all()) == []


def test_the_log_is_read_narrowed_and_taken_away(cast: casts.Company, client_of: Clients) -> None:
    logs.link_now()
    slider, today = client_of(cast.admin), datetime.now(UTC).date()
    slider.seats.change_role(cast.viewer.pk, "lead")
    entry = next(iter(slider.log.all(kind="role", by=cast.admin.pk, since=today - timedelta(1))))
    assert (entry.who, entry.project_id, entry.at.tzinfo) == ("admin", cast.project.pk, UTC)
    assert f"project {cast.project.pk}" in slider.log.head()["chains"]
    lines = b"".join(slider.log.export(kind="role")).splitlines()
    assert json.loads(lines[0])["entry"] == entry.entry
    with pytest.raises(Refused, match="superusers"):
        next(iter(slider.site_log.all()))
    User.objects.filter(pk=cast.admin.pk).update(is_superuser=True)
    assert "site" in slider.site_log.head()["chains"]
    Membership.objects.filter(user=cast.admin).update(role=Role.TUNER)
    with pytest.raises(Refused, match="read its log"):
        list(slider.log.export())
