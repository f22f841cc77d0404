"""What the frame counts for a person is what the claim would give them, look by look."""

import itertools

import pytest
from django.contrib.auth.models import User
from django.db import connection

from slider.models import Decline, Membership, Review, ReviewKind, ReviewState, Role
from slider.queries import frame
from tests import casts

pytestmark = pytest.mark.django_db


def given_by_the_rule(who: User) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM slider_review r JOIN slider_task t ON t.id = r.task_id
            JOIN slider_membership m ON m.project_id = t.project_id AND m.user_id = %(who)s
            WHERE r.state = 'open' AND slider_may_look(r, %(who)s)
            """,
            {"who": who.pk},
        )
        (count,) = cursor.fetchone()
    return int(count)


def test_it_counts_by_the_rule_of_the_claim() -> None:
    cast = casts.company()
    skills: tuple[list[str] | None, ...] = (None, ["german"], ["german", "legal"])
    assignees = (None, cast.reviewer, cast.colleague)
    mixed = list(itertools.product(skills, assignees, (False, True), (False, True)))
    for n, (skill, assignee, for_lead, declined) in enumerate(mixed):
        item = casts.one(cast.task, f"m{n}")
        looks = Review.objects.filter(item=item)
        looks.update(skills=skill, assignee=assignee, for_lead=for_lead, declined=declined)
        if declined:
            Decline.objects.create(review=looks.get(), user=cast.reviewer)
    known = Review(item=casts.one(cast.task, "known"), task=cast.task, kind=ReviewKind.KNOWN)
    known.turn = Review.objects.filter(state=ReviewState.OPEN).latest("turn").turn
    known.save()
    Membership.objects.filter(user=cast.colleague).update(skills=["german"])
    seen = set()
    for who in (cast.reviewer, cast.colleague, casts.person("lead", role=Role.LEAD, of=cast.project)):
        assert frame.desk(who).count == given_by_the_rule(who) > 0
        seen.add(frame.desk(who).count)
    assert len(seen) > 1


def test_a_stranger_reviews_nothing_and_hears_of_nothing() -> None:
    cast = casts.company()
    casts.one(cast.task)
    assert frame.desk(User.objects.create_user("stranger")) == frame.Desk(may_review=False, count=0)


def test_counting_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    for n in range(4):
        casts.one(cast.task, f"m{n}")
    monkeypatch.setattr(frame, "MANY", 3)
    assert (frame.desk(cast.reviewer).count, frame.desk(cast.reviewer).text) == (3, "2+")
