"""The review stage: a person takes an item, decides it under their claim, or passes it on."""

import json
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from slider import strict
from slider.flow import admitted, claims, marking, moves, outbox, seconds, several
from slider.models import (
    BESIDE,
    Decline,
    Emptied,
    Let,
    Mark,
    OwnAnswer,
    Review,
    ReviewKind,
    ReviewState,
    SecondOpinion,
    State,
    Task,
    Verdict,
    standing,
)
from slider.models.standing import Given, Standing
from slider.models.states import ENDINGS
from slider.schema import Schema

NOTE_MOST = 5000

_LOOK = Standing(
    lambda: (
        Review.objects.select_for_update(of=("self",))
        .select_related("task", "item__payload", "item__decision__attempt")
        .annotate(read_at=Now())
        .filter(pk=Given("id"))
    )
)


class NotYours(Exception):
    """The review belongs to somebody else by now, or is decided; what the person typed should be kept for them."""


class KeptAside(Exception):
    """The verdict came too late to count: it was kept as a second opinion, which the words say."""


class Unfit(ValueError):
    """A verdict that can't be taken as it is: `where` is a JSON pointer into the answer, or the form's field."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Said:
    """What a person decided: an answer for a fix, a reason for a rejection, and what else they said of it.

    `lucky` is an accept of what is right for the wrong reason.
    """

    verdict: Verdict
    answer: Any = None
    reason: str = ""
    note: str = ""
    lucky: bool = False
    marks: tuple[marking.Remark, ...] = ()


def take(user_id: int, *, task_ids: list[int], lease_s: float, near: int = 0) -> Review | None:
    """The next review for this person, theirs alone until the lease runs out; None when there is none.

    `near` is the task that they are at: like comes with like.
    """
    door = admitted.door(user_id, task_ids)
    review = claims.take_review(user_id, task_ids=door.open, lease_s=lease_s, near=near)
    if review is not None and review.task_id in door.resting:
        admitted.let_in(review.task_id, user_id, Let.FEW)
    return review


def decide(
    review_id: int, *, user_id: int, token: int, said: Said, seen_s: float | None = None, alone: bool = False
) -> Review:
    """Record a verdict; once, by the holder of the claim. `seen_s`: so long it was in sight, which began later than
    the claim where looks wait ahead. `alone`: it is known to be none of several looks.

    A late one counts as long as nobody else has taken the item: the token is still the claim's. One that comes later
    still is kept as a second opinion, and KeptAside says so. Saying the same again is answered with the decided review;
    what was said first stands. Raises NotYours, or Unfit when the verdict itself can't stand.
    """
    with transaction.atomic():
        if not alone:
            several.lock(review_id)
        review = _locked(review_id)
        if review.state == ReviewState.DECIDED and (review.holder_id, review.token) == (user_id, token):
            _must_be_the_same(said, review)
            return review
        counts = may_decide(review, user_id, token)
        if not counts and not _is_late(review, user_id, token):
            raise NotYours(who_has_it(review, user_id))
        if counts and review.kind == ReviewKind.PEER and several.has_looked(review, user_id):
            raise NotYours("you have looked at this item once already: this look is somebody else's")
        attempt = review.item.decision.attempt
        proposal = attempt.answer if attempt is not None else None
        if proposal is not None:
            _own_first(review, user_id)
        settled = settle(said, review.task, proposal=proposal)
        marks = _marks(settled, review, proposal=proposal)
        if counts:
            _record(review, settled, marks, user_id, seen_s)
        else:
            _keep_aside(review, settled, user_id, token)
    if not counts:
        raise KeptAside(who_has_it(review, user_id))
    return review


def _locked(review_id: int) -> Review:
    """The look, nobody else's to write until the transaction ends, with its item, its task and the proposal."""
    review = _LOOK.first(id=review_id)
    if review is None:
        raise Review.DoesNotExist(f"There is no look {review_id}.")
    return review


_RECORD = """
UPDATE slider_review SET
    state = 'decided', holder_id = %(by)s, lease_until = NULL, verdict = %(verdict)s, answer = %(answer)s::jsonb,
    reason = %(reason)s, note = %(note)s, lucky = %(lucky)s, decided_at = statement_timestamp(),
    undo_until = statement_timestamp() + %(undo_s)s * interval '1 second',
    taken_at = CASE WHEN %(seen_s)s::float8 IS NULL THEN taken_at
               ELSE greatest(taken_at, statement_timestamp() - %(seen_s)s::float8 * interval '1 second') END
WHERE id = %(id)s RETURNING taken_at, decided_at, undo_until
"""


def _record(review: Review, settled: Said, marks: list[Mark], user_id: int, seen_s: float | None) -> None:
    """Write the verdict down with what follows from it; for as long as it can be undone, nobody counts it."""
    review.state, review.holder_id, review.lease_until = ReviewState.DECIDED, user_id, None
    review.verdict, review.answer = settled.verdict, settled.answer
    review.reason, review.note, review.lucky = settled.reason, settled.note, settled.lucky
    values: dict[str, Any] = {
        "id": review.pk,
        "by": user_id,
        "verdict": str(settled.verdict),
        "answer": None if settled.answer is None else json.dumps(settled.answer),
        "reason": settled.reason,
        "note": settled.note,
        "lucky": settled.lucky,
        "undo_s": review.task.undo_s,
        "seen_s": None if review.taken_at is None else seen_s,
    }
    with standing.cursor() as cursor:
        cursor.execute(_RECORD, values)
        review.taken_at, review.decided_at, review.undo_until = cursor.fetchone()
    if marks or review.token > 1:  # under its first claim no verdict was ever taken back
        marking.write(review.pk, marks)
    if review.kind in BESIDE:
        return  # it says something of people and nothing of the item: the guard never hears it
    if review.kind == ReviewKind.PEER:
        several.hear(review)  # what all of them come to is the verdict
        return
    _to_hear(review)
    _publish(review)
    seconds.draw(review)


def _to_hear(review: Review) -> None:
    """The guard is to hear of it, once it can't be taken back."""
    with standing.cursor() as cursor:
        values = [review.pk, review.task_id]
        cursor.execute("INSERT INTO slider_unheard (review_id, task_id) VALUES (%s, %s)", values)


def _must_be_the_same(said: Said, review: Review) -> None:
    """Two tabs may show one claim: what the second one says must not look as if it had been saved."""
    is_other = said.verdict == Verdict.REJECT and (review.verdict, review.reason) != (Verdict.REJECT, said.reason)
    is_other |= said.verdict != Verdict.REJECT and review.verdict == Verdict.REJECT
    if said.verdict == Verdict.ACCEPT:
        is_other |= review.verdict != Verdict.ACCEPT
    if said.verdict == Verdict.FIX and not is_other:
        is_other = strict.canonical(said.answer) != strict.canonical(review.answer)
    if is_other:
        word = Verdict(review.verdict).label
        raise NotYours(f"you have said something else of this item before ({word}), and that stands")


def _own_first(review: Review, user_id: int) -> None:
    """Nobody decides over a draft that is hidden from them. Raises Unfit."""
    if review.is_drawn_hidden and not OwnAnswer.objects.filter(review=review, by=user_id).exists():
        raise Unfit("give your own answer first; the draft is shown after it", where="own")


def may_decide(review: Review, user_id: int, token: int) -> bool:
    """Whether a verdict under this claim counts: they hold the look, or nobody has taken it since they did."""
    if review.token != token or token == 0:
        return False
    if review.state == ReviewState.OPEN:
        return review.last_holder_id == user_id
    return review.state == ReviewState.HELD and review.holder_id == user_id


def _is_late(review: Review, user_id: int, token: int) -> bool:
    """Whether the claim is an old one: somebody else has taken the look since."""
    theirs = review.state != ReviewState.VOID and review.holder_id != user_id
    return theirs and 0 < token < review.token


def _keep_aside(review: Review, settled: Said, user_id: int, token: int) -> None:
    """Keep a late verdict as a second opinion; said twice, it is kept once."""
    SecondOpinion.objects.get_or_create(
        review=review,
        by_id=user_id,
        token=token,
        defaults={
            "verdict": settled.verdict,
            "answer": settled.answer,
            "reason": settled.reason,
            "note": settled.note,
        },
    )


def who_has_it(review: Review, user_id: int) -> str:
    """Why a verdict does not count, in words."""
    if review.state == ReviewState.VOID:
        if Emptied.objects.filter(pk=review.item_id).exists():
            return "what the item held was deleted meanwhile, as it had to be; nothing is owed for it"
        return "the item was withdrawn meanwhile; nothing is owed for it"
    if review.state == ReviewState.DECIDED:
        return "somebody else has decided this item meanwhile"
    if review.holder_id == user_id:
        return "you have taken this item anew since: look at it again"
    if review.state == ReviewState.OPEN:
        return "your hold on this item ran out, and it went on to others"
    return "your hold on this item ran out and somebody else has it now"


def settle(said: Said, task: Task, *, proposal: Any) -> Said:
    """The verdict as it is stored: checked, and a fix that changes nothing is an accept. Raises Unfit."""
    if len(said.note) > NOTE_MOST:
        raise Unfit(f"the note has {len(said.note)} characters; at most {NOTE_MOST} fit", where="note")
    if "\x00" in said.note:
        raise Unfit("the note holds a NUL character; take it out", where="note")
    if said.verdict == Verdict.REJECT:
        if said.reason not in task.reason_words:
            known = ", ".join(task.reason_words)
            raise Unfit(f"{said.reason[:40]!r} is no reason; choose one of {known}", where="reason")
        return replace(said, answer=None, lucky=False)
    if said.verdict == Verdict.ACCEPT:
        if proposal is None:
            raise Unfit("there is no proposal to accept; fix it or reject it", where="verdict")
        return replace(said, answer=proposal, reason="")
    try:
        strict.check(said.answer)
    except strict.StrictError as error:
        raise Unfit(error.message, where=error.where) from error
    problems = Schema.compile(task.output_schema).problems(said.answer)
    if problems:
        raise Unfit(problems[0].message, where=problems[0].where)
    same = proposal is not None and strict.canonical(said.answer) == strict.canonical(proposal)
    return replace(said, verdict=Verdict.ACCEPT if same else Verdict.FIX, reason="", lucky=False)


def _marks(said: Said, review: Review, *, proposal: Any) -> list[Mark]:
    """The marks of a settled verdict. Raises Unfit."""

    def source() -> Any:
        return review.item.payload.body

    texts = marking.Texts(review.task, proposal, source)
    try:
        return marking.settle(said.marks, texts, verdict=said.verdict, answer=said.answer)
    except marking.Refused as error:
        raise Unfit(str(error), where="marks") from error


def _publish(review: Review) -> None:
    """A gate's verdict makes the item final; any other that found an error corrects what is out already."""
    result = outbox.Result(review.item_id, ENDINGS[Verdict(review.verdict)], review.answer, review.reason, review.pk)
    if review.kind != ReviewKind.GATE:
        if review.verdict != Verdict.ACCEPT:
            outbox.correct(review.task_id, result, undo_s=review.task.undo_s)
        return
    item = review.item
    moves.move(
        moves.Step(item.pk, item.token, State.DONE, f"{Verdict(review.verdict).label} by a person"),
        source=State.REVIEW,
        by=review.holder_id,
    )
    outbox.owe(review.task_id, [result], undo_s=review.task.undo_s)


def skip(review_id: int, *, user_id: int, token: int) -> None:
    """Pass an item on: it goes back to the queue and is not offered to this person again. Raises NotYours."""
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review_id)
        if review.holder_id != user_id and Decline.objects.filter(review=review, user_id=user_id).exists():
            return  # said twice, and somebody else may have it by now
        if not may_decide(review, user_id, token):
            raise NotYours(who_has_it(review, user_id))
        Decline.objects.get_or_create(review=review, user_id=user_id)
        let_go(review)
        review.declined = True
        if review.assignee_id == user_id:
            review.assignee_id = None  # nobody else could take it
        review.save()


def let_go(review: Review) -> None:
    """The look is in nobody's hands any more; a verdict under the claim that ends here is no verdict. Not yet saved."""
    if review.last_holder_id == review.holder_id:
        review.last_holder_id = None
    review.state, review.holder_id = ReviewState.OPEN, None
    review.lease_until = review.taken_at = None
    review.page = ""


def stay(review_id: int, *, user_id: int, token: int, lease_s: float) -> bool:
    """The reader's sign of life; False when the item is somebody else's by now."""
    return claims.renew_review(review_id, user_id=user_id, token=token, lease_s=lease_s)
