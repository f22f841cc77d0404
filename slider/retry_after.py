"""Read the Retry-After header of an answer: seconds or an HTTP date, never longer than the caller allows."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds(value: str | None, *, now: datetime, most_s: float) -> float | None:
    """How long to wait, from 0 to `most_s`; None for a header that is missing, negative or no time at all.

    `now` must carry a time zone. A date in the past means no wait.
    """
    if value is None:
        return None
    try:
        wait_s = float(value)
    except ValueError:
        wait_s = _until(value, now)
    if math.isnan(wait_s) or wait_s < 0:
        return None
    return min(wait_s, most_s)


def _until(value: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:  # RFC 5322 writes -0000 for "no zone known"; HTTP dates are GMT
            moment = moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return math.nan
    return max(0.0, (moment - now).total_seconds())
