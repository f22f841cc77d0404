"""The operator's board by the API: one project's tasks, machines for superusers alone, acts with their reasons."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from slider.flow import presence
from slider.models import Halt, Item, Membership, Operation, Role, State, Task
from tests import casts
from tests.api.conftest import Caller, error


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


@pytest.fixture
def root(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    """Somebody who runs the whole installation and belongs to this project."""
    made = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    Membership.objects.create(user=made, project=cast.project, role=Role.OPERATOR)
    return acts_for(made)


@pytest.fixture(autouse=True)
def fleet(cast: casts.Company) -> None:
    casts.one(cast.task, "m1", casts.fails())
    casts.bring_in(cast.task, {"m2": {"text": "hello"}})
    presence.show(presence.Life("alpha", 7, "work@alpha", "work", cast.task.pk, "reader", 3, 2))


def path(cast: casts.Company, rest: str) -> str:
    return f"/tasks/{cast.task.slug}/{rest}"


def test_the_board_tells_what_the_page_shows_of_this_project_alone(cast: casts.Company, admin: Caller) -> None:
    other = casts.company(prefix="b ")
    Task.objects.filter(pk=other.task.pk).update(slug="foreign", name="Foreign task")
    casts.bring_in(other.task, {"t1": {"text": "hello"}})
    told = admin("GET", "/fleet").json()
    assert [(one["name"], one["count"]) for one in told["stages"]] == [
        ("Waiting", 1), ("In work", 0), ("In review", 1), ("Publishing", 0), ("Done today", 0)
    ]  # fmt: skip
    (row,) = told["tasks"]
    assert (row["task"], row["stance"], row["waiting"], row["no_answer"]) == (cast.task.slug, "go", 1, 1)
    (worker,) = told["workers"]
    assert (worker["worker"], worker["model"], worker["flying"]) == ("reader", "small-model", 2)
    assert worker["spent"] == pytest.approx(0.00021)
    assert told["machines"] is None
    assert "oreign" not in str(told)
    assert "alpha" not in str(told)


def test_a_task_is_paused_drained_and_resumed_with_a_reason_and_in_the_history(
    cast: casts.Company, admin: Caller
) -> None:
    said = {"stance": "draining", "reason": "the endpoint <b>moves</b>"}
    done = admin("PUT", path(cast, "stance"), said).json()
    assert (done["changed"], done["stance"], done["halt"]["by"]) == (True, "draining", "admin")
    assert not admin("PUT", path(cast, "stance"), said).json()["changed"]
    told = admin("GET", path(cast, "fleet")).json()
    assert (told["stance"], told["halt"]["reason"]) == ("draining", said["reason"])
    assert [(one["kind"], one["by"]) for one in told["operations"]] == [("drain", "admin")]
    assert [(one["outcome"], one["count"]) for one in told["outcomes"]] == [("refused", 1)]
    assert admin("GET", "/fleet").json()["tasks"][0]["stance"] == "draining"
    assert admin("PUT", path(cast, "stance"), {"stance": "go", "reason": "moved"}).json()["halt"] is None
    assert not Halt.objects.exists()
    assert list(Operation.objects.values_list("kind", "by__username")) == [("resume", "admin"), ("drain", "admin")]


def test_one_worker_is_halted_by_its_name(cast: casts.Company, admin: Caller) -> None:
    said = {"stance": "paused", "reason": "its budget", "worker": "reader"}
    assert admin("PUT", path(cast, "stance"), said).json()["changed"]
    assert (Halt.objects.get().profile, Halt.objects.get().task_id) == ("reader", cast.task.pk)
    told = admin("GET", path(cast, "fleet")).json()
    assert (told["stance"], told["workers"][0]["halt"]["reason"]) == ("go", "its budget")
    none = admin("PUT", path(cast, "stance"), said | {"worker": "nobody"})
    assert (none.status_code, error(none)["where"]) == (422, "/worker")


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"reason": " \n"}, 422, "/reason"),
        ({"reason": "x" * 501}, 400, "/reason"),
        ({"stance": "sideways"}, 400, "/stance"),
        ({"worker": "a\x00b"}, 400, "/worker"),
        ({"worker": 1}, 400, "/worker"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    cast: casts.Company, admin: Caller, change: dict[str, object], status: int, where: str
) -> None:
    answer = admin("PUT", path(cast, "stance"), {"stance": "paused", "reason": "x"} | change)
    assert (answer.status_code, error(answer)["where"]) == (status, where)
    assert not Operation.objects.exists()


def test_a_machine_is_a_superusers_and_for_others_does_not_exist(
    cast: casts.Company, admin: Caller, root: Caller
) -> None:
    other = casts.company(prefix="b ")
    presence.show(presence.Life("alpha", 8, "work@alpha", "work", other.task.pk, "reader", 1, 1))
    for method, address, said in (
        ("GET", "/fleet/hosts/alpha", None),
        ("PUT", "/fleet/hosts/alpha/stance", {"stance": "paused", "reason": "mine now"}),
    ):
        answer = admin(method, address, said)
        assert (answer.status_code, error(answer)["code"]) == (404, "not_found")
    assert not Halt.objects.exists()
    told = root("GET", "/fleet").json()["machines"]
    assert told["most_connections"] > 0
    assert [(one["name"], one["alive"]) for one in told["hosts"]] == [("alpha", 2)]
    tasks = [(one["pid"], one["task"], one["worker"]) for one in told["hosts"][0]["processes"]]
    assert tasks == [(7, cast.task.slug, "reader"), (8, None, "")]  # what another project's is stays unsaid
    done = root("PUT", "/fleet/hosts/alpha/stance", {"stance": "draining", "reason": "a new disk"}).json()
    assert (done["changed"], done["halt"]["reason"]) == (True, "a new disk")
    shown = root("GET", "/fleet/hosts/alpha").json()
    assert (shown["halt"]["by"], shown["operations"][0]["host"]) == ("root", "alpha")
    assert root("GET", "/fleet/hosts/beta").status_code == 404
    User.objects.filter(username="root").update(is_superuser=False)
    assert root("GET", "/fleet/hosts/alpha").status_code == 404


def test_a_dry_run_changes_nothing_and_the_act_moves_no_more_than_it_has_shown(
    cast: casts.Company, admin: Caller
) -> None:
    dry = admin("GET", path(cast, "requeue?outcome=refused")).json()
    assert (dry["what"], dry["count"], dry["more"]) == ("no_answer", 1, False)
    assert [one["external_id"] for one in dry["examples"]] == ["m1"]
    assert Item.objects.get(external_id="m1").state == State.REVIEW
    casts.answer_all(cast.task, {"m2": casts.fails()})  # one more comes after the look
    said = {"what": "no_answer", "outcome": "refused", "upto": dry["upto"], "reason": "the model is back"}
    unsaid = admin("POST", path(cast, "requeue"), said | {"reason": " \n"})
    assert (unsaid.status_code, error(unsaid)["where"]) == (422, "/reason")
    assert admin("POST", path(cast, "requeue"), said, Idempotency_Key="once").json() == {"moved": 1}
    assert list(Item.objects.filter(state=State.READY).values_list("external_id", flat=True)) == ["m1"]
    assert admin("POST", path(cast, "requeue"), said, Idempotency_Key="once").json() == {"moved": 1}
    assert admin("POST", path(cast, "requeue"), said).json() == {"moved": 0}
    operation = Operation.objects.get()
    assert (operation.kind, operation.by, operation.reason) == ("requeue", cast.admin, "the model is back")
    assert admin("POST", path(cast, "requeue"), said | {"what": "publications"}).json() == {"moved": 0}


@pytest.mark.parametrize(("query", "where"), [("what=all", "what"), ("outcome='; DROP TABLE x", "outcome")])
def test_a_filter_that_is_none_is_refused(cast: casts.Company, admin: Caller, query: str, where: str) -> None:
    answer = admin("GET", path(cast, f"requeue?{query}"))
    assert (answer.status_code, error(answer)["where"]) == (400, where)
    body = {"what": "no_answer", "upto": 1, "reason": "x"} | dict([query.split("=", 1)])
    assert error(admin("POST", path(cast, "requeue"), body))["where"] == f"/{where}"


def test_who_may_not_see_items_is_told_no_id_of_theirs(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    operator = acts_for(casts.person("olga", role=Role.OPERATOR, of=cast.project))
    (one,) = operator("GET", path(cast, "requeue")).json()["examples"]
    assert one["item"] is not None
    assert one["external_id"] is None
