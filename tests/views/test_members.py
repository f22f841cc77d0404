"""Invitations let in one person, the right one, in time; a person who is switched off is out at once."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from slider.flow import account_letters, handing, invitations, keys, leavers, members
from slider.models import Freed, Invitation, Membership, Review, ReviewState, Role, Scope
from slider.views import throttle
from tests import casts
from tests.second_steps import signed_in

pytestmark = pytest.mark.django_db
NEW = {"username": "nadia", "password1": "four grey geese in a row", "password2": "four grey geese in a row"}


@pytest.fixture
def cast() -> casts.Company:
    for name in ("admin", "reviewer", "outsider", "nadia"):
        throttle.forget(name, address="127.0.0.1")
    throttle.forget("invitation", address="127.0.0.1", most=throttle.ADDRESS)
    return casts.company()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def invite(cast: casts.Company, *, email: str = "", role: Role = Role.TUNER) -> str:
    """An invitation made on the page; its path."""
    answer = as_(cast.admin).post("/projects/support-desk/members", {"role": role, "email": email, "days": "7"})
    found = re.search(r"http://testserver(/invitations/[^<]+)</code>", answer.content.decode())
    assert found is not None
    return found[1]


def role_of(user: User, cast: casts.Company) -> str | None:
    return Membership.objects.filter(user=user, project=cast.project).values_list("role", flat=True).first()


def test_somebody_new_comes_in_by_a_link_and_only_one(cast: casts.Company) -> None:
    path = invite(cast)
    client = Client()
    assert "invites you to" in client.get(path).content.decode()
    assert client.post(path, NEW | {"email": "n@example.org"}).status_code == 302
    assert client.get("/").status_code == 200
    assert role_of(User.objects.get(username="nadia"), cast) == Role.TUNER
    assert "accepted already" in Client().get(path).content.decode()
    assert Client().post(path, NEW | {"username": "second"}).status_code == 409
    assert not User.objects.filter(username="second").exists()


def test_somebody_known_comes_in_by_a_link(cast: casts.Company) -> None:
    path = invite(cast)
    client = as_(cast.outsider)
    assert "Come in as outsider" in client.get(path).content.decode()
    assert client.post(path).status_code == 302
    assert role_of(cast.outsider, cast) == Role.TUNER
    assert as_(cast.admin).post(path).status_code == 409


def test_an_invitation_with_an_address_is_for_its_owner_alone(cast: casts.Company) -> None:
    path = invite(cast, email="Outsider@example.org")
    other = casts.person("other")
    refused = as_(other).post(path)
    assert refused.status_code == 409
    assert "another address than yours" in refused.content.decode()
    assert role_of(other, cast) is None
    assert as_(cast.outsider).post(path).status_code == 302
    assert role_of(cast.outsider, cast) == Role.TUNER


def test_somebody_new_has_the_address_of_the_invitation(cast: casts.Company) -> None:
    path = invite(cast, email="n@example.org")
    Client().post(path, NEW | {"email": "evil@example.org"})
    assert User.objects.get(username="nadia").email == "n@example.org"


@pytest.mark.parametrize("what", ["expired", "withdrawn", "its maker is no admin", "its maker is off"])
def test_what_does_not_hold_any_more_lets_nobody_in(cast: casts.Company, what: str) -> None:
    path = invite(cast)
    made = Invitation.objects.get()
    if what == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif what == "withdrawn":
        as_(cast.admin).post(f"/projects/support-desk/invitations/{made.pk}/withdraw")
    elif what == "its maker is no admin":
        Membership.objects.filter(user=cast.admin).update(role=Role.LEAD)
    else:
        User.objects.filter(pk=cast.admin.pk).update(is_active=False)
    assert as_(cast.outsider).post(path).status_code == 409
    assert Client().post(path, NEW).status_code == 409
    assert role_of(cast.outsider, cast) is None
    assert not User.objects.filter(username="nadia").exists()


def test_who_is_in_keeps_the_role_and_the_invitation_its_seat(cast: casts.Company) -> None:
    path = invite(cast, role=Role.ADMIN)
    assert as_(cast.viewer).post(path).status_code == 409
    assert role_of(cast.viewer, cast) == Role.VIEWER
    assert as_(cast.outsider).post(path).status_code == 302


@pytest.mark.parametrize("token", ["1", "1-abc.sig", "x" * 300, "..", "9" * 40 + "-a.b"])
def test_a_link_that_nobody_made_does_not_exist(cast: casts.Company, token: str) -> None:
    assert Client().get(f"/invitations/{token}").status_code == 404


def test_a_link_of_another_invitation_of_the_same_number_does_not_exist(cast: casts.Company) -> None:
    path = invite(cast)
    Invitation.objects.update(nonce="another")
    assert Client().get(path).status_code == 404


def test_a_taken_name_is_said_and_costs_nothing(cast: casts.Company) -> None:
    path = invite(cast)
    assert Client().post(path, NEW | {"username": "viewer"}).status_code == 422
    assert Client().post(path, NEW | {"password1": "short", "password2": "short"}).status_code == 422
    assert Client().post(path, NEW).status_code == 302


def test_the_mail_carries_the_link_and_one_of_a_withdrawn_invitation_is_not_sent(
    cast: casts.Company, settings: Settings
) -> None:
    on = {"SLIDER_MAIL_HOST": "localhost", "SLIDER_MAIL_FROM": "s@example.org", "SLIDER_ADDRESS": "http://testserver"}
    settings.ENV = settings.ENV.model_copy(update=on)
    path = invite(cast, email="n@example.org")
    invite(cast, email="m@example.org")
    invitations.withdraw(Invitation.objects.get(email="m@example.org"))
    account_letters.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["n@example.org"]
    assert f"http://testserver{path}" in str(letter.body)


def test_a_deactivated_persons_leases_return_and_sessions_end(cast: casts.Company) -> None:
    client = signed_in("reviewer")
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    made = keys.make(cast.project, name="a program", scopes=[Scope.READ], expires_at=None, by=cast.reviewer.pk)
    page = as_(cast.admin).get(f"/people/{cast.reviewer.pk}").content.decode()
    assert "1 look" in page
    assert f"sl_{made.key.prefix}" in page
    answer = as_(cast.admin).post(f"/people/{cast.reviewer.pk}/active", {"active": "no"}, follow=True)
    assert "1 of their looks" in answer.content.decode()
    assert f"sl_{made.key.prefix}" in answer.content.decode()
    held.refresh_from_db()
    assert (held.state, held.holder_id, held.last_holder_id) == (ReviewState.OPEN, None, cast.reviewer.pk)
    assert Freed.objects.filter(review=held, holder=cast.reviewer).exists()
    assert client.get("/desk/").status_code == 302
    assert Client().post("/login", {"username": "reviewer", "password": casts.PASSWORD}).status_code == 200
    assert casts.take(cast.colleague, cast.task).pk == held.pk


def test_who_is_switched_on_again_signs_in_anew(cast: casts.Company) -> None:
    client = signed_in("reviewer")
    for said in ("no", "yes"):
        as_(cast.admin).post(f"/people/{cast.reviewer.pk}/active", {"active": said})
    assert client.get("/desk/").status_code == 302
    assert signed_in("reviewer").get("/desk/").status_code == 200


def test_the_sweep_finds_what_somebody_holds_who_was_switched_off_elsewhere(cast: casts.Company) -> None:
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    assert leavers.free_held() == 0
    User.objects.filter(pk=cast.reviewer.pk).update(is_active=False)  # as Django's admin does it
    assert leavers.free_held() == 1
    assert not Review.objects.filter(state=ReviewState.HELD).exists()


@pytest.mark.parametrize("wanted", ["", Role.VIEWER])
def test_who_leaves_or_reviews_no_more_gives_back_what_they_hold_and_were_assigned(
    cast: casts.Company, wanted: str
) -> None:
    casts.one(cast.task, "m1")
    casts.one(cast.task, "m2")
    held = casts.take(cast.reviewer, cast.task)
    other = Review.objects.exclude(pk=held.pk).get()
    handing.assign(other.pk, to=cast.reviewer.pk, by=cast.admin.pk, note="")
    as_(cast.admin).post(f"/projects/support-desk/members/{cast.reviewer.pk}", {"role": wanted})
    assert role_of(cast.reviewer, cast) == (wanted or None)
    assert not Review.objects.exclude(state=ReviewState.OPEN, holder=None, assignee=None).exists()


def test_the_last_admin_stays(cast: casts.Company) -> None:
    client = as_(cast.admin)
    for said in ("", Role.VIEWER):
        answer = client.post(f"/projects/support-desk/members/{cast.admin.pk}", {"role": said}, follow=True)
        assert "would be without an Admin" in answer.content.decode()
    assert role_of(cast.admin, cast) == Role.ADMIN
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    page = as_(root).post(f"/people/{cast.admin.pk}/active", {"active": "no"}, follow=True).content.decode()
    assert "would be without an Admin" in page
    second = casts.person("second", role=Role.ADMIN, of=cast.project)
    assert second.is_active
    client.post(f"/projects/support-desk/members/{cast.admin.pk}", {"role": Role.VIEWER})
    assert role_of(cast.admin, cast) == Role.VIEWER


def test_an_admin_is_not_in_charge_of_who_is_elsewhere_too(cast: casts.Company) -> None:
    """Else the Admin of one project could walk through them into another."""
    Membership.objects.create(user=cast.outsider, project=cast.project, role=Role.REVIEWER)
    client = as_(cast.admin)
    assert client.get(f"/people/{cast.outsider.pk}").status_code == 200
    for what in ("active", "password-link"):
        assert client.post(f"/people/{cast.outsider.pk}/{what}", {"active": "no"}).status_code == 403
    cast.outsider.refresh_from_db()
    assert cast.outsider.is_active


def test_nobody_switches_off_a_superuser_but_another_one_or_themselves(cast: casts.Company) -> None:
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    Membership.objects.create(user=root, project=cast.project, role=Role.VIEWER)
    assert as_(cast.admin).post(f"/people/{root.pk}/active", {"active": "no"}).status_code == 403
    assert as_(root).post(f"/people/{root.pk}/active", {"active": "no"}).status_code == 403
    assert as_(cast.admin).post(f"/people/{cast.admin.pk}/password-link").status_code == 403


def test_a_person_page_tells_an_admin_nothing_of_other_projects(cast: casts.Company) -> None:
    elsewhere = cast.outsider.memberships.get().project
    Membership.objects.create(user=cast.viewer, project=elsewhere, role=Role.TUNER)
    keys.make(elsewhere, name="secret program", scopes=[Scope.READ], expires_at=None, by=cast.viewer.pk)
    page = as_(cast.admin).get(f"/people/{cast.viewer.pk}").content.decode()
    assert "Elsewhere" not in page
    assert "secret program" not in page


def test_a_password_link_shown_to_an_admin_works_once(cast: casts.Company) -> None:
    page = as_(cast.admin).post(f"/people/{cast.viewer.pk}/password-link").content.decode()
    found = re.search(r"http://testserver(/password/new/[^<]+)</code>", page)
    assert found is not None
    sent = {"new_password1": "four grey geese in a row", "new_password2": "four grey geese in a row"}
    assert Client().post(found[1], sent).status_code == 302
    assert Client().post(found[1], sent).status_code == 410


def test_a_lost_second_step_is_taken_away_by_a_superuser_alone(cast: casts.Company) -> None:
    TOTP.activate(cast.viewer, "JBSWY3DPEHPK3PXP")
    path = f"/people/{cast.viewer.pk}/drop-steps"
    assert as_(cast.admin).post(path).status_code == 403
    assert Authenticator.objects.filter(user=cast.viewer).exists()
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    assert "by password alone" in as_(root).post(path, follow=True).content.decode()
    assert not Authenticator.objects.filter(user=cast.viewer).exists()


def test_two_admins_who_take_each_other_out_leave_one(cast: casts.Company) -> None:
    second = casts.person("second", role=Role.ADMIN, of=cast.project)
    members.remove(Membership.objects.get(user=second))
    with pytest.raises(members.Last):
        members.remove(Membership.objects.get(user=cast.admin))
