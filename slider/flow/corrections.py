"""Correcting a result that has left: a person's later word, published as a correction, beside a history that stays."""

from dataclasses import replace

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from slider import strict
from slider.flow import archive, outbox, review
from slider.flow.review import Said, Unfit
from slider.flow.undo import TooLate
from slider.models import Correction, Emptied, Ending, Item, Publication, State, Verdict
from slider.models.states import ENDINGS


class NotOut(Exception):
    """There is no result to correct: people have not decided the item, or it was withdrawn."""


def correct(item_id: int, *, user_id: int, said: Said) -> Correction:
    """Publish a fix or a rejection of the result that holds; corrections of several people follow one on the other.

    It is no evidence about the lane: whoever corrects has chosen what to look at. Raises NotOut, or Unfit when it
    can't stand or would change nothing.
    """
    with transaction.atomic():
        item = Item.objects.select_for_update(of=("self",), no_key=True).select_related("task").get(pk=item_id)
        if Emptied.objects.filter(pk=item_id).exists():
            raise NotOut("what the item held was deleted: there is nothing left to correct")
        archive.bring_back([item_id])  # what is corrected once may be corrected again, beside the worker's answer
        newest = Publication.objects.filter(item=item).order_by("-number").first()
        if item.state != State.DONE or newest is None:
            raise NotOut(f"the item is {State(item.state).label}: there is no result that could be corrected")
        settled = settle(said, item)
        if _is_same(newest, settled):
            raise Unfit("that is the result that holds already: there is nothing to correct")
        told = settled.reason if settled.verdict == Verdict.REJECT else ""
        result = outbox.Result(item.pk, ENDINGS[settled.verdict], settled.answer, told)
        number = outbox.correct(item.task_id, result, undo_s=item.task.undo_s)
        owed = Publication.objects.get(item=item, number=number)
        return Correction.objects.create(
            item=item,
            by_id=user_id,
            number=number,
            verdict=settled.verdict,
            answer=settled.answer,
            reason=settled.reason,
            note=settled.note,
            undo_until=owed.due_at,
        )


def settle(said: Said, item: Item) -> Said:
    """The correction as it is stored: a fix has a reason as well. Raises Unfit."""
    if said.verdict == Verdict.ACCEPT:
        raise Unfit("a correction says another answer, or rejects the one that left", where="verdict")
    if said.reason not in item.task.reason_words:
        raise Unfit("say why: choose one of the reasons", where="reason")
    return replace(review.settle(said, item.task, proposal=None), reason=said.reason)


def _is_same(newest: Publication, settled: Said) -> bool:
    if settled.verdict == Verdict.REJECT or newest.ending == Ending.REJECTED:
        return (settled.verdict == Verdict.REJECT) == (newest.ending == Ending.REJECTED)
    return strict.canonical(settled.answer) == strict.canonical(newest.answer)


def undo(correction_id: int, *, user_id: int) -> Correction:
    """Take one's own correction back before it leaves; saying it twice is answered alike. Raises TooLate."""
    with transaction.atomic():
        correction = Correction.objects.select_for_update().get(pk=correction_id)
        if correction.by_id != user_id:
            raise TooLate("it is somebody else's correction")
        if correction.undone_at is not None:
            return correction
        try:
            outbox.take_back(correction.item_id, Q(number=correction.number))
        except outbox.HasLeft as error:
            raise TooLate(str(error)) from error
        correction.undone_at = Now()
        correction.save(update_fields=["undone_at"])
    return correction
