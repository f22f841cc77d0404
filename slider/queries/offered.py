"""What of the open looks would be given to a person: the same rule that the claim follows, for whatever counts them."""

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL


def to(user_id: int) -> Q:
    """A filter of looks that this person may take; for queries that read reviews first, under their own name."""
    return Q(RawSQL("slider_may_look(slider_review, %s)", [user_id], output_field=BooleanField()))
