"""Every call by every role and scope: it may what the table says, and another project does not exist for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from slider.api import described, v1
from slider.flow import keys
from slider.models import ApiKey, Item, Membership, Review, Role, Scope, Task
from slider.models.project import RIGHTS
from tests import casts, stages
from tests.api.calls import BODIES, TERMS, Things, things
from tests.api.conftest import Caller, error

ROLES = [role.value for role in Role]


staged = stages.of_module(lambda: things(casts.everybody(casts.company())))


@pytest.fixture
def company(db: None, staged: Callable[[], Things]) -> Things:
    return staged()


@pytest.fixture
def cast(company: Things) -> casts.Company:
    return company.cast


def somebody(cast: casts.Company, role: str) -> User:
    return User.objects.get(username=role)


def test_every_call_has_its_row_in_the_table() -> None:
    document = v1.api.get_openapi_schema(path_prefix="")
    found = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert found == set(TERMS)
    takes = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        if "requestBody" in call
    }
    assert takes == set(BODIES)
    scopes = {
        (method.upper(), path): call["security"][0]["Key"]
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    }
    assert scopes == {call: [scope.value] if scope else [] for call, (scope, _) in TERMS.items()}
    assert len(list(described.operations(document))) == len(TERMS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_its_row_says_and_nothing_else(
    company: Things, acts_for: Callable[..., Caller], role: str
) -> None:
    caller = acts_for(somebody(company.cast, role))
    wrong = []
    for (method, route), (_, verb) in TERMS.items():
        with transaction.atomic():
            answer = caller(method, company.path(route), BODIES.get((method, route)))
            transaction.set_rollback(True)
        refused = answer.status_code == 403 and error(answer)["code"] == "role"
        if refused is (verb in RIGHTS[role] or not verb) or answer.status_code in (401, 500):
            wrong.append((method, route, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("call", TERMS, ids=" ".join)
def test_a_key_without_the_scope_is_refused_whoever_it_acts_for(
    company: Things, acts_for: Callable[..., Caller], call: tuple[str, str]
) -> None:
    wanted = TERMS[call][0]
    others = [scope for scope in Scope if scope != wanted]
    answer = acts_for(company.cast.admin, *others)(call[0], company.path(call[1]), BODIES.get(call))
    if wanted is None:
        assert answer.status_code == 200
        return
    assert (answer.status_code, error(answer)["code"]) == (403, "scope")
    assert wanted.value in error(answer)["detail"]


def test_another_projects_things_do_not_exist_at_any_address(company: Things, acts_for: Callable[..., Caller]) -> None:
    other = casts.company(prefix="b ")
    Task.objects.filter(pk=other.task.pk).update(slug="theirs")
    other.task.refresh_from_db()
    theirs = things(other)
    stranger = keys.make(other.project, name="x", scopes=[Scope.READ], expires_at=None, by=other.admin.pk).key
    theirs.names["key_id"] = str(stranger.pk)
    caller = acts_for(company.cast.admin)
    before = (Item.objects.count(), Review.objects.filter(state="held").count(), ApiKey.objects.count())
    for (method, route), _ in TERMS.items():
        if "{" in route:
            answer = caller(method, theirs.path(route), BODIES.get((method, route)))
            assert (answer.status_code, error(answer)["code"]) == (404, "not_found"), (method, route)
    assert before == (Item.objects.count(), Review.objects.filter(state="held").count(), ApiKey.objects.count())
    stranger.refresh_from_db()
    assert stranger.revoked_at is None


@pytest.mark.parametrize("path", ["/tasks/{}", "/items/{}", "/reviews/{}", "/tasks/{}/slider"])
@pytest.mark.parametrize("name", ["9223372036854775808", "-1", "0", "%00", "a%20b", "%F0%9F%98%80", "1e3", "x" * 300])
def test_what_can_name_nothing_is_not_found(
    cast: casts.Company, acts_for: Callable[..., Caller], path: str, name: str
) -> None:
    answer = acts_for(cast.admin)("GET", path.format(name))
    assert (answer.status_code, error(answer)["code"]) == (404, "not_found")


def test_a_role_that_changes_or_ends_holds_from_the_next_call_on(
    cast: casts.Company, acts_for: Callable[..., Caller]
) -> None:
    caller = acts_for(cast.tuner)
    path = f"/tasks/{cast.task.slug}/slider"
    assert caller("POST", path, {"share": 0.1, "reason": "a"}).status_code == 200
    Membership.objects.filter(user=cast.tuner).update(role=Role.VIEWER)
    refused = caller("POST", path, {"share": 0.2, "reason": "a"})
    assert (refused.status_code, error(refused)["code"]) == (403, "role")
    assert "Tuner or Admin" in error(refused)["detail"]
    Membership.objects.filter(user=cast.tuner).delete()
    assert caller("GET", path).status_code == 401
    Membership.objects.create(user=cast.tuner, project=cast.project, role=Role.TUNER)
    assert caller("GET", path).status_code == 200
    User.objects.filter(pk=cast.tuner.pk).update(is_active=False)
    assert caller("GET", path).status_code == 401


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope not in ("intake", "read", "export")])
def test_the_table_holds_that_a_key_of_nobody_never_does_what_people_answer_for(
    cast: casts.Company, scope: Scope
) -> None:
    with pytest.raises(IntegrityError, match="key_scopes"), transaction.atomic():
        keys.make(cast.project, name="x", scopes=[scope], expires_at=None, by=cast.admin.pk)


def test_a_key_makes_no_key_that_acts_for_somebody(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    caller = acts_for(cast.admin)
    for scopes in (["review"], ["administer"], ["read", "steer"]):
        answer = caller("POST", "/keys", {"name": "x", "scopes": scopes})
        assert (answer.status_code, error(answer)["where"][:7]) == (400, "/scopes")
    refused = caller("POST", "/keys", {"name": "x", "scopes": ["read"], "person": cast.admin.pk})
    assert (refused.status_code, error(refused)["code"]) == (400, "unknown_field")
    assert ApiKey.objects.count() == 1


def test_who_reviews_is_not_told_what_is_audited(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    cast = replace(cast, task=casts.task(cast.project, by=cast.admin, name="Another", undo_s=0))
    gate = casts.one(cast.task, "g1")
    item = casts.audited(cast.task, "a1")
    blind, sees = acts_for(cast.reviewer), acts_for(cast.admin)
    told = blind("GET", f"/items/{item.pk}").json()
    like = blind("GET", f"/items/{gate.pk}").json()
    assert {name: told[name] for name in ("state", "lane", "result", "finished_at")} == {
        name: like[name] for name in ("state", "lane", "result", "finished_at")
    }
    assert sees("GET", f"/items/{item.pk}").json()["lane"] == "unattended"
    path = f"/tasks/{cast.task.slug}"
    for state, ids in (("review", ["a1", "g1"]), ("done", [])):
        listed = blind("GET", f"{path}/items?state={state}").json()["items"]
        assert [(one["external_id"], one["state"]) for one in listed] == [(name, "review") for name in ids]
    named = blind("GET", f"{path}/items?external_id=a1").json()["items"]
    assert [(one["state"], one["finished_at"]) for one in named] == [("review", None)]
    assert blind("GET", f"{path}/results").status_code == 403
    assert blind("GET", f"{path}/quality").json()["owed"]["audits"] is None
    assert sees("GET", f"{path}/quality").json()["owed"]["audits"] == 1
