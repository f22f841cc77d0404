"""Patience: what PostgreSQL broke off is tried again; what is wrong in itself is not."""

import select

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from tasks.patience import patiently
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)


def frozen_in_a_transaction() -> None:
    """What a worker sees that was stopped, and woke after PostgreSQL had ended its transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
        select.select([connection.connection.pgconn.socket], [], [], 5)  # until PostgreSQL says goodbye
        cursor.execute("SELECT 1")


def test_a_transaction_that_postgresql_ended_for_idling_is_tried_again() -> None:
    tries: list[int] = []

    def act() -> str:
        tries.append(1)
        if len(tries) == 1:
            frozen_in_a_transaction()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'written'")
            return str(cursor.fetchone()[0])

    assert patiently(act, limit_s=5) == "written"
    assert len(tries) == 2


def test_a_transaction_that_idles_every_time_is_given_up() -> None:
    with pytest.raises(InternalError, match="idle-in-transaction"):
        patiently(frozen_in_a_transaction, limit_s=30)


def test_what_the_database_refuses_is_not_tried_again() -> None:
    tries: list[int] = []

    def act() -> None:
        tries.append(1)
        casts.project("one name")

    patiently(act, limit_s=5)
    with pytest.raises(IntegrityError):
        patiently(act, limit_s=5)
    assert len(tries) == 2
