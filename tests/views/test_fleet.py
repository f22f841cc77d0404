"""The operator's board: who sees what, what it says, and acts that take a reason and move no more than was shown."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from slider import exposition
from slider.flow import circuits, endpoints, operate, presence
from slider.llm.records import Outcome
from slider.models import (
    Decision,
    Delivery,
    Halt,
    Item,
    Operation,
    Parcel,
    Presence,
    Sign,
    Stance,
    State,
    Worker,
)
from slider.queries import fleet, fleet_stuck, fleet_tasks, metrics
from tests import casts

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company(share=1.0)
    casts.one(made.task, "m1", casts.fails())
    casts.bring_in(made.task, {"m2": {"text": "hello"}})
    presence.show(presence.Life("alpha", 7, "work@alpha", "work", made.task.pk, "reader", 3, 2))
    User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    return made


def client(who: User | str) -> Client:
    made = Client()
    made.force_login(User.objects.get(username=who) if isinstance(who, str) else who)
    return made


def stand(cast: casts.Company, who: User | str, **said: str) -> Any:
    return client(who).post(reverse("fleet-task-stand", args=[cast.task.pk]), said)


@pytest.mark.parametrize("role", ["viewer", "reviewer", "tuner"])
def test_who_runs_nothing_of_the_fleet_is_told_whom_to_ask(cast: casts.Company, role: str) -> None:
    mine = client(role)
    answer = mine.get(reverse("fleet"))
    assert answer.status_code == 403
    assert "superusers" in answer.content.decode()
    assert "/fleet/" not in mine.get("/").content.decode()
    for name in ("fleet-task", "fleet-requeue"):
        assert mine.get(reverse(name, args=[cast.task.pk]), {"what": "no_answer"}).status_code == 403
    assert mine.get(reverse("fleet-host", args=["alpha"])).status_code == 404
    for name in ("fleet-task-stand", "fleet-requeue"):
        sent = {"stance": "paused", "reason": "x", "what": "no_answer", "upto": "99999"}
        assert mine.post(reverse(name, args=[cast.task.pk]), sent).status_code == 403
    assert not Operation.objects.exists()


def test_an_endpoint_that_is_out_is_said_on_the_board_and_at_the_task_and_counted(cast: casts.Company) -> None:
    worker = Worker.objects.get(task=cast.task)
    key = circuits.Key(worker.base_url or settings.ENV.OPENAI_BASE_URL, worker.model, worker.key_name)
    before = exposition.text(metrics.families())
    circuits.note(key, [circuits.News(Outcome.SERVER_ERROR, "500: <b>")] * 8, known=circuits.Standing())
    for address in (reverse("fleet"), reverse("fleet-task", args=[cast.task.pk])):
        page = client("root").get(address).content.decode()
        assert "No usable answer since" in page
        assert "500: &lt;b&gt;" in page
    assert (_stopped(before), _stopped(exposition.text(metrics.families()))) == ("0", "1")


def _stopped(text: str) -> str:
    found = re.search(r"^slider_worker_stopped\{.*\} (\S+)$", text, re.MULTILINE)
    assert found
    return found[1]


def test_an_admin_sees_the_tasks_of_their_projects_and_no_machine(cast: casts.Company) -> None:
    page = client(cast.admin).get(reverse("fleet")).content.decode()
    assert "Sort messages" in page
    assert "alpha" not in page
    assert "PostgreSQL" not in page
    assert "Sort messages" not in client(cast.outsider).get(reverse("fleet")).content.decode()


def test_a_superuser_sees_all_without_belonging_to_any_project(cast: casts.Company) -> None:
    root = client("root")
    page = root.get(reverse("fleet")).content.decode()
    assert all(word in page for word in ("Sort messages", "alpha", "PostgreSQL", "Redis"))
    assert root.get(reverse("fleet-task", args=[cast.task.pk])).status_code == 200
    assert root.get(reverse("fleet-host", args=["alpha"])).status_code == 200
    assert root.get(reverse("fleet-task", args=[2**63])).status_code == 404
    dry = root.get(reverse("fleet-requeue", args=[cast.task.pk]), {"what": "no_answer"}).content.decode()
    assert "1 would move" in dry
    assert "m1" not in dry  # whoever does not belong to the project does not read its items


def test_another_projects_task_and_a_machine_do_not_exist_for_its_admin(cast: casts.Company) -> None:
    mine = client(cast.outsider)
    sent = {"stance": "paused", "reason": "mine now", "what": "no_answer", "upto": "99999"}
    for name in ("fleet-task", "fleet-requeue"):
        assert mine.get(reverse(name, args=[cast.task.pk]), {"what": "no_answer"}).status_code == 404
    for name in ("fleet-task-stand", "fleet-requeue"):
        assert mine.post(reverse(name, args=[cast.task.pk]), sent).status_code == 404
    assert mine.post(reverse("fleet-host-stand", args=["alpha"]), sent).status_code == 404
    assert not Operation.objects.exists()
    assert not Halt.objects.exists()


def test_a_person_who_may_no_longer_sign_in_runs_nothing(cast: casts.Company) -> None:
    mine = client("root")
    User.objects.filter(username="root").update(is_active=False)
    assert mine.get(reverse("fleet")).status_code == 302


@pytest.mark.parametrize("profile", ["", "reader"])
def test_a_pause_takes_a_reason_and_says_who_and_why(cast: casts.Company, profile: str) -> None:
    refused = stand(cast, cast.admin, stance="paused", reason=" ", profile=profile)
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert stand(cast, cast.admin, stance="sideways", reason="x", profile=profile).status_code == 422
    assert not Halt.objects.exists()
    done = stand(cast, cast.admin, stance="paused", reason="the prompt <b>is</b> wrong", profile=profile)
    assert done.status_code == 302
    page = client(cast.admin).get(done["Location"]).content.decode()
    assert "admin said so just now: the prompt &lt;b&gt;is&lt;/b&gt; wrong" in page
    assert Operation.objects.get().by == cast.admin
    assert "paused" in client(cast.admin).get(reverse("fleet")).content.decode()
    stand(cast, cast.admin, stance="go", reason="mended", profile=profile)
    assert not Halt.objects.exists()


def test_a_worker_of_no_such_name_is_refused_in_words(cast: casts.Company) -> None:
    assert stand(cast, cast.admin, stance="paused", reason="x", profile="nobody").status_code == 422


def test_a_machine_that_never_said_anything_can_not_be_halted(cast: casts.Company) -> None:
    root = client("root")
    sent = {"stance": "draining", "reason": "a new disk"}
    assert root.post(reverse("fleet-host-stand", args=["beta"]), sent).status_code == 404
    assert root.post(reverse("fleet-host-stand", args=["alpha"]), sent | {"reason": ""}).status_code == 422
    assert root.post(reverse("fleet-host-stand", args=["alpha"]), sent).status_code == 302
    Presence.objects.all().delete()
    page = root.get(reverse("fleet-host", args=["alpha"])).content.decode()  # halted, so it can still be resumed
    assert "a new disk" in page


def test_the_dry_run_changes_nothing_and_the_act_moves_no_more_than_it_has_shown(cast: casts.Company) -> None:
    address = reverse("fleet-requeue", args=[cast.task.pk])
    mine = client(cast.admin)
    dry = mine.get(address, {"what": "no_answer", "outcome": "refused"})
    assert "1 would move" in dry.content.decode()
    assert "m1" in dry.content.decode()
    assert Decision.objects.count() == 1
    upto = dry.context["dry"].upto
    casts.answer_all(cast.task, {"m2": casts.fails()})  # one more comes after the look
    sent = {"what": "no_answer", "outcome": "refused", "upto": str(upto), "reason": "the model is back"}
    assert mine.post(address, sent | {"reason": ""}).status_code == 422
    assert mine.post(address, sent).status_code == 302
    assert list(Item.objects.filter(state=State.READY).values_list("external_id", flat=True)) == ["m1"]
    again = mine.post(address, sent, follow=True).content.decode()
    assert "Nothing moved" in again


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"what": "everything"}, 404),
        ({"outcome": "'; DROP TABLE slider_item"}, 404),
        ({"upto": ""}, 422),
        ({"upto": "-1"}, 422),
        ({"upto": "9" * 19}, 422),
        ({"upto": "²"}, 422),
    ],
)
def test_a_form_that_was_tampered_with_moves_nothing(cast: casts.Company, changes: dict[str, str], status: int) -> None:
    sent = {"what": "no_answer", "outcome": "", "upto": "99999999", "reason": "x"} | changes
    assert client(cast.admin).post(reverse("fleet-requeue", args=[cast.task.pk]), sent).status_code == status
    assert not Operation.objects.exists()


def test_results_that_were_given_up_are_shown_and_sent_again(cast: casts.Company) -> None:
    endpoints.make(cast.task, url="https://receiver.example.org/")
    casts.answer_all(cast.task, {"m2": casts.says({"topic": "other", "urgent": False})})
    Parcel.objects.update(state=Delivery.FAILED, tries=8, last_problem="it said 500")
    mine = client(cast.admin)
    assert "1 result given up" in " ".join(mine.get(reverse("fleet")).content.decode().split())
    address = reverse("fleet-requeue", args=[cast.task.pk])
    dry = mine.get(address, {"what": "publications"})
    assert "given up: it said 500" in dry.content.decode()
    mine.post(address, {"what": "publications", "upto": str(dry.context["dry"].upto), "reason": "it is up again"})
    assert Parcel.objects.get().state == Delivery.DUE


def test_a_page_that_is_open_gets_the_board_alone(cast: casts.Company) -> None:
    piece = client(cast.admin).get(reverse("fleet"), headers={"HX-Request": "true"}).content.decode()
    assert piece.lstrip().startswith('<div id="board"')
    assert "<html" not in piece


def wants(cast: casts.Company) -> str:
    return " ".join(want.words for want in fleet.board(None).wants)


def test_it_says_what_wants_somebody_and_nothing_when_all_is_well(cast: casts.Company) -> None:
    presence.sign("sweep")
    presence.sign("guard")
    assert wants(cast) == ""
    Worker.objects.update(trouble="it refused the key")
    Item.objects.update(created_at=timezone.now() - timedelta(hours=30))
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    Sign.objects.update(at=timezone.now() - timedelta(minutes=5))
    said = wants(cast)
    for words in (
        "stopped by its endpoint: it refused the key",
        "waited for a worker",
        "waited for people",
        "no pump is alive",
        "fell silent",
        "The sweep gives no sign",
        "The guard gives no sign",
    ):
        assert words in said, words


def test_stages_count_every_task_in_reach_and_say_when_they_stopped(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {stage.name: (stage.count, stage.is_more) for stage in fleet.board(None).stages}
    assert counts == {
        "Waiting": (1, False),
        "In work": (0, False),
        "In review": (1, False),
        "Publishing": (0, False),
        "Done today": (0, False),
    }
    monkeypatch.setattr("slider.queries.fleet_tasks.MOST", 1)
    monkeypatch.setattr("slider.queries.fleet_tasks.LEAST", 1)
    assert fleet.board(None).stages[0].is_more
    assert "at least" in client(cast.admin).get(reverse("fleet")).content.decode()


def test_a_lost_process_is_told_apart_from_a_paused_and_a_drained_one(cast: casts.Company) -> None:
    states = []
    operate.stand(operate.Target(host="alpha"), Stance.DRAINING, by=cast.admin.pk, reason="x")
    for change in (
        {},
        {"held": 0},
        {"queues": "sweep,guard", "task": None},
        {"seen_at": timezone.now() - timedelta(60)},
    ):
        Presence.objects.update(**change)
        (host,) = fleet.board(None).machines.hosts  # type: ignore[union-attr]  # None is given: it has machines
        states.append(host.processes[0].state)
    assert states == ["draining", "drained", "idle", "lost"]


def test_the_outcomes_on_the_page_are_those_that_can_be_chosen(cast: casts.Company) -> None:
    found = fleet_stuck.outcomes(cast.task.pk)
    assert [(one.outcome, one.count, one.words) for one in found] == [("refused", 1, "the model refused")]
    assert fleet_stuck.dry(cast.task.pk, "no_answer", outcome="refused").count == 1
    assert fleet_stuck.dry(cast.task.pk, "no_answer", outcome="timeout").count == 0


def test_a_hundred_tasks_take_no_more_statements_than_one(
    cast: casts.Company, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        casts.task(cast.project, by=cast.admin, name=f"Task {number}", slug=f"task-{number}")
    with django_assert_max_num_queries(30):
        fleet.board(None)


def test_the_oldest_that_waits_is_found_without_walking_over_what_is_done(cast: casts.Company) -> None:
    casts.bring_in(cast.task, {f"w{n}": {"text": "hello"} for n in range(300)})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE slider_item")
        cursor.execute("SET LOCAL enable_sort = off")  # few rows are as cheap to sort; many are not
        values: dict[str, Any] = {"most": 100, "few": 100, "tasks": [cast.task.pk]}
        cursor.execute(f"EXPLAIN {fleet_tasks._BACKLOGS}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("Backward using item_by_state") == 3
