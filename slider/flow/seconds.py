"""Second looks: a share of decided looks is put before somebody else, who is not told."""

from slider.engine import coins
from slider.flow import known
from slider.models import QUIET, Membership, Review, ReviewKind, ReviewState


def draw(review: Review) -> None:
    """Ask for a second look at what was just decided, if its coin says so and there is somebody else to ask.

    It waits until the first verdict can't be undone any more (`claims.take_review`). Deciding the same look anew,
    after it was undone, asks for no other.
    """
    task = review.task
    if review.looks:
        return  # several people have looked already, each without the others
    if task.second_rate <= coins.coin(bytes(task.coin_secret), review.pk, "second"):
        return
    if review.holder_id is not None and _others(review):
        Review.objects.get_or_create(
            item_id=review.item_id,
            kind=ReviewKind.SECOND,
            slot=1,
            defaults={"task_id": review.task_id, "skills": review.skills},
        )


def _others(review: Review) -> bool:
    """Whether somebody else is there who knows what it takes."""
    people = Membership.objects.filter(
        project_id=review.task.project_id,
        role__in=known.REVIEWING,
        user__is_active=True,
        skills__contains=review.skills or [],
    )
    return people.exclude(user=review.holder).exists()


def first_of(second: Review) -> Review:
    """The look that this one is the second of: an item has a gate, an audit or a look back, and never two of them."""
    first = Review.objects.filter(item_id=second.item_id, slot=1, state=ReviewState.DECIDED)
    return first.exclude(kind__in=QUIET).get()
