"""What becomes of a flag: a lead takes the item itself, or says what to do and gives it back to everybody."""

from django.db import connection, transaction

from slider.flow import admitted, claims, handing, several
from slider.models import Let, Review, ReviewState
from slider.models.may_look import may_look


class Gone(Exception):
    """No flag stands on the look any more: it was answered, or somebody has it in hands. The words say which."""


class Barred(Exception):
    """The look can't be put before this lead; the words say what else there is to do."""


_NEWEST = "SELECT h.kind FROM slider_handing h WHERE h.review_id = %s AND h.kind <> 'handed' ORDER BY h.id DESC LIMIT 1"
_MAY = f"SELECT {may_look('r', person='%(user)s')} FROM slider_review r WHERE r.id = %(review)s"  # noqa: S608
_TAKE = """
UPDATE slider_review SET
    state = 'held', holder_id = %(user)s, token = token + 1, page = '', taken_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
WHERE id = %(review)s
"""


def answer(review_id: int, *, by: int, lease_s: float) -> Review:
    """Take a look that was flagged, out of its turn; it is this lead's until the lease runs out.

    Raises Gone, or Barred where the one rule of who may take a look says no, in the same words whatever the look is.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        claims.lock_person(by)
        review = _flagged(review_id)
        door = admitted.door(by, [review.task_id])
        if not door.open:
            raise Barred("this task asks for practice before the first item: practise, or give it to somebody else")
        cursor.execute(_MAY, {"user": by, "review": review.pk})
        if cursor.fetchone() != (True,):
            raise Barred(
                "it can't be put before you, who had the item before or lack what it takes: give it to somebody"
            )
        cursor.execute(_TAKE, {"user": by, "review": review.pk, "lease_s": lease_s})
        if door.resting:
            admitted.let_in(review.task_id, by, Let.FEW)
    review.refresh_from_db()
    return review


def take_off(review_id: int, *, by: int, note: str) -> None:
    """Give a look that was flagged back to everybody, with words for whoever takes it next. Raises Gone or Unfit."""
    said = handing.Note.of(note, why="what to do: whoever takes it next reads it")
    with transaction.atomic():
        _flagged(review_id)
        handing.assign(review_id, to=None, by=by, note=said.text)


def _flagged(review_id: int) -> Review:
    """The look, locked, on which a flag stands and which nobody has in hands. Raises Gone."""
    several.lock(review_id)
    review = Review.objects.select_for_update(of=("self",)).select_related("task").get(pk=review_id)
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [review_id])
        newest = cursor.fetchone()
    if review.state not in (ReviewState.OPEN, ReviewState.HELD) or newest != ("flagged",):
        raise Gone("no flag stands on it any more: somebody has answered it")
    if review.holder is not None:
        raise Gone(f"{review.holder.get_username()} has it in hands by now")
    return review
