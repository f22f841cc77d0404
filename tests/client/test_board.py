"""The client on the operator's board and the lead's page, with known answers, like items and notices: typed."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import User

from slider.client import Client, Refused
from slider.flow import notices, presence
from slider.models import Halt, NoticeKind, Task, Verdict
from tests import casts
from tests.flow.test_together import gates

Clients = Callable[[User], Client]


def test_the_fleet_is_run(cast: casts.Company, client_of: Clients) -> None:
    admin, slug = client_of(cast.admin), cast.task.slug
    casts.one(cast.task, "m1", casts.fails())
    presence.show(presence.Life("alpha/1", 7, "work@alpha", "work"))
    assert admin.fleet.board()["tasks"][0]["no_answer"] == 1
    paused = admin.fleet.pause(slug, reason="a move", worker="reader")
    assert (paused.changed, paused.stance, paused.halt.reason if paused.halt else "") == (True, "paused", "a move")
    assert admin.fleet.drain(slug, reason="a move").stance == "draining"
    assert admin.fleet.task(slug)["stance"] == "draining"
    for worker in ("", "reader"):
        assert admin.fleet.resume(slug, reason="moved", worker=worker).halt is None
    dry = admin.fleet.would_requeue(slug, outcome="refused")
    assert (dry.count, [one.external_id for one in dry.examples]) == (1, ["m1"])
    assert admin.fleet.requeue(slug, upto=dry.upto, reason="it is back") == 1
    with pytest.raises(Refused) as caught:
        admin.fleet.host("alpha")
    assert caught.value.status == 404
    User.objects.filter(pk=cast.admin.pk).update(is_superuser=True)
    Halt.objects.create(host="alpha", stance="paused", reason="x", by=cast.admin)
    assert admin.fleet.host("alpha")["halt"]["reason"] == "x"
    assert admin.fleet.stand_host("alpha", "go", reason="a new disk").changed


def test_a_lead_gives_looks_and_answers_flags(cast: casts.Company, client_of: Clients) -> None:
    lead, anna, slug = client_of(cast.admin), client_of(cast.reviewer), cast.task.slug
    item = casts.one(cast.task)
    look = anna.reviews.next(slug)
    assert look is not None
    (held,) = lead.lead.figures(slug)["held"]
    lead.lead.release(held["id"], held["token"], reason="she is away")
    lead.lead.assign(look.id, "reviewer", note="Yours.")
    assert [one.assignee for one in lead.lead.looks(item.pk)] == ["reviewer"]
    again = anna.reviews.next(slug)
    assert again is not None
    anna.reviews.give(again, "Ours?", to_lead=True)
    (flag,) = lead.lead.flags(slug)
    assert (flag.id, flag.note, isinstance(flag.at, datetime)) == (look.id, "Ours?", True)
    assert lead.lead.answer_flag(flag.id).id == look.id
    with pytest.raises(Refused) as caught:
        lead.lead.take_off_flag(flag.id, note="Refund it.")
    assert caught.value.code == "no_flag"


def test_known_answers_and_the_people_who_review(cast: casts.Company, client_of: Clients) -> None:
    admin, slug = client_of(cast.admin), cast.task.slug
    Task.objects.filter(pk=cast.task.pk).update(second_rate=1.0)
    cast.task.refresh_from_db()
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.REJECT, reason="invented")
    (split,) = admin.reviewers.team(slug)["splits"]
    admin.reviewers.settle(split["id"], stands="first", words="It is a refund.")
    assert admin.reviewers.mark_known(item.pk, draft_right=True, words="It is.").by == "admin"
    admin.reviewers.retire_known(item.pk)
    admin.reviewers.let_in(slug, cast.colleague.pk)
    assert client_of(cast.colleague).reviewers.mine()["lessons"] == []


def test_like_items_are_decided_in_one_go(cast: casts.Company, client_of: Clients) -> None:
    Task.objects.filter(pk=cast.task.pk).update(undo_s=60)
    cast.task.refresh_from_db()
    ids, anna, slug = [one.pk for one in gates(cast, 10)], client_of(cast.reviewer), cast.task.slug
    likes = anna.reviews.likes(slug, answer='topic="refund"')
    assert ([one.id for one in likes.looks], likes.answers[0].count) == (ids, len(ids))
    told = anna.reviews.decide_together(slug, [*ids, 2**62], verdict="accept")
    assert (told.done, [one.id for one in told.left]) == (ids, [2**62])
    assert set(anna.reviews.undo_together(slug, ids).done) == set(ids)


def test_notices_are_read_and_put_away(cast: casts.Company, client_of: Clients) -> None:
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    admin = client_of(cast.admin)
    (one,) = admin.notices.news()
    assert (one.kind, one.seen, isinstance(one.at, datetime)) == ("pulled_back", False, True)
    admin.notices.see(one.id)
    assert admin.notices.news() == []
    assert [one.seen for one in admin.notices.all(cast.task.slug)] == [True]
