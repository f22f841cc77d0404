"""The rows themselves are held against the log: who edits a decision, and leaves the log alone, is found as well."""

from typing import Any

import pytest
from django.db import transaction

from slider.flow import keys, steer
from slider.models import Decision, Membership, Mode, Policy, Publication, Review, Scope, Verdict
from slider.queries import chain
from slider.queries.recorded import Recorded
from tests import casts, logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    """A company in which something of everything was done."""
    made = casts.company(share=0.0, mode=Mode.TRIAL, undo_s=0)
    casts.one(made.task, "m1")
    casts.decide(made.reviewer, made.task, verdict=Verdict.ACCEPT)
    casts.audited(made.task, "a1")
    casts.one(made.task, "m2")
    steer.apply(made.task.pk, share=0.2, mode=Mode.TRIAL, reason="because", by=made.tuner.pk)
    keys.make(made.project, name="a program", scopes=[Scope.READ], expires_at=None, by=made.admin.pk)
    logs.link_now()
    return made


def test_what_nobody_touched_is_as_the_log_says(cast: casts.Company) -> None:
    recorded = Recorded()
    walked = chain.walk(recorded.see)
    assert [*walked.problems, *recorded.problems()] == []
    assert recorded.rows > 20


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE slider_decision SET lane = 'people', why = 'hard', audit = false WHERE item_id = {item}", "decision"),
        ("UPDATE slider_decision SET p_correct = p_correct + 1e-12 WHERE item_id = {item}", "decision"),
        ("UPDATE slider_decision SET created_at = created_at + interval '1 us' WHERE item_id = {item}", "decision"),
        ("UPDATE slider_decision SET attempt_id = NULL WHERE item_id = {item}", "decision"),
        ("DELETE FROM slider_decision WHERE item_id = {item}", "decision"),
        ("UPDATE slider_publication SET answer = '{{\"topic\": \"other\"}}' WHERE id = {result}", "publication"),
        ("UPDATE slider_publication SET webhook_id = gen_random_uuid() WHERE id = {result}", "publication"),
        ("DELETE FROM slider_publication WHERE id = {result}", "publication"),
        ("UPDATE slider_review SET verdict = 'reject' WHERE id = {look}", "review"),
        ("UPDATE slider_review SET note = 'never said' WHERE id = {look}", "review"),
        ("UPDATE slider_review SET holder_id = {other} WHERE id = {look}", "review"),
        ("UPDATE slider_policy SET requested = 0.9 WHERE id = {policy}", "policy"),
        ("UPDATE slider_policy SET certificate = '{{\"a\": 1}}' WHERE id = {policy}", "policy"),
        ("UPDATE slider_policy SET made_by_id = {other} WHERE id = {policy}", "policy"),
        ("DELETE FROM slider_policy WHERE id = {policy}", "policy"),
        ("UPDATE slider_membership SET role = 'admin' WHERE id = {member}", "membership"),
        ("UPDATE slider_task SET error_limit = 0.4 WHERE id = {task}", "task"),
        ("UPDATE slider_task SET coin_secret = '\\x00' WHERE id = {task}", "task"),
        ("UPDATE slider_worker SET instructions = 'Say yes' WHERE task_id = {task}", "worker"),
        ("UPDATE slider_apikey SET revoked_at = NULL, expires_at = now() WHERE project_id = {project}", "apikey"),
        ("UPDATE slider_apikey SET digest = '\\x01' WHERE project_id = {project}", "apikey"),
        ("UPDATE auth_user SET is_superuser = true WHERE id = {other}", "auth_user"),
        ("UPDATE auth_user SET password = 'mine' WHERE id = {other}", "auth_user"),
        ("INSERT INTO slider_membership (project_id, user_id, role, skills) VALUES ({project}, {outsider}, 'admin', '[]')", "membership"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_row_that_was_changed_past_the_log_is_named(cast: casts.Company, statement: str, table: str) -> None:
    look = Review.objects.filter(state="decided").latest("pk")
    known: dict[str, Any] = {
        "item": Decision.objects.filter(audit=True).latest("pk").pk,
        "result": Publication.objects.latest("pk").pk,
        "look": look.pk,
        "other": cast.colleague.pk,
        "policy": Policy.objects.filter(task=cast.task).latest("pk").pk,
        "member": Membership.objects.get(user=cast.viewer).pk,
        "task": cast.task.pk,
        "project": cast.project.pk,
        "outsider": cast.outsider.pk,
    }
    with logs.tampered((statement.format(**known), ())):
        problems = logs.found()
        assert problems, f"nobody found: {statement}"
        name = table if table == "auth_user" else f"slider_{table}"
        assert all(f"of {name} " in one.what for one in problems), problems
    assert logs.found() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE slider_task SET paused = true",
        "UPDATE slider_membership SET role = 'viewer' WHERE role = 'reviewer'",
        "DELETE FROM slider_membership WHERE role = 'viewer'",
        "UPDATE slider_apikey SET last_used_at = now()",
        "UPDATE slider_review SET verdict = '', decided_at = NULL, undo_until = NULL, state = 'void' WHERE verdict > ''",  # noqa: E501
        "UPDATE auth_user SET last_login = now()",
        "DELETE FROM slider_publication WHERE due_at > clock_timestamp()",
    ],
)
def test_what_is_changed_where_the_log_can_see_it_is_whole(cast: casts.Company, statement: str) -> None:
    """By whatever code, or by hand: the entry is there with the change, and the two agree."""
    logs.sql(statement)
    assert logs.found() == []


def test_a_change_by_hand_is_told_as_one(cast: casts.Company) -> None:
    logs.sql("SELECT set_config('slider.via', '', true)")
    logs.sql("UPDATE slider_membership SET role = 'admin' WHERE user_id = %s", cast.viewer.pk)
    ((via, facts),) = logs.sql("SELECT via, facts FROM slider_entry ORDER BY id DESC LIMIT 1")
    assert via == ""
    assert '"viewer"' in facts
    assert '"admin"' in facts


def test_a_row_that_came_past_the_log_is_found_among_many(cast: casts.Company) -> None:
    columns = "item_id, task_id, number, webhook_id, ending, reason, created_at, due_at"
    item = Decision.objects.latest("pk").pk
    put = (
        f"INSERT INTO slider_publication ({columns}) SELECT item_id, task_id, 9, gen_random_uuid(), ending, '', now(), "
        f"now() FROM slider_publication LIMIT 1"
    )
    with logs.tampered((put, ())):
        (problem,) = logs.found()
        assert "slider_publication came past the log" in problem.what
    assert item


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER TABLE slider_policy DISABLE TRIGGER policy_told", "a trigger of slider_policy is off"),
        ("DROP TRIGGER membership_told ON slider_membership", "slider_membership has no trigger of the log any more"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_trigger_that_is_off_is_said(statement: str, words: str) -> None:
    with transaction.atomic():
        logs.sql(statement)
        assert words in [one.what for one in logs.found()]
        transaction.set_rollback(True)


def test_each_row_that_a_log_says_is_gone_must_be_gone(cast: casts.Company) -> None:
    member = Membership.objects.get(user=cast.viewer)
    pk = member.pk
    member.delete()
    put = "INSERT INTO slider_membership (id, project_id, user_id, role, skills) VALUES (%s, %s, %s, 'viewer', '[]')"
    with logs.tampered((put, (pk, cast.project.pk, cast.viewer.pk))):
        (problem,) = logs.found()
        assert "the log says that it is gone" in problem.what
