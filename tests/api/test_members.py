"""Members by the API: what its admins do on the page, with the same rights, the same refusals and the same log."""

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User

from slider.flow import keys
from slider.models import Entry, Membership, Review, ReviewState, Role, Scope
from tests import casts, logs
from tests.api.conftest import Caller, error


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    logs.link_now()
    return acts_for(cast.admin, Scope.ADMINISTER)


def role_of(user: User, cast: casts.Company) -> str | None:
    return Membership.objects.filter(user=user, project=cast.project).values_list("role", flat=True).first()


def test_everybody_is_listed_also_who_is_switched_off(cast: casts.Company, admin: Caller) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    TOTP.activate(cast.tuner, "JBSWY3DPEHPK3PXP")
    seats = {one["name"]: one for one in admin("GET", "/seats").json()["seats"]}
    assert set(seats) == {"admin", "colleague", "reviewer", "tuner", "viewer"}
    assert seats["viewer"] == {
        "id": cast.viewer.pk,
        "name": "viewer",
        "email": "viewer@example.org",
        "role": "viewer",
        "active": False,
        "second_step": False,
    }
    assert [name for name, one in seats.items() if one["second_step"]] == ["tuner"]


def test_one_person_is_told_with_what_they_hold_in_this_project_alone(cast: casts.Company, admin: Caller) -> None:
    elsewhere = cast.outsider.memberships.get().project
    Membership.objects.create(user=cast.reviewer, project=elsewhere, role=Role.TUNER)
    keys.make(elsewhere, name="theirs", scopes=[Scope.READ], expires_at=None, by=cast.reviewer.pk)
    ours = keys.make(cast.project, name="ours", scopes=[Scope.READ], expires_at=None, by=cast.reviewer.pk).key
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    told = admin("GET", f"/members/{cast.reviewer.pk}").json()
    assert (told["role"], told["held"], told["places"], told["keys"]) == ("reviewer", 1, 0, [ours.pk])
    assert "other projects" in told["why_not"]
    assert admin("GET", f"/members/{cast.colleague.pk}").json()["why_not"] == ""


def test_a_role_is_given_and_what_they_may_not_do_any_more_is_open_again(cast: casts.Company, admin: Caller) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    told = admin("PUT", f"/members/{cast.reviewer.pk}/role", {"role": "viewer"})
    assert (told.status_code, told.json()["role"], role_of(cast.reviewer, cast)) == (200, "viewer", Role.VIEWER)
    held.refresh_from_db()
    assert (held.state, held.holder_id) == (ReviewState.OPEN, None)
    entry = Entry.objects.filter(kind="role").latest("pk")
    assert (entry.by_id, entry.via[:4], entry.facts["table"]) == (cast.admin.pk, "key ", "membership")


@pytest.mark.parametrize("role", ["", "owner", None, "Admin"])
def test_a_role_that_is_none_is_refused(cast: casts.Company, admin: Caller, role: str | None) -> None:
    answer = admin("PUT", f"/members/{cast.viewer.pk}/role", {"role": role})
    assert (answer.status_code, error(answer)["where"]) == (400, "/role")
    assert role_of(cast.viewer, cast) == Role.VIEWER


def test_somebody_is_taken_out_once(cast: casts.Company, admin: Caller) -> None:
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    assert admin("DELETE", f"/members/{cast.reviewer.pk}").status_code == 204
    assert role_of(cast.reviewer, cast) is None
    assert not Review.objects.filter(state=ReviewState.HELD).exists()
    assert admin("DELETE", f"/members/{cast.reviewer.pk}").status_code == 404


def test_the_last_admin_stays(cast: casts.Company, admin: Caller) -> None:
    for method, path, sent in (("DELETE", "", None), ("PUT", "/role", {"role": "viewer"})):
        answer = admin(method, f"/members/{cast.admin.pk}{path}", sent)
        assert (answer.status_code, error(answer)["code"]) == (409, "last_admin")
        assert "would be without an Admin" in error(answer)["detail"]
    assert role_of(cast.admin, cast) == Role.ADMIN
    casts.person("second", role=Role.ADMIN, of=cast.project)
    assert admin("DELETE", f"/members/{cast.admin.pk}").status_code == 204
    assert admin("GET", "/me").status_code == 401


def test_a_person_is_switched_off_and_on_again(
    cast: casts.Company, admin: Caller, acts_for: Callable[..., Caller]
) -> None:
    theirs = acts_for(cast.reviewer)
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    off = admin("PUT", f"/members/{cast.reviewer.pk}/active", {"active": False}).json()
    assert (off["active"], off["freed"]) == (False, 1)
    assert theirs("GET", "/me").status_code == 401
    on = admin("PUT", f"/members/{cast.reviewer.pk}/active", {"active": True}).json()
    assert (on["active"], on["freed"], on["role"]) == (True, 0, "reviewer")
    assert theirs("GET", "/me").status_code == 200


def test_nobody_is_switched_off_by_whom_the_page_would_not_let(
    cast: casts.Company, admin: Caller, acts_for: Callable[..., Caller]
) -> None:
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    Membership.objects.create(user=root, project=cast.project, role=Role.ADMIN)
    Membership.objects.create(user=cast.outsider, project=cast.project, role=Role.REVIEWER)
    for who, words in ((root, "superuser"), (cast.outsider, "other projects"), (cast.admin, "to themselves")):
        answer = admin("PUT", f"/members/{who.pk}/active", {"active": False})
        assert (answer.status_code, error(answer)["code"], words in error(answer)["detail"]) == (
            403,
            "not_in_charge",
            True,
        )
    assert not User.objects.filter(is_active=False).exists()
    by_root = acts_for(root)
    refused = by_root("PUT", f"/members/{cast.outsider.pk}/active", {"active": False})
    assert (refused.status_code, error(refused)["code"]) == (409, "last_admin"), "they lead a project of their own"
    assert by_root("PUT", f"/members/{cast.admin.pk}/active", {"active": False}).json()["active"] is False


def test_who_is_in_another_project_alone_does_not_exist(cast: casts.Company, admin: Caller) -> None:
    for method, path, sent in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("PUT", "/role", {"role": "admin"}),
        ("PUT", "/active", {"active": False}),
    ):
        for number in (cast.outsider.pk, 999_999):
            answer = admin(method, f"/members/{number}{path}", sent)
            assert (answer.status_code, error(answer)["code"]) == (404, "not_found")
    cast.outsider.refresh_from_db()
    assert cast.outsider.is_active
