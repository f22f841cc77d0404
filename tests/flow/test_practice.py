"""Practice touches nothing live, spoils no measure of people, and who has to practise first is given nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from slider.flow import erasing, known, practice, review, setup
from slider.flow.review import Said, Unfit
from slider.models import (
    Admission,
    Item,
    Known,
    Let,
    Move,
    Practice,
    Publication,
    Review,
    ReviewKind,
    Role,
    Task,
    Unheard,
    Verdict,
)
from slider.queries import practice as gym
from tests import casts, judged, stages

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
BETTER = {"topic": "delivery", "urgent": True}


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def past(cast: casts.Company, count: int, *, right: bool = True) -> list[Item]:
    """Finished items that the colleague decided and the admin marked: the reviewer can practise on them."""
    start = Item.objects.count()
    names = [f"past{start + n}" for n in range(count)]
    items = casts.route_all(
        cast.task, dict.fromkeys(names, casts.says(ANSWER)), bodies={name: {"text": "hello"} for name in names}
    )
    said: dict[str, Any] = {} if right else {"verdict": Verdict.FIX, "answer": BETTER}
    for item in items:
        casts.decide(cast.colleague, cast.task, **said)
        item.refresh_from_db()
        known.mark(item, draft_right=right, words="The text says so.", by=cast.admin.pk)
    return items


def change(cast: casts.Company, **fields: Any) -> None:
    Task.objects.filter(pk=cast.task.pk).update(**fields)
    cast.task.refresh_from_db()


def practise(cast: casts.Company, who: User, *, wrong: bool = False) -> Practice:
    """The next known answer, judged right or wrong."""
    look = gym.next_look(cast.task, who.pk)
    assert look is not None
    accepts = Known.objects.get(pk=look.item_id).draft_right != wrong
    said = Said(Verdict.ACCEPT) if accepts else Said(Verdict.REJECT, reason="wrong")
    return practice.say(cast.task, look.item_id, person=who.pk, turn=look.token, said=said)


def take(cast: casts.Company, who: User) -> Review | None:
    return review.take(who.pk, task_ids=[cast.task.pk], lease_s=600)


# ---- practice itself


@pytest.mark.parametrize("verdict", [Verdict.ACCEPT, Verdict.FIX, Verdict.REJECT])
@pytest.mark.parametrize("draft_right", [True, False])
def test_it_is_right_as_a_known_answer_is_judged_right_live(
    cast: casts.Company, verdict: Verdict, draft_right: bool
) -> None:
    (item,) = past(cast, 1, right=draft_right)
    said = Said(verdict, answer=BETTER, reason="wrong")
    made = practice.say(cast.task, item.pk, person=cast.reviewer.pk, turn=1, said=said)
    assert made.right == (draft_right == (verdict == Verdict.ACCEPT))
    assert made.answer == {Verdict.ACCEPT: ANSWER, Verdict.FIX: BETTER, Verdict.REJECT: None}[verdict]


def test_it_touches_nothing_live(cast: casts.Company) -> None:
    past(cast, 2, right=False)

    def counted() -> list[Any]:
        rows = [model.objects.count() for model in (Review, Publication, Unheard, Move)]
        return [*rows, list(Item.objects.values_list("state", "token", "finished_at").order_by("pk"))]

    before = counted()
    practise(cast, cast.reviewer)
    practise(cast, cast.reviewer, wrong=True)
    assert counted() == before
    assert Practice.objects.count() == 2


def test_the_same_turn_twice_is_one_and_the_first_stays(cast: casts.Company) -> None:
    (item,) = past(cast, 1)
    first = practice.say(cast.task, item.pk, person=cast.reviewer.pk, turn=1, said=Said(Verdict.ACCEPT))
    again = practice.say(cast.task, item.pk, person=cast.reviewer.pk, turn=1, said=Said(Verdict.REJECT, reason="wrong"))
    assert (again.pk, again.verdict) == (first.pk, Verdict.ACCEPT)


def test_what_is_deleted_while_somebody_judges_it_is_not_there(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item,) = past(cast, 1)
    settle = review.settle

    def meanwhile(*said: Any, **more: Any) -> Any:
        erasing.erase(item.pk, by=cast.admin.pk, words="asked")
        return settle(*said, **more)

    monkeypatch.setattr(review, "settle", meanwhile)
    with pytest.raises(practice.NotThere, match="was deleted meanwhile"):
        practice.say(cast.task, item.pk, person=cast.reviewer.pk, turn=1, said=Said(Verdict.ACCEPT))


def test_a_turn_that_was_not_reached_and_a_foreign_item_are_not_there(cast: casts.Company) -> None:
    (item,) = past(cast, 1)
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    for task, turn in ((cast.task, 2), (cast.task, 0), (other, 1)):
        with pytest.raises(practice.NotThere):
            practice.say(task, item.pk, person=cast.reviewer.pk, turn=turn, said=Said(Verdict.ACCEPT))
    with pytest.raises(Unfit):
        practice.say(cast.task, item.pk, person=cast.reviewer.pk, turn=1, said=Said(Verdict.FIX, {"topic": "weather"}))
    assert not Practice.objects.exists()


def test_what_was_never_tried_comes_first_and_then_the_oldest(cast: casts.Company) -> None:
    items = {item.pk for item in past(cast, 3)}
    first = [practise(cast, cast.reviewer).item_id for _ in range(3)]
    assert set(first) == items
    again = [practise(cast, cast.reviewer) for _ in range(3)]
    assert ([one.item_id for one in again], {one.turn for one in again}) == (first, {2})


def test_wrong_drafts_come_as_often_as_right_ones(cast: casts.Company) -> None:
    past(cast, 20)
    past(cast, 20, right=False)
    wrong = sum(not practise(cast, cast.reviewer).draft_right for _ in range(24))
    assert 6 <= wrong <= 18


def test_nobody_practises_on_what_they_had_in_hands_or_marked(cast: casts.Company) -> None:
    past(cast, 3)
    for who, count in ((cast.colleague, 0), (cast.admin, 0), (cast.reviewer, 3)):
        assert len(gym.stock(cast.task, who.pk)) == count


def test_rows_are_never_edited_and_the_verdict_fits_what_it_is_called(cast: casts.Company) -> None:
    past(cast, 1)
    made = practise(cast, cast.reviewer)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Practice.objects.filter(pk=made.pk).update(right=False)
    with pytest.raises(IntegrityError, match="practice_right"), transaction.atomic():
        Practice.objects.create(
            person=cast.reviewer,
            task=cast.task,
            item=made.item,
            turn=2,
            verdict="accept",
            draft_right=True,
            right=False,
        )


# ---- live known answers stay unbiased


def test_what_somebody_practised_on_is_never_asked_of_them_live(cast: casts.Company) -> None:
    (item,) = past(cast, 1)
    look = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    practise(cast, cast.reviewer)
    assert take(cast, cast.reviewer) is None
    newcomer = casts.person("newcomer", role=Role.REVIEWER, of=cast.project)
    held = take(cast, newcomer)
    assert held is not None
    assert held.pk == look.pk


def test_what_is_only_left_to_those_who_practised_on_it_is_not_planted(cast: casts.Company) -> None:
    past(cast, 4)
    assert len(known.candidates(cast.task)) == 4
    for _ in range(3):
        practise(cast, cast.reviewer)
    (left,) = known.candidates(cast.task)
    assert left.item_id not in Practice.objects.values_list("item_id", flat=True)


def test_while_known_answers_are_mixed_in_half_of_them_are_left_to_live_work(cast: casts.Company) -> None:
    past(cast, 60)
    assert len(gym.stock(cast.task, cast.reviewer.pk)) == 60
    change(cast, known_rate=0.1)
    for_practice = gym.stock(cast.task, cast.reviewer.pk)
    assert 15 <= len(for_practice) <= 45
    newcomer = casts.person("newcomer", role=Role.REVIEWER, of=cast.project)
    assert gym.stock(cast.task, newcomer.pk) == for_practice  # the same half for everybody
    kept = next(iter({one.pk for one in Item.objects.all()} - set(for_practice)))
    with pytest.raises(practice.NotThere):
        practice.say(cast.task, kept, person=cast.reviewer.pk, turn=1, said=Said(Verdict.ACCEPT))


def test_a_verdict_after_practice_counts_for_no_figure(cast: casts.Company) -> None:
    """In a second tab, at the very same moment: it was held before, and decided after they had been told."""
    from slider.flow.watching import people
    from slider.queries import reviewers

    items = past(cast, 6, right=False)
    for item in items:
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
        casts.decide(cast.reviewer, cast.task)
    casts.time_passes(cast.task)
    assert (people.seen(cast.task.pk).judged, people.seen(cast.task.pk).missed) == (6, 6)
    assert reviewers.team(cast.task).whole.known == 6
    Practice.objects.create(
        person=cast.reviewer,
        task=cast.task,
        item=items[0],
        turn=1,
        verdict="reject",
        draft_right=False,
        right=True,
        at="2020-01-01T00:00Z",
    )
    assert people.seen(cast.task.pk).judged == 5
    assert reviewers.team(cast.task).whole.known == 5


# ---- before the first live item


def asked_for(cast: casts.Company, *, looks: int = 4, right: float = 0.75, stock: int = 6) -> None:
    past(cast, stock)
    change(cast, practice_looks=looks, practice_right=right)
    casts.one(cast.task, "live")


def test_who_has_not_passed_is_given_nothing_of_this_task(cast: casts.Company) -> None:
    asked_for(cast)
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    assert take(cast, cast.reviewer) is None
    wanted = casts.one(other, "o1")
    held = review.take(cast.reviewer.pk, task_ids=[cast.task.pk, other.pk], lease_s=600)
    assert held is not None
    assert held.item_id == wanted.pk


def test_enough_of_the_last_ones_right_opens_the_desk_for_good(cast: casts.Company) -> None:
    asked_for(cast)
    for wrong in (True, True, False, False):
        practise(cast, cast.reviewer, wrong=wrong)
    assert take(cast, cast.reviewer) is None
    practise(cast, cast.reviewer)  # the last four: wrong, right, right, right
    assert Admission.objects.get().why == Let.PASSED
    held = take(cast, cast.reviewer)
    assert held is not None
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    practise(cast, cast.reviewer, wrong=True)
    change(cast, practice_looks=6)
    casts.one(cast.task, "live2")
    assert take(cast, cast.reviewer) is not None


@pytest.mark.parametrize(
    ("looks", "share", "needed"), [(10, 0.8, 8), (10, 0.85, 9), (3, 0.5, 2), (7, 1.0, 7), (5, 0.6, 3)]
)
def test_the_share_is_rounded_up(looks: int, share: float, needed: int) -> None:
    assert Task(practice_looks=looks, practice_right=share).practice_needed == needed


def test_who_reviewed_here_before_it_was_asked_for_is_let_in(cast: casts.Company) -> None:
    past(cast, 6)
    casts.one(cast.task, "held")
    casts.take(cast.admin, cast.task)
    cast.task.practice_looks = 4
    setup.save_task(cast.task, by=cast.admin.pk)
    assert dict(Admission.objects.values_list("person__username", "why")) == {"colleague": "before", "admin": "before"}
    cast.task.practice_looks = 5
    setup.save_task(cast.task, by=cast.admin.pk)
    assert Admission.objects.count() == 2


def test_with_too_few_known_answers_it_rests_and_who_begins_then_is_written_down(cast: casts.Company) -> None:
    asked_for(cast, looks=4, stock=3)
    assert gym.barred(cast.reviewer.pk, [cast.task]) == []
    assert not Admission.objects.exists()
    assert take(cast, cast.reviewer) is not None
    assert Admission.objects.get(person=cast.reviewer).why == Let.FEW
    past(cast, 5)
    newcomer = casts.person("newcomer", role=Role.REVIEWER, of=cast.project)
    assert take(cast, newcomer) is None  # from now on there is enough to practise on


def test_a_lead_can_let_in_whoever_reviews_here_and_nobody_else(cast: casts.Company) -> None:
    asked_for(cast)
    practice.let_in(cast.task, cast.reviewer.pk, by=cast.admin.pk)
    practice.let_in(cast.task, cast.reviewer.pk, by=cast.admin.pk)
    assert Admission.objects.get().by == cast.admin
    assert take(cast, cast.reviewer) is not None
    for stranger in (cast.outsider, cast.viewer):
        with pytest.raises(practice.Stranger):
            practice.let_in(cast.task, stranger.pk, by=cast.admin.pk)


def test_a_task_that_asks_for_none_asks_for_none(cast: casts.Company) -> None:
    past(cast, 6)
    judged.routed(cast, 1)
    assert take(cast, cast.reviewer) is not None
    assert not Admission.objects.exists()
