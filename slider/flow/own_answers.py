"""The own answer before the draft: kept for good, and then the person decides with the draft before their eyes."""

from typing import Any

from django.db import transaction

from slider.flow import review as reviewing
from slider.flow import several
from slider.flow.review import NotYours, Said
from slider.models import Decision, OwnAnswer, Review, ReviewState, Verdict


def say(review_id: int, *, user_id: int, token: int, answer: Any) -> Review:
    """Keep what a person answers before they see the draft; None: that no answer can be given.

    Where it is the draft there is nothing left to ask: the look is decided as accepted. Said twice, the first stays.
    Raises NotYours, and Unfit for an answer that breaks the task's schema.
    """
    with transaction.atomic():
        several.lock(review_id)
        look = Review.objects.select_for_update(of=("self",)).select_related("task").get(pk=review_id)
        if look.state == ReviewState.DECIDED and (look.holder_id, look.token) == (user_id, token):
            return look
        if not reviewing.may_decide(look, user_id, token):
            raise NotYours(reviewing.who_has_it(look, user_id))
        decision = Decision.objects.select_related("attempt").get(pk=look.item_id)
        proposal = decision.attempt.answer if decision.attempt is not None else None
        if proposal is None or not look.is_drawn_hidden:
            return look  # nothing is hidden from them: what they said before is no answer without the draft
        same = answer is not None and _is_draft(look, answer, proposal)
        kept, is_new = OwnAnswer.objects.get_or_create(
            review=look, by_id=user_id, defaults={"token": token, "answer": answer, "same": same}
        )
        if not (is_new and kept.same):
            return look
        return reviewing.decide(look.pk, user_id=user_id, token=token, said=Said(Verdict.ACCEPT))


def _is_draft(look: Review, answer: Any, proposal: Any) -> bool:
    return reviewing.settle(Said(Verdict.FIX, answer), look.task, proposal=proposal).verdict == Verdict.ACCEPT
