"""What of the open looks would be given to a person: the same rule that the claim follows, for whatever counts them."""

from django.db.models import BooleanField, F, Func, Q, Value

from slider.models import BESIDE


def to(user_id: int) -> Q:
    """A filter of looks that aren't another person's by their kind; what this person skipped is not its business."""
    may = Func(
        F("pk"), F("item_id"), F("kind"), Value(user_id), function="slider_may_look", output_field=BooleanField()
    )
    return ~Q(kind__in=BESIDE) | Q(may)
