"""A lead's word where two people disagree: one look stands, and what has left is corrected if it has to be."""

from django.db import IntegrityError, transaction

from slider import strict
from slider.flow import known, outbox, seconds
from slider.models import Adjudication, Publication, Review, ReviewKind, ReviewState, Stands, Verdict
from slider.models.states import ENDINGS


class Settled(Exception):
    """Somebody else has said which look stands."""


def say(look_id: int, *, stands: Stands, words: str, by: int) -> Adjudication:
    """Say which of two looks stands and why; `look_id` is the second's.

    Only if the first was wrong does anything leave: a correction. The item becomes a known answer with these words.
    Raises Settled, or known.Unfit when the words can't stand.
    """
    words = words.strip()
    if not words or len(words) > known.WORDS_MOST or "\x00" in words:
        raise known.Unfit(f"say in 1 to {known.WORDS_MOST} characters why: whoever was wrong will read it")
    with transaction.atomic():
        second = Review.objects.select_for_update(of=("self",)).select_related("task", "item").get(pk=look_id)
        if second.kind != ReviewKind.SECOND or second.state != ReviewState.DECIDED:
            raise Settled("there is nothing to settle: this is no second look, or it is open again")
        first = seconds.first_of(second)
        if agree(first, second):
            raise Settled("there is nothing to settle: both say the same")
        try:
            with transaction.atomic():
                said = Adjudication.objects.create(look=second, stands=stands, words=words, by_id=by)
        except IntegrityError as error:
            raise Settled("somebody else has said which look stands") from error
        if stands == Stands.SECOND:
            _correct(second)
        _know(second if stands == Stands.SECOND else first, words=words, by=by)
    return said


def agree(first: Review, second: Review) -> bool:
    """Whether two looks say the same: the verdict, and the answer that holds after it."""
    return first.verdict == second.verdict and _written(first) == _written(second)


def _written(look: Review) -> bytes:
    return strict.canonical(look.answer)


def _correct(second: Review) -> None:
    """Owe what the second look says, unless that is what has left last."""
    result = outbox.Result(second.item_id, ENDINGS[Verdict(second.verdict)], second.answer, second.reason)
    out = Publication.objects.filter(item_id=second.item_id).order_by("-number").first()
    if out is None or strict.canonical(out.answer) != strict.canonical(result.answer):
        outbox.correct(second.task_id, result, undo_s=second.task.undo_s)


def _know(stands: Review, *, words: str, by: int) -> None:
    try:
        known.mark(stands.item, draft_right=stands.verdict == Verdict.ACCEPT, words=words, by=by)
    except known.Unfit:
        return  # nothing that could be planted: the word itself is kept all the same
