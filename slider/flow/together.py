"""Like items decided in one go: each under a claim of its own, stored singly, each with its own undo."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from slider.engine import together
from slider.flow import moves, review, undo
from slider.models import Decision, Review, ReviewState, Task, Verdict, Why
from slider.models.may_look import may_look
from slider.models.review import TOGETHER

MOST = 100
NOT_OFFERED = "it is not among the items that can be decided together any more"
DISTRUSTED = "a sentinel distrusts its answer: look at it by itself"


class Unfit(ValueError):
    """Nothing of this was decided: too many items, or a verdict that can't be given to several at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which looks were decided, and why the others were not."""

    done: tuple[int, ...]
    left: tuple[tuple[int, str], ...]


class _NotOffered(Exception):
    pass


class _Distrusted(Exception):
    pass


def decide(review_ids: Sequence[int], *, task: Task, user_id: int, said: review.Said) -> Outcome:
    """Give one verdict to each of these looks, as far as they can still be taken; one's failure is none of another's.

    Only gates that are offered for it are taken. Whatever else is named, an audit or a known answer too, is refused in
    the same words as a look that somebody else has taken. Raises Unfit.
    """
    wanted = list(dict.fromkeys(review_ids))
    if not wanted:
        raise Unfit("Choose one item or more.")
    if len(wanted) > MOST:
        raise Unfit(f"{len(wanted)} items are chosen; at most {MOST} are decided in one go.")
    if said.verdict not in (Verdict.ACCEPT, Verdict.REJECT) or said.marks or said.lucky:
        raise Unfit("Several items are accepted or rejected together; whatever else is said is said of one.")
    if said.verdict == Verdict.REJECT and said.reason not in task.reason_words:
        raise Unfit("Choose a reason for the rejection.")
    done, left = [], []
    for review_id in wanted:
        if words := _decide(review_id, task, user_id, said):
            left.append((review_id, words))
        else:
            done.append(review_id)
    return Outcome(tuple(done), tuple(left))


def _decide(review_id: int, task: Task, user_id: int, said: review.Said) -> str:
    """Claim and decide one look, all of it or nothing; returns why not."""
    try:
        with transaction.atomic():
            token, item_id = _claim(review_id, task.pk, user_id)
            if not together.offered(bytes(task.coin_secret), [item_id])[0]:
                raise _NotOffered
            if _is_distrusted(item_id) and said.verdict == Verdict.ACCEPT:
                raise _Distrusted
            review.decide(review_id, user_id=user_id, token=token, said=said)
    except _NotOffered:
        return NOT_OFFERED
    except _Distrusted:
        return DISTRUSTED
    except review.Unfit as error:
        return NOT_OFFERED if error.where == "own" else str(error)  # its draft is hidden, so it was in no list
    except moves.Lost:
        return "the item was withdrawn meanwhile; nothing is owed for it"
    return ""


def _is_distrusted(item_id: int) -> bool:
    return Decision.objects.filter(pk=item_id, why=Why.SENTINEL).exists()


def _claim(review_id: int, task_id: int, user_id: int) -> tuple[int, int]:
    """Take this very look if it is open to this person; its token and its item.

    No time is set at which it was taken: how long a person looked at one of many is not known, and no statistic of
    seconds may hear of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE slider_review r SET state = 'held', holder_id = %(user)s, token = r.token + 1, taken_at = NULL,
                page = %(page)s, lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            WHERE r.id = (
                SELECT id FROM slider_review WHERE id = %(look)s AND task_id = %(task)s AND kind = 'gate'
                AND state = 'open' FOR UPDATE SKIP LOCKED
            )
            AND r.looks IS NULL AND {may_look("r", person="%(user)s")}
            RETURNING r.token, r.item_id
            """,  # noqa: S608  # nothing in it comes from outside
            {
                "user": user_id,
                "look": review_id,
                "task": task_id,
                "page": TOGETHER,
                "lease_s": settings.ENV.SLIDER_REVIEW_LEASE_S,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise _NotOffered
    return int(row[0]), int(row[1])


def take_back(review_ids: Sequence[int], *, task_id: int, user_id: int) -> Outcome:
    """Take back what this person decided in one go, as long as it has not left; each look is open again."""
    looks = Review.objects.filter(
        pk__in=list(review_ids)[:MOST], task=task_id, holder=user_id, state=ReviewState.DECIDED, page=TOGETHER
    )
    done, left = [], []
    for look in looks.order_by("-decided_at", "-pk"):
        try:
            with transaction.atomic():
                held = undo.undo(look.pk, user_id=user_id, token=look.token, lease_s=60, deep=10 * MOST)
                held.state, held.holder_id, held.lease_until, held.taken_at = ReviewState.OPEN, None, None, None
                held.save(update_fields=["state", "holder", "lease_until", "taken_at"])
        except undo.TooLate as error:
            left.append((look.pk, str(error)))
        else:
            done.append(look.pk)
    return Outcome(tuple(done), tuple(left))
