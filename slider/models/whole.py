"""A look with all that its sheet shows, in one statement: the item, the task, the proposal and the evidence for it."""

from collections.abc import Sequence

from django.db.models import DateTimeField, Exists, Func, OuterRef

from slider.models.attempt import Attempt
from slider.models.review import Handing, Review
from slider.models.standing import Standing, among

_OTHERS = Attempt.objects.filter(item_id=OuterRef("item_id"), answer__isnull=False).exclude(
    worker_id=OuterRef("item__decision__attempt__worker_id")
)
_WHOLE = Standing(
    lambda: (
        Review.objects.select_related("task__project", "item__payload", "item__decision__attempt__score")
        .annotate(
            has_words=Exists(Handing.objects.filter(review_id=OuterRef("pk"))),
            has_others=Exists(_OTHERS),
            read_at=Func(function="clock_timestamp", output_field=DateTimeField()),
        )
        .filter(among("ids"))
    )
)


def looks(ids: Sequence[int]) -> dict[int, Review]:
    """These looks by their ids, each with what belongs to it.

    Beside it stand `has_words`: it was given with words; `has_others`: other workers have answered the same item;
    `read_at`: the time by the database's clock.
    """
    return {look.pk: look for look in _WHOLE.all(ids=list(ids))} if ids else {}
