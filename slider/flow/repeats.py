"""A call that names an Idempotency-Key is made once: its answer is kept with its effect, in one transaction."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from slider.models import Answered
from slider.models.answered import KEPT_H

_CALLS = 7_340  # the advisory lock's number space: by key and name of a call
_SWEPT = 50  # so many old answers go with each new one
_TIDIED = 5_000  # and so many with each sweep, whether anybody calls or not

_SWEEP = """
DELETE FROM slider_answered WHERE id IN (
    SELECT id FROM slider_answered WHERE created_at < statement_timestamp() - %s * interval '1 hour'
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


class Underway(Exception):
    """The same call is being made at this very moment."""


class Another(Exception):
    """The name was given to another call before."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whose key made it, what it named it, and a digest of what it asked."""

    key_id: int
    name: str
    asked: bytes


def begin(call: Call) -> Answered | None:
    """The answer that this call had before; None: it is new, and nobody else makes it until the transaction ends.

    Raises Underway, or Another where the name stands for another call.
    """
    assert connection.in_atomic_block, "the lock has to last as long as the call"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_CALLS, f"{call.key_id} {call.name}"])
        if cursor.fetchone() != (True,):
            raise Underway
    known = Answered.objects.filter(key=call.key_id, name=call.name, created_at__gt=_oldest()).first()
    if known is not None and bytes(known.asked) != call.asked:
        raise Another
    return known


def keep(call: Call, *, status: int, body: str) -> None:
    """Keep the answer, in the transaction of what was done, and let some of those go that nobody asks for any more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SWEEP, [KEPT_H, _SWEPT])
        Answered.objects.filter(key=call.key_id, name=call.name).delete()  # one that has grown too old
        Answered.objects.create(key_id=call.key_id, name=call.name, asked=call.asked, status=status, body=body)


def forget() -> None:
    """Let answers go that are older than a day."""
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, [KEPT_H, _TIDIED])


def _oldest() -> object:
    return Now() - timedelta(hours=KEPT_H)
