"""What the tests of undo and of what comes after have in common."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from slider.flow import claims, corrections, review, undo
from slider.flow.review import KeptAside, Said
from slider.models import Correction, Item, Review, Verdict
from tests import casts

BETTER = {"topic": "delivery", "urgent": True}
ACCEPT = Said(Verdict.ACCEPT)


def decided(cast: casts.Company, said: Said = ACCEPT) -> Review:
    held = casts.take(cast.reviewer, cast.task)
    review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    held.refresh_from_db()
    return held


def undone(look: Review, user_id: int | None = None) -> Review:
    return undo.undo(look.pk, user_id=user_id or look.holder_id or 0, token=look.token, lease_s=60)


def late(cast: casts.Company, said: Said = ACCEPT) -> Review:
    """A reviewer whose hold ran out says something when a colleague has decided."""
    held = casts.take(cast.colleague, cast.task)
    Review.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    claims.free_reviews()
    decided(cast)
    with pytest.raises(KeptAside, match="somebody else has decided"):
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=said)
    return held


def out(cast: casts.Company, **said: Any) -> Item:
    """An item whose accepted result has left."""
    item = casts.one(cast.task)
    decided(cast)
    casts.time_passes(cast.task)
    return item


def correct(item: Item, user_id: int, answer: Any = BETTER, **more: Any) -> Correction:
    said = Said(Verdict.FIX, answer, more.pop("reason", "wrong"), more.pop("note", ""))
    return corrections.correct(item.pk, user_id=user_id, said=said)
