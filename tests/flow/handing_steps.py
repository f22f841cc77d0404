"""What the tests of who gets a look have in common."""

from django.contrib.auth.models import User

from slider.flow import handing, review
from slider.models import Review, Task
from slider.queries import offered


def may(who: User, look: Review) -> bool:
    return Review.objects.filter(offered.to(who.pk), pk=look.pk).exists()


def taken(who: User, of: Task) -> Review | None:
    return review.take(who.pk, task_ids=[of.pk], lease_s=60)


def give(look: Review, *, to: User | None, note: str = "please see") -> None:
    assert look.holder_id is not None
    handing.hand_on(look.pk, user_id=look.holder_id, token=look.token, to=to.pk if to else None, note=note)
