"""A lead takes a look out of somebody's hands: it is open to everybody again, and the story says who did it and why."""

from django.db import transaction

from slider.models import Freed, Review, ReviewState

WORDS_MOST = 250


class Unfit(ValueError):
    """A release that says no reason, or says too much."""


class Gone(Exception):
    """The look is not in those hands any more: decided, passed on, or claimed anew since the page was read."""


def release(review_id: int, *, token: int, by: int, words: str) -> Review:
    """End the claim `token` of a look. What its holder typed still counts if it comes before anybody else takes it.

    Raises Gone when that claim has ended by itself, and Unfit for words that can't be kept.
    """
    said = " ".join(words.replace("\x00", "").split())
    if not said:
        raise Unfit("Say why: whoever held it, and whoever reads the story, needs the reason.")
    if len(said) > WORDS_MOST:
        raise Unfit(f"The reason has {len(said)} characters; at most {WORDS_MOST} fit.")
    with transaction.atomic():
        look = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
        if look.state != ReviewState.HELD or look.token != token or look.holder_id is None:
            raise Gone("it is not in those hands any more: look again who works on what")
        Freed.objects.create(
            review=look, holder_id=look.holder_id, token=token, taken_at=look.taken_at, by_id=by, words=said
        )
        look.state, look.last_holder_id = ReviewState.OPEN, look.holder_id
        look.holder_id = look.lease_until = look.taken_at = None
        look.page = ""
        look.save(update_fields=["state", "last_holder", "holder", "lease_until", "taken_at", "page"])
    return look
