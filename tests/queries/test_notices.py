"""Banners go to those who answer for a slider, until each has put them away; reviewers hear nothing of audits."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection

from slider.flow import notices as flow
from slider.models import Letter, Membership, NoticeKind, Post
from slider.queries import notices
from tests import casts

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    flow.tell(made.task.pk, NoticeKind.SUSPICION, "Audits are dense now")
    flow.tell(made.task.pk, NoticeKind.PULLED_BACK, "9 of 40 were wrong")
    return made


def told(user: User) -> list[str]:
    return [notice.kind for notice in notices.unseen(user).notices]


def test_each_role_hears_what_it_may(cast: casts.Company) -> None:
    assert told(cast.tuner) == told(cast.admin) == ["pulled_back", "suspicion"]
    assert told(cast.reviewer) == ["pulled_back"]
    assert told(cast.viewer) == told(cast.outsider) == []
    assert notices.unseen(AnonymousUser()).notices == ()


def test_putting_away_is_for_oneself_alone(cast: casts.Company) -> None:
    flow.see(notices.unseen(cast.tuner).notices[0].pk, user_id=cast.tuner.pk)
    assert told(cast.tuner) == ["suspicion"]
    assert told(cast.admin) == ["pulled_back", "suspicion"]


def test_old_news_is_past(cast: casts.Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE slider_notice SET created_at = now() - interval '31 days' WHERE kind = 'suspicion'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert told(cast.tuner) == ["pulled_back"]
    assert len(notices.past(cast.task, cast.tuner.pk, blind=False, before=None).notices) == 2


def test_a_role_that_was_taken_away_hears_nothing(cast: casts.Company) -> None:
    Membership.objects.filter(user=cast.tuner).delete()
    assert told(cast.tuner) == []


def test_a_page_of_a_project_shows_that_project(cast: casts.Company) -> None:
    other = casts.company(prefix="other ")
    Membership.objects.create(project=other.project, user=cast.tuner, role="tuner")
    flow.tell(other.task.pk, NoticeKind.RELEASED, "It is mended")
    assert len(notices.unseen(cast.tuner).notices) == 3
    assert [n.kind for n in notices.unseen(cast.tuner, project=other.project).notices] == ["released"]


def test_many_are_counted_and_not_piled_up(cast: casts.Company) -> None:
    for n in range(5):
        flow.tell(cast.task.pk, NoticeKind.CLEARED, f"Number {n}")
    banners = notices.unseen(cast.tuner)
    assert (len(banners.notices), banners.more) == (3, 4)


def test_the_key_changes_with_what_is_shown(cast: casts.Company) -> None:
    before = notices.unseen(cast.tuner).key
    assert notices.unseen(cast.tuner).key == before
    flow.tell(cast.task.pk, NoticeKind.CLEARED, "All is well")
    assert notices.unseen(cast.tuner).key != before


def test_the_past_is_paged_and_blind_where_it_must_be(cast: casts.Company) -> None:
    for n in range(notices.PAGE):
        flow.tell(cast.task.pk, NoticeKind.SUSPICION, f"Number {n}")
    first = notices.past(cast.task, cast.tuner.pk, blind=False, before=None)
    assert len(first.notices) == notices.PAGE
    rest = notices.past(cast.task, cast.tuner.pk, blind=False, before=first.older)
    assert [notice.kind for notice in rest.notices] == ["pulled_back", "suspicion"]
    blind = notices.past(cast.task, cast.reviewer.pk, blind=True, before=None)
    assert [notice.kind for notice in blind.notices] == ["pulled_back"]


def test_a_mail_that_was_given_up_is_said(cast: casts.Company) -> None:
    notice = notices.unseen(cast.tuner).notices[0]
    Letter.objects.create(notice=notice, to=cast.admin, state=Post.FAILED, last_problem="550 no such user")
    page = notices.past(cast.task, cast.tuner.pk, blind=False, before=None)
    assert page.unsent == {notice.pk: "550 no such user"}
