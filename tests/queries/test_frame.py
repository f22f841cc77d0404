"""What the frame counts for a person is what the claim would give them, look by look."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from slider.models import Decline, Membership, Review, ReviewKind, ReviewState, Role
from slider.queries import frame, offered
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


def test_counting_asks_of_so_many_looks_and_says_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company()
    monkeypatch.setattr(offered, "SCANNED", 3)
    for n in range(5):
        casts.one(cast.task, f"m{n}")
    looks = list(Review.objects.order_by("turn").values_list("pk", flat=True))
    Review.objects.filter(pk__in=looks[:2]).update(skills=["german"])
    assert (frame.desk(cast.reviewer).count, frame.desk(cast.reviewer).text) == (1, "1+")
    Review.objects.filter(pk=looks[2]).update(skills=["german"])
    assert (frame.desk(cast.reviewer).count, frame.desk(cast.reviewer).text) == (0, "0")
    assert frame.desk(cast.reviewer).more
    monkeypatch.setattr(offered, "SCANNED", 5)
    assert frame.desk(cast.reviewer) == frame.Desk(may_review=True, count=2)


def test_counting_for_somebody_who_lacks_a_skill_reads_no_more_than_the_first_looks_of_a_task() -> None:
    """However many there are: the plan itself says how many rows it has read."""
    cast = casts.company()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO slider_review (item_id, task_id, kind, slot, state, token, verdict, reason, note, skills,
                                       created_at, turn)
            SELECT -n, %s, 'gate', 1, 'open', 0, '', '', '', '["sumerian"]', now(), now() + n * interval '1 second'
            FROM generate_series(1, 12000) AS rows(n)
            """,
            [cast.task.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE slider_review")
        told = frame._WAITING.format(many=frame.MANY, scanned=offered.SCANNED)
        values: dict[str, Any] = {"user": cast.reviewer.pk, "roles": frame._REVIEWING}
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {told}", values)
        ((plan,),) = cursor.fetchall()
    read = [node["Actual Rows"] for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "slider_review"]
    assert 0 < max(read) <= offered.SCANNED + 1
    assert frame.desk(cast.reviewer).count == 0


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)
