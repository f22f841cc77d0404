"""The words that an item, a review and a publication can stand in, and every move an item may make."""

from django.db import models


class State(models.TextChoices):
    READY = "ready", "waits for a worker"
    WORKING = "working", "with a worker"
    REVIEW = "review", "waits for people"
    DONE = "done", "done"
    WITHDRAWN = "withdrawn", "withdrawn"


BORN = ""  # what a Move names as the state before the first

# Every move there is. The database refuses the rest: migrations 0002, 0012 and 0026 make a trigger of this table.
MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        (BORN, State.READY),  # intake
        (State.READY, State.WORKING),  # claimed by a worker
        (State.READY, State.REVIEW),  # tried too often: people take over
        (State.READY, State.WITHDRAWN),
        (State.WORKING, State.READY),  # to be tried again, released, or its lease ran out
        (State.WORKING, State.REVIEW),  # routed to people
        (State.WORKING, State.DONE),  # routed unattended
        (State.WORKING, State.WITHDRAWN),
        (State.REVIEW, State.DONE),  # decided by a person
        (State.REVIEW, State.WITHDRAWN),
        (
            State.DONE,
            State.REVIEW,
        ),  # taken back by its reviewer: the trigger asks that no result of it is owed any more
        (
            State.REVIEW,
            State.READY,
        ),  # back to its worker, which gave no usable answer: the trigger asks that no decision and no look is left
    }
)
OPEN = (State.READY, State.WORKING, State.REVIEW)
FINAL = (State.DONE, State.WITHDRAWN)


class Lane(models.TextChoices):
    UNATTENDED = "unattended", "unattended"
    PEOPLE = "people", "people"


class Outcome(models.TextChoices):
    """How one attempt ended; the names are those of `slider.llm`."""

    ANSWERED = "answered", "answered"
    REFUSED = "refused", "the model refused"
    TRUNCATED = "truncated", "the answer was cut off"
    FILTERED = "filtered", "the endpoint's content filter stepped in"
    EMPTY = "empty", "the answer was empty"
    MALFORMED = "malformed", "the answer was no valid JSON"
    SCHEMA_BROKEN = "schema_broken", "the answer breaks the task's output schema"
    TOO_LONG = "too_long", "the answer was too long"
    BAD_RESPONSE = "bad_response", "the endpoint sent something else than a completion"
    TIMEOUT = "timeout", "the endpoint took too long"
    RATE_LIMITED = "rate_limited", "the endpoint asked to slow down"
    SERVER_ERROR = "server_error", "the endpoint failed"
    CONNECTION_LOST = "connection_lost", "the connection was lost"
    BAD_REQUEST = "bad_request", "the endpoint refused the request"
    UNAUTHORISED = "unauthorised", "the endpoint refused the key"
    UNKNOWN_MODEL = "unknown_model", "the endpoint does not know the model"


class FallbackOn(models.TextChoices):
    """When another worker is asked in a worker's place."""

    OUT = "out", "the endpoint has not answered for a while"
    REFUSED = "refused", "the model refused, or a content filter stepped in"
    TOO_LONG = "too_long", "the answer was cut off or too long"
    UNUSABLE = "unusable", "the answer could not be read"
    REJECTED = "rejected", "the endpoint refused the request"


class ReviewKind(models.TextChoices):
    GATE = "gate", "gate"
    AUDIT = "audit", "audit"
    LOOKBACK = "lookback", "look back"
    KNOWN = "known", "known answer"
    SECOND = "second", "second look"
    PEER = "peer", "one of several looks"


AFTER = (ReviewKind.AUDIT, ReviewKind.LOOKBACK)  # looks at what has left already; while open, nobody may know them
BESIDE = (ReviewKind.KNOWN, ReviewKind.SECOND)  # looks at the reviewers: the guard never hears them, nothing leaves
QUIET = (*BESIDE, ReviewKind.PEER)  # looks that are no verdict on the item by themselves


class Overflow(models.TextChoices):
    """What gives way when more waits than a day's staffed hours carry. Nothing ever runs unattended for it."""

    HOLD = "hold", "nothing: items wait"
    STRETCH = "stretch", "due times: they are extended, and say so"
    FEWER = "fewer", "audits: as few as the floor allows"


class ReviewState(models.TextChoices):
    WAITING = "waiting", "waits for its looks"
    OPEN = "open", "open"
    HELD = "held", "held"
    DECIDED = "decided", "decided"
    VOID = "void", "void"


OWED = (ReviewState.WAITING, ReviewState.OPEN, ReviewState.HELD)  # a verdict that is still to come


class Verdict(models.TextChoices):
    ACCEPT = "accept", "accepted"
    FIX = "fix", "fixed"
    REJECT = "reject", "rejected"


class Ending(models.TextChoices):
    """How a result came about."""

    UNATTENDED = "unattended", "ran unattended"
    ACCEPTED = "accepted", "accepted by a person"
    FIXED = "fixed", "fixed by a person"
    REJECTED = "rejected", "rejected by a person"


ENDINGS = {Verdict.ACCEPT: Ending.ACCEPTED, Verdict.FIX: Ending.FIXED, Verdict.REJECT: Ending.REJECTED}


class Delivery(models.TextChoices):
    DUE = "due", "to be sent"
    SENT = "sent", "delivered"
    FAILED = "failed", "given up"
