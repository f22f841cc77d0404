"""`manage.py migrate` has time: what bounds workers and pages is lifted while it runs, and holds again behind it."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate

pytestmark = pytest.mark.django_db(transaction=True)


def bounds() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
        )
        return list(cursor.fetchone())


def test_a_migration_may_take_and_idle_for_longer_than_a_page_and_nothing_else_may() -> None:
    usual, meanwhile = bounds(), []

    def look(**_: object) -> None:
        meanwhile.append(bounds())

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(look)
    assert meanwhile[-1] == ["0", "1min"]
    assert bounds() == usual
    assert "0" not in usual
