"""What is done is in the log when it is done, with who did it; and what was not done in the end is not."""

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from slider.flow import endpoints, intake, keys, operate, requeue, setup, steer, undo
from slider.flow.operate import Target
from slider.models import Entry, Export, Item, Kind, Link, Membership, Mode, Role, Scope, Stance, Verdict
from slider.models.project import RIGHTS
from tests import casts, files_out, logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company(undo_s=60)
    logs.link_now()
    return made


def newest(kind: Kind) -> Entry:
    return Entry.objects.filter(kind=kind).latest("pk")


def client(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def test_a_batch_of_decisions_is_one_entry(cast: casts.Company) -> None:
    before = Entry.objects.filter(kind=Kind.DECISION).count()
    names = [f"m{n}" for n in range(7)]
    answers = {name: casts.says({"topic": "refund", "urgent": False}) for name in names}
    casts.route_all(cast.task, answers, bodies={name: {"text": name} for name in names})
    assert Entry.objects.filter(kind=Kind.DECISION).count() == before + 1
    entry = newest(Kind.DECISION)
    assert (entry.chain, entry.task_id, entry.project_id) == (f"task {cast.task.pk}", cast.task.pk, cast.project.pk)
    assert {name: entry.facts[name] for name in ("rows", "first", "last", "op")} == {
        "rows": 7, "first": 0, "last": 6, "op": "came",
    }  # fmt: skip
    assert entry.digests is not None
    assert len(entry.digests) == 7 * 40


def test_what_runs_unattended_is_told_with_its_results(cast: casts.Company) -> None:
    item = casts.audited(cast.task, "a1")
    assert newest(Kind.DECISION).facts["unattended"] == 1
    entry = newest(Kind.RESULT)
    assert (entry.facts["item"], entry.facts["number"], entry.facts["ending"]) == (item.pk, 1, "unattended")


def test_a_verdict_names_its_person_and_holds_no_contents(cast: casts.Company) -> None:
    casts.one(cast.task, "m1")
    said = {"topic": "account", "urgent": True, "reply": "Dear Mrs Robinson"}
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=said, note="a note on Mrs Robinson")
    entry = newest(Kind.VERDICT)
    assert (entry.by_id, entry.facts["verdict"], entry.facts["op"]) == (cast.reviewer.pk, "fix", "came")
    everything = json.dumps(list(Entry.objects.values_list("facts", flat=True)))
    assert "Robinson" not in everything


def test_a_verdict_taken_back_is_told_as_gone_and_so_is_its_result(cast: casts.Company) -> None:
    casts.one(cast.task, "m1")
    look = casts.decide(cast.reviewer, cast.task)
    undo.undo(look.pk, user_id=cast.reviewer.pk, token=look.token, lease_s=60)
    assert newest(Kind.VERDICT).facts["op"] == "gone"
    assert newest(Kind.RESULT).facts["op"] == "gone"
    assert logs.found() == []


def test_who_moves_the_slider_is_told_with_what_they_asked(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="a quiet week", by=cast.tuner.pk)
    entry = newest(Kind.SLIDER)
    assert (entry.by_id, entry.facts["set"]["requested"], entry.facts["set"]["reason"]) == (
        cast.tuner.pk, 0.4, "a quiet week",
    )  # fmt: skip


def test_what_did_not_happen_is_not_told(cast: casts.Company) -> None:
    before = Entry.objects.count(), Link.objects.count()
    with transaction.atomic():
        steer.pull_back(cast.task.pk, reason="no", by=cast.tuner.pk)
        transaction.set_rollback(True)
    assert (Entry.objects.count(), Link.objects.count()) == before


def test_an_item_withdrawn_is_told(cast: casts.Company) -> None:
    (item,) = casts.bring_in(cast.task, {"w1": {"text": "a letter"}})
    intake.withdraw(item.pk, by=cast.admin.pk, reason="withdrawn: twice")
    assert newest(Kind.ITEM).facts["row"] == item.pk
    assert logs.found() == []


def test_keys_are_told_without_what_opens_anything(cast: casts.Company) -> None:
    made = keys.make(cast.project, name="crm", scopes=[Scope.READ], expires_at=None, by=cast.admin.pk)
    entry = newest(Kind.KEY)
    assert (entry.by_id, entry.chain, entry.facts["set"]["name"]) == (
        cast.admin.pk,
        f"project {cast.project.pk}",
        "crm",
    )
    assert entry.facts["set"]["digest"].startswith("sha256:")
    keys.used(made.key)
    assert newest(Kind.KEY) == entry, "that a key is used is no change of it"
    assert keys.revoke(made.key)
    assert newest(Kind.KEY).facts["was"] == {"revoked_at": None}


def test_a_secret_that_is_made_anew_is_told_as_another_and_not_shown(cast: casts.Company) -> None:
    made = endpoints.make(cast.task, url="https://example.org/hook")
    secrets = [made.new_secret, made.endpoint.secret]
    assert newest(Kind.SETTING).facts["table"] == "endpoint"
    for _ in range(2):
        assert not any(one in json.dumps(newest(Kind.SETTING).facts) for one in secrets)
        assert newest(Kind.SETTING).facts["set"]["secret"].startswith("sha256:")
        renewed = endpoints.rotate(made.endpoint)
        secrets += [renewed.new_secret, renewed.endpoint.secret]
    assert newest(Kind.SETTING).facts["was"]["old_secret"].startswith("sha256:")


def test_settings_are_told_with_what_they_were(cast: casts.Company) -> None:
    task = cast.task
    task.audit_floor, task.name = 0.25, "Sort letters"
    setup.save_task(task, by=cast.tuner.pk)
    entry = newest(Kind.SETTING)
    assert entry.facts["set"] == {"audit_floor": 0.25, "name": "Sort letters"}
    assert entry.facts["was"] == {"audit_floor": 0.0625, "name": "Sort messages"}


def test_a_role_given_by_the_admin_is_told_with_who_gave_it(cast: casts.Company) -> None:
    root = User.objects.create_superuser("root", "root@example.org", casts.PASSWORD)
    member = Membership.objects.get(user=cast.viewer)
    sent = {"project": cast.project.pk, "user": cast.viewer.pk, "role": "auditor", "skills": "[]"}
    answer = client(root).post(reverse("admin:slider_membership_change", args=[member.pk]), sent)
    assert answer.status_code == 302
    entry = newest(Kind.ROLE)
    assert (entry.by_id, entry.via, entry.facts["set"], entry.facts["was"]) == (
        root.pk, "web", {"role": "auditor"}, {"role": "viewer"},
    )  # fmt: skip
    assert entry.facts["of"] == cast.viewer.pk
    ((by, via),) = logs.sql("SELECT current_setting('slider.by'), current_setting('slider.via')")
    assert (by, via) == ("", "program"), "the session acts for nobody once the page is answered"


def test_an_operators_act_is_told(cast: casts.Company) -> None:
    operate.stand(Target(cast.task.pk), Stance.PAUSED, by=cast.admin.pk, reason="a new model")
    newest_three = Entry.objects.order_by("-pk")[:3]
    kinds = [entry.facts["table"] for entry in newest_three]
    assert sorted(kinds) == ["halt", "operation", "task"]
    assert newest(Kind.OPERATION).by_id == cast.admin.pk
    operate.stand(Target(host="pump-1"), Stance.PAUSED, by=cast.admin.pk, reason="a new disk")
    assert newest(Kind.OPERATION).chain == "site"


def test_a_decision_taken_away_is_told_as_gone(cast: casts.Company) -> None:
    item = casts.one(cast.task, "n1", casts.fails())
    order = requeue.Order(cast.task.pk, upto=item.pk, by=cast.admin.pk, reason="the endpoint was down")
    assert requeue.no_answer(order) == 1
    assert newest(Kind.DECISION).facts["op"] == "gone"
    assert logs.found() == []
    casts.answer_all(cast.task, {"n1": casts.says({"topic": "refund", "urgent": False})})
    assert newest(Kind.DECISION).facts["op"] == "came"
    assert logs.found() == []


def test_an_account_is_told_without_its_names_and_words(cast: casts.Company) -> None:
    User.objects.create_user("lena", "lena@example.org", casts.PASSWORD, first_name="Lena", last_name="Lovelace")
    entry = newest(Kind.PERSON)
    assert entry.chain == "site"
    assert not {"lena", "Lena", "Lovelace", "lena@example.org"} & set(map(str, entry.facts["set"].values()))


class TestTheDoor:
    def sign_in(self, name: str, password: str) -> Any:
        return Client(REMOTE_ADDR="192.0.2.7").post(reverse("login"), {"username": name, "password": password})

    def test_a_sign_in_is_told(self, cast: casts.Company) -> None:
        assert self.sign_in("tuner", casts.PASSWORD).status_code == 302
        entry = newest(Kind.SIGN_IN)
        assert (entry.by_id, entry.facts, entry.chain) == (cast.tuner.pk, {"from": "192.0.2.7"}, "site")

    def test_it_tells_where_from_as_our_own_proxy_says_and_nobody_else(
        self, cast: casts.Company, settings: Settings
    ) -> None:
        settings.ENV = settings.ENV.model_copy(update={"SLIDER_TRUSTED_PROXIES": ["192.0.2.0/24"]})
        sent = {"username": "tuner", "password": "wrong"}
        for near, first in (("192.0.2.7", "198.51.100.4"), ("203.0.113.9", "203.0.113.9")):
            said = {"X-Forwarded-For": "10.9.9.9, 198.51.100.4"}
            Client(REMOTE_ADDR=near).post(reverse("login"), sent, headers=said)
            assert newest(Kind.REFUSED).facts["from"] == first

    def test_a_wrong_password_is_told_and_not_kept(self, cast: casts.Company) -> None:
        assert self.sign_in("tuner", "my other password").status_code == 200
        entry = newest(Kind.REFUSED)
        assert (entry.by_id, entry.facts) == (None, {"from": "192.0.2.7", "name_of": cast.tuner.pk})

    def test_what_was_typed_as_a_name_is_not_kept(self, cast: casts.Company) -> None:
        self.sign_in("correct horse battery", "tuner")
        assert newest(Kind.REFUSED).facts == {"from": "192.0.2.7", "name_of": None}

    def test_a_name_that_no_database_can_hold_is_refused_like_any(self, cast: casts.Company) -> None:
        before = Entry.objects.filter(kind=Kind.REFUSED).count()
        assert self.sign_in("nul\x00", "tuner").status_code == 200
        assert Entry.objects.filter(kind=Kind.REFUSED).count() <= before + 1

    def test_a_sign_out_is_told(self, cast: casts.Company) -> None:
        assert client(cast.tuner).post(reverse("logout")).status_code == 302
        assert newest(Kind.SIGN_OUT).by_id == cast.tuner.pk


def test_an_export_is_told_from_its_wish_to_each_download(cast: casts.Company) -> None:
    casts.one(cast.task, "m1")
    address = reverse("export", args=[cast.task.pk])
    sent = {"format": "jsonl", "state": "review", "parts": ["state"]}
    assert client(cast.tuner).post(address, sent).status_code == 302
    made = files_out.run(Export.objects.get())
    told = {"what": "items", "export": made.pk, "format": "jsonl", "narrowed": {"state": "review"}, "parts": ["state"]}
    client(cast.admin).post(reverse("export-file", args=[made.pk]))
    content = files_out.content(made)
    entries = Entry.objects.filter(kind=Kind.EXPORT).order_by("pk")
    assert [(entry.by_id, entry.task_id, entry.facts) for entry in entries] == [
        (cast.tuner.pk, cast.task.pk, told | {"op": "asked"}),
        (
            cast.tuner.pk,
            cast.task.pk,
            told | {"op": "made", "rows": 1, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        ),
        (cast.admin.pk, cast.task.pk, told | {"op": "taken"}),
    ]
    client(cast.tuner).post(reverse("export-cancel", args=[made.pk]))
    assert (newest(Kind.EXPORT).by_id, newest(Kind.EXPORT).facts["op"]) == (cast.tuner.pk, "dropped")


def test_a_program_is_named_by_its_key(cast: casts.Company) -> None:
    made = keys.make(cast.project, name="crm", scopes=[Scope.INTAKE], expires_at=None, by=cast.admin.pk)
    headers = {"Authorization": f"Bearer {made.whole}"}
    sent = {"items": [{"external_id": "k1", "input": {"text": "a letter"}}]}
    answer = Client().post(
        f"/api/v1/tasks/{cast.task.slug}/items", json.dumps(sent), content_type="application/json", headers=headers
    )
    assert answer.status_code < 300, answer.content
    assert Item.objects.filter(external_id="k1").exists()
    ((via,),) = logs.sql("SELECT current_setting('slider.via')")
    assert via == "program", "the next request of this connection is another's"


def test_an_auditor_is_a_role_that_decides_nothing() -> None:
    assert RIGHTS[Role.AUDITOR] == {"see", "see items", "see log"}
