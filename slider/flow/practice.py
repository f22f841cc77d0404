"""Practice: a person judges known answers where nothing is at stake, and may begin with live items once they pass."""

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from slider.flow import admitted, known, review
from slider.flow.review import Said
from slider.models import Decision, Let, Membership, Practice, Task, Verdict


class NotThere(Exception):
    """There is no such known answer for this person to practise on (any more)."""


class Stranger(ValueError):
    """Somebody who does not review in this task's project."""


def begin(task: Task) -> None:
    """Make known answers of what two people have said in agreement by now: they are what there is to practise on."""
    known.gather(task)


def say(task: Task, item_id: int, *, person: int, turn: int, said: Said) -> Practice:
    """Keep what somebody said of a known answer at this turn; said twice, the first stays.

    It touches nothing but practice. Who has enough of their last answers right may begin with live items.
    Raises NotThere, and review.Unfit for a verdict that could not stand at the desk either.
    """
    before = Practice.objects.filter(item=item_id, person=person, task=task, turn=turn).first()
    if before is not None:
        return before
    draft_right = _offered(task, item_id, person)
    last = Practice.objects.filter(item=item_id, person=person).aggregate(last=Max("turn"))["last"] or 0
    if draft_right is None or turn != last + 1:
        raise NotThere(f"item {item_id} is none that you can practise on now")
    decision = Decision.objects.select_related("attempt").get(pk=item_id)
    settled = review.settle(said, task, proposal=decision.attempt.answer if decision.attempt is not None else None)
    try:
        with transaction.atomic():
            made = Practice.objects.create(
                person_id=person,
                task=task,
                item_id=item_id,
                turn=turn,
                verdict=settled.verdict,
                answer=settled.answer,
                reason=settled.reason,
                draft_right=draft_right,
                right=draft_right == (settled.verdict == Verdict.ACCEPT),
            )
    except IntegrityError:
        same = Practice.objects.filter(item=item_id, person=person, task=task, turn=turn).first()
        if same is None:
            raise NotThere(f"what item {item_id} held was deleted meanwhile") from None
        return same  # it was sent twice at once
    if passes(task, person):
        admitted.let_in(task.pk, person, Let.PASSED)
    return made


def _offered(task: Task, item_id: int, person: int) -> bool | None:
    """Whether the draft of a known answer is right; None where this person can't practise on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT draft_right FROM slider_to_practise(%s, %s) WHERE item_id = %s", [task.pk, person, item_id]
        )
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def passes(task: Task, person: int) -> bool:
    """Whether enough of somebody's last answers are right."""
    if not task.practice_looks:
        return False
    newest = Practice.objects.filter(task=task, person=person).order_by("-pk")[: task.practice_looks]
    right = list(newest.values_list("right", flat=True))
    return len(right) == task.practice_looks and sum(right) >= task.practice_needed


def let_in(task: Task, person: int, *, by: int) -> None:
    """A lead lets somebody begin without practice. Raises Stranger."""
    people = Membership.objects.filter(project=task.project_id, role__in=known.REVIEWING, user__is_active=True)
    if not people.filter(user=person).exists():
        raise Stranger("this person does not review here")
    admitted.let_in(task.pk, person, Let.LEAD, by=by)
