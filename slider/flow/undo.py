"""Taking a verdict back before it has any effect: the look is its reviewer's again, and nobody ever counted it."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from slider.flow import marking, moves, outbox, several, watches
from slider.models import Emptied, Review, ReviewKind, ReviewState, State, Undone, Unheard
from slider.models.afterwards import UNDO_DEEP

OVER = "what you said is out by now"
"""The same words whatever has left or was built on it: others would tell an audit from the rest."""


class TooLate(Exception):
    """The verdict stands: its effect has left, it is not this person's newest word, or it lies too deep."""


def undo(review_id: int, *, user_id: int, token: int, lease_s: float, page: str = "", deep: int = UNDO_DEEP) -> Review:
    """Take back the verdict that this person gave under this claim; they hold the look again, under a new claim.

    Everything that followed from the verdict is unmade in the same transaction, and the clock is asked last, when all
    of it is locked: who publishes or counts comes before or after, never in between. Saying it twice is answered with
    the look as it is held, by the open `page` that asked. Raises TooLate.
    """
    with transaction.atomic():
        several.lock(review_id)
        review = Review.objects.select_for_update(of=("self",)).select_related("item").get(pk=review_id)
        if _is_taken_back(review, user_id, token):
            Review.objects.filter(pk=review.pk).update(page=page)
            return review
        if (review.state, review.holder_id, review.token) != (ReviewState.DECIDED, user_id, token):
            raise TooLate("it is no verdict of yours any more")
        if review.undo_until is None or review.decided_at is None or _is_emptied(review):
            raise TooLate(OVER)
        _ask_the_clock(review.undo_until)
        if Undone.objects.filter(by=user_id, created_at__gt=review.decided_at).count() >= deep:
            raise TooLate(f"only your last {deep} decisions can be taken back")
        _write_down(review, user_id, review.decided_at)
        until = review.undo_until
        _hold_again(review, lease_s, page)
        _unmake(review, user_id)
        _ask_the_clock(until)
    return review


def _is_emptied(review: Review) -> bool:
    """Asked under the look's lock, which whoever erases takes first: nothing of it is left to look at."""
    return Emptied.objects.filter(pk=review.item_id).exists()


def _is_taken_back(review: Review, user_id: int, token: int) -> bool:
    held = (review.state, review.holder_id, review.token) == (ReviewState.HELD, user_id, token + 1)
    return held and Undone.objects.filter(review=review, token=token).exists()


def _write_down(review: Review, user_id: int, decided_at: datetime) -> None:
    Undone.objects.create(
        review=review,
        by_id=user_id,
        token=review.token,
        verdict=review.verdict,
        answer=review.answer,
        reason=review.reason,
        note=review.note,
        decided_at=decided_at,
    )


def _hold_again(review: Review, lease_s: float, page: str) -> None:
    review.page = page
    review.state, review.token = ReviewState.HELD, review.token + 1
    review.taken_at, review.lease_until = Now(), Now() + timedelta(seconds=lease_s)
    review.verdict = review.reason = review.note = ""
    review.answer = review.decided_at = review.undo_until = None
    review.lucky = False
    review.save()
    marking.write(review.pk, [])  # whoever made them has them before their eyes again
    review.refresh_from_db()


def _unmake(review: Review, user_id: int) -> None:
    """What followed from the verdict: what the guard was to hear, the result that was owed, the item's last move."""
    Unheard.objects.filter(review=review).delete()
    try:
        if review.kind == ReviewKind.PEER:
            several.unhear(review, by=user_id)
        outbox.take_back(review.item_id, Q(review=review))
    except outbox.HasLeft as error:
        raise TooLate(OVER) from error
    if review.kind == ReviewKind.GATE:
        step = moves.Step(review.item_id, review.item.token, State.REVIEW, "taken back before its result left")
        moves.move(step, source=State.DONE, by=user_id)
    watches.disturb(review.task_id)


def _ask_the_clock(until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() < %s", [until])
        if cursor.fetchone() != (True,):
            raise TooLate(OVER)
