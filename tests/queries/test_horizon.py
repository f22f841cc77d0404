"""Up to where the list of results is complete: whoever writes holds it back, autovacuum doesn't."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from slider.queries import results

pytestmark = pytest.mark.django_db


@pytest.fixture
def began() -> datetime:
    """A moment ago; what the server says of its sessions is for this test an empty table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE pg_stat_activity ON COMMIT DROP AS SELECT * FROM pg_stat_activity LIMIT 0"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
    return timezone.now() - timedelta(minutes=3)


@pytest.mark.parametrize(
    ("kind", "writes", "held"),
    [
        ("client backend", True, True),
        (None, True, True),
        ("client backend", False, False),
        ("autovacuum worker", True, False),
    ],
)
def test_the_oldest_that_writes_results_holds_it_back(
    began: datetime, kind: str | None, writes: bool, held: bool
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pg_temp.pg_stat_activity (datname, pid, xact_start, backend_xid, backend_type) "
            "VALUES (current_database(), 0, %s, %s::text::xid, %s)",
            [began, "700" if writes else None, kind],
        )
    assert (results.horizon() == began) is held
