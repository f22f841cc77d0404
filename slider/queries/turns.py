"""Why a look comes now, in words: by what its turn is made of, and by nothing that tells its kind."""

from datetime import datetime, timedelta

from slider.models import Review

MUCH, LITTLE = 2 / 3, 1 / 3


def words(review: Review, now: datetime) -> str:
    """One plain line; `now` is the database's."""
    said = []
    if review.due_at is not None:
        left = review.due_at - now
        said.append(f"due in {span(left)}" if left > timedelta(0) else f"overdue by {span(-left)}")
    if review.pressing is not None and review.pressing >= MUCH:
        said.append("a look is worth more here than at most others")
    elif review.pressing is not None and review.pressing < LITTLE:
        said.append("what was worth more went first")
    waited = now - review.created_at
    said.append(f"waiting for {span(waited)}" if waited >= timedelta(minutes=1) else "just come in")
    return f"Here now: {', '.join(said)}."


def span(time: timedelta) -> str:
    """A stretch of time in its largest unit, rounded down: «40 min», «3 h», «2 days»."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 2880:
        return f"{minutes // 60} h"
    return f"{minutes // 1440} days"
