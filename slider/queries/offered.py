"""What of the open looks would be given to a person: the same rule that the claim follows, for whatever counts them."""

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from slider.models.may_look import may_look


def to(user_id: int) -> Q:
    """A filter of looks that this person may take; for queries that read reviews first, under their own name."""
    rule = may_look("slider_review", person="%s")
    return Q(RawSQL(rule, [user_id] * rule.count("%s"), output_field=BooleanField()))  # noqa: S611
