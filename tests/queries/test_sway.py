"""Sway: counted from looks whose coin hid the draft or not, by groups that know of no verdict of the look itself."""

import pytest

from slider.engine import together as coins
from slider.engine.difference import difference
from slider.flow import known, own_answers, review
from slider.flow import together as deciding
from slider.flow.review import Said
from slider.models import Known, Review, ReviewKind, Task, Verdict
from slider.queries import sway
from slider.queries import together as listing
from slider.queries.sway import Look
from tests import casts, judged

pytestmark = pytest.mark.django_db
OTHER = {"topic": "delivery", "urgent": False}
DRAFT = judged.ANSWER


def seen(*, same: bool | None, accepted: bool, times: int) -> list[Look]:
    return [Look(same, accepted, is_known=True, known_wrong=True, found_wrong=False)] * times


def test_a_row_counts_both_arms_and_who_changed_their_mind() -> None:
    looks = [
        *seen(same=None, accepted=True, times=6),
        *seen(same=None, accepted=False, times=4),
        *seen(same=True, accepted=True, times=1),
        *seen(same=False, accepted=True, times=2),
        *seen(same=False, accepted=False, times=5),
    ]
    row = sway.row("wrong drafts", looks)
    assert (row.shown and row.shown.hits, row.hidden and row.hidden.hits) == (6, 1)
    assert row.swayed == difference((6, 10), (1, 8), delta=0.05)
    assert (row.switched and (row.switched.hits, row.switched.of)) == (2, 7)


def test_of_few_looks_nothing_is_known() -> None:
    row = sway.row("few", [*seen(same=None, accepted=True, times=50), *seen(same=False, accepted=True, times=4)])
    assert row.shown is not None
    assert (row.hidden, row.swayed, row.switched) == (None, None, None)
    assert not row.is_known


def work(cast: casts.Company, *, alone_same: bool, accepts: bool) -> None:
    """The reviewer does all that is there: alone they say what the draft says or not; with it, they accept or not."""
    while (held := review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=600)) is not None:
        if held.is_drawn_hidden:
            answer = DRAFT if alone_same else OTHER
            held = own_answers.say(held.pk, user_id=cast.reviewer.pk, token=held.token, answer=answer)
        if held.verdict == "":
            said = Said(Verdict.ACCEPT) if accepts else Said(Verdict.FIX, OTHER)
            review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)


def figures(row: sway.Row) -> tuple[float | None, ...]:
    return tuple(one.value if one is not None else None for one in (row.shown, row.hidden, row.swayed, row.switched))


def test_known_wrong_drafts_and_live_drafts_are_told_apart() -> None:
    cast = casts.company()
    for n in range(40):
        item = casts.one(cast.task, f"k{n}", casts.says(DRAFT))
        casts.decide(cast.colleague, cast.task)
        item.refresh_from_db()
        known.mark(item, draft_right=False, words="It is another one.", by=cast.admin.pk)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.5)
    for one in Known.objects.all():
        Review.objects.create(item_id=one.pk, task=cast.task, kind=ReviewKind.KNOWN)
    work(cast, alone_same=False, accepts=True)
    judged.routed(cast, 40, start=1000)
    work(cast, alone_same=True, accepts=True)
    cast.task.refresh_from_db()
    wrong, found, live = sway.of(cast.task).rows
    assert figures(wrong) == (1.0, 0.0, 1.0, 1.0)
    assert figures(found) == (None, None, None, None)
    assert figures(live) == (1.0, 1.0, 0.0, None)


def test_a_draft_is_found_wrong_by_somebody_else_alone() -> None:
    cast = casts.company(hidden_rate=0.5, second_rate=1.0, undo_s=0)
    judged.routed(cast, 40)
    work(cast, alone_same=False, accepts=True)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.0)  # it stays drawn as it was
    while (held := review.take(cast.colleague.pk, task_ids=[cast.task.pk], lease_s=600)) is not None:
        if held.is_drawn_hidden:
            own_answers.say(held.pk, user_id=cast.colleague.pk, token=held.token, answer=OTHER)
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.FIX, OTHER))
    cast.task.refresh_from_db()
    found = sway.of(cast.task)
    assert found.chance == 0.5
    assert found.rows[1].swayed is not None
    assert figures(found.rows[1]) == (1.0, 0.0, 1.0, 1.0)
    assert sum(one.of for one in (found.rows[1].shown, found.rows[1].hidden) if one is not None) == 40


def test_only_looks_drawn_at_the_chance_in_force_are_counted() -> None:
    cast = casts.company(hidden_rate=0.5)
    judged.routed(cast, 10)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.25)
    judged.routed(cast, 20, start=100)
    work(cast, alone_same=False, accepts=False)
    cast.task.refresh_from_db()
    found = sway.of(cast.task)
    assert (found.chance, found.hidden + found.shown) == (0.25, 20)


def test_without_a_hidden_draft_nothing_is_said() -> None:
    cast = casts.company()
    judged.routed(cast, 10)
    work(cast, alone_same=False, accepts=True)
    found = sway.of(cast.task)
    assert (found.chance, found.hidden, found.shown) == (0.0, 0, 0)


def test_free_text_is_named() -> None:
    cast = casts.company()
    assert sway.has_texts(cast.task)
    assert not sway.has_texts(Task(output_schema={"type": "object", "properties": {"topic": {"enum": ["a", "b"]}}}))


def test_what_several_people_came_to_is_no_look_of_its_own() -> None:
    cast = casts.company(hidden_rate=0.5, looks=2, undo_s=0)
    judged.routed(cast, 20)
    for who in (cast.reviewer, cast.colleague):
        while (held := review.take(who.pk, task_ids=[cast.task.pk], lease_s=600)) is not None:
            if held.is_drawn_hidden:
                own_answers.say(held.pk, user_id=who.pk, token=held.token, answer=DRAFT)
            else:
                review.decide(held.pk, user_id=who.pk, token=held.token, said=Said(Verdict.ACCEPT))
    found = sway.of(cast.task)
    assert Review.objects.filter(kind=ReviewKind.GATE, verdict=Verdict.ACCEPT).count() == 20
    assert found.hidden + found.shown == 40


def test_where_like_items_are_decided_together_both_arms_are_of_the_items_that_never_are() -> None:
    """A shown draft may be decided in a list and a hidden one never: the two would be other kinds of items."""
    cast = casts.company(hidden_rate=0.5)
    judged.routed(cast, 80)
    offered = {row.review_id for row in listing.find(cast.task, cast.reviewer.pk).rows}
    deciding.decide(list(offered)[:5], task=cast.task, user_id=cast.reviewer.pk, said=Said(Verdict.ACCEPT))
    work(cast, alone_same=True, accepts=True)
    looks = list(Review.objects.select_related("task"))
    may = coins.offered(bytes(cast.task.coin_secret), [look.item_id for look in looks])
    left = [look for look, ok in zip(looks, may, strict=True) if not ok]
    found = sway.of(cast.task)
    assert found.hidden == sum(look.is_drawn_hidden for look in left)
    assert found.shown == len(left) - found.hidden
