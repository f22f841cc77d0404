"""One rule says who may take which look, and the claim, the count and the database keep to it."""

import pytest
from django.db import connection

from slider.flow import handing, review
from slider.flow.review import Said
from slider.models import Membership, Review, ReviewKind, ReviewState, Role, Task, Verdict
from slider.models.project import RIGHTS
from slider.queries import desk, frame, offered
from tests import casts
from tests.casts import Company
from tests.flow.handing_steps import may, taken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.mark.parametrize("role", list(Role))
def test_the_rule_in_the_database_knows_who_leads(cast: Company, role: Role) -> None:
    casts.one(cast.task)
    who = casts.person("somebody", role=role, of=cast.project)
    look = Review.objects.get()
    Review.objects.update(for_lead=True)
    assert may(who, look) == ("lead" in RIGHTS[role])


def test_a_look_that_takes_skills_goes_to_who_has_all_of_them(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german", "legal"])
    cast.task.refresh_from_db()
    casts.one(cast.task)
    look = Review.objects.get()
    assert look.skills == ["german", "legal"]
    for known, expected in ([], False), (["german"], False), (["german", "legal", "other"], True):
        Membership.objects.filter(user=cast.reviewer).update(skills=known)
        assert may(cast.reviewer, look) is expected
        assert desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[]).open == int(expected)
        assert frame.desk(cast.reviewer).count == int(expected)
    assert taken(cast.colleague, cast.task) is None
    assert taken(cast.reviewer, cast.task) is not None


def test_skills_are_those_of_the_same_project(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    casts.one(cast.task)
    elsewhere = casts.project("Another")
    Membership.objects.create(project=elsewhere, user=cast.reviewer, role=Role.REVIEWER, skills=["german"])
    assert not may(cast.reviewer, Review.objects.get())


def test_the_value_of_a_field_names_a_skill(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skill_field="channel")
    cast.task.refresh_from_db()
    casts.one(cast.task, "m1", channel="chat")
    casts.one(cast.task, "m2")
    looks = Review.objects.order_by("pk").values_list("skills", flat=True)
    assert list(looks) == [["chat"], None]


def test_an_audit_takes_the_same_skills_as_a_gate(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    casts.audited(cast.task)
    assert Review.objects.get(kind=ReviewKind.AUDIT).skills == ["german"]


def test_a_skip_lasts_over_all_looks_at_the_item() -> None:
    cast = casts.company(looks=2)
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    for look in Review.objects.filter(kind=ReviewKind.PEER):
        assert not may(cast.reviewer, look)
    casts.decide(cast.colleague, cast.task)
    assert taken(cast.reviewer, cast.task) is None
    assert desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[]).skipped == 1


def test_the_rule_is_written_into_the_statement_that_asks(cast: Company) -> None:
    """A look that asks for nothing costs no call: the function itself is gone from the plan."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (VERBOSE) SELECT FROM slider_review r WHERE slider_may_look(r, 1)")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "CASE WHEN" in plan
    assert "slider_may_look(r.*" not in plan


def test_the_claim_and_the_count_agree_on_every_look() -> None:
    """Whatever a look asks for: what is offered to a person is what they can take, one after the other."""
    cast = casts.company(looks=2)
    lead = casts.person("lead", role=Role.LEAD, of=cast.project)
    for n in range(6):
        casts.one(cast.task, f"m{n}")
    peers = list(Review.objects.filter(kind=ReviewKind.PEER).order_by("item_id", "slot"))
    handing.assign(peers[0].pk, to=cast.colleague.pk, by=lead.pk)
    handing.assign(peers[3].pk, to=cast.reviewer.pk, by=lead.pk)
    Review.objects.filter(pk=peers[4].pk).update(for_lead=True)
    Review.objects.filter(item_id=peers[6].item_id).update(skills=["german"])
    for who in (cast.reviewer, cast.colleague, lead, cast.admin):
        while True:
            found = set(Review.objects.filter(offered.to(who.pk), state=ReviewState.OPEN).values_list("pk", flat=True))
            held = taken(who, cast.task)
            if held is None:
                assert found == set()
                break
            assert held.pk in found
            review.decide(held.pk, user_id=who.pk, token=held.token, said=Said(Verdict.ACCEPT))
